// Accounts: exact lines for the usual cases, properties for every other.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type AccountTexts, editAccounts } from "../../../builders/customize/accounts.ts";
import type { WantedGroup, WantedUser } from "../../../builders/customize/recipe.ts";
import { faultOf } from "./rig.ts";

const debian: AccountTexts & { gshadow: string } = {
  passwd: `root:x:0:0:root:/root:/bin/bash
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
systemd-network:x:998:998:systemd Network Management:/:/usr/sbin/nologin
sshd:x:100:65534::/run/sshd:/usr/sbin/nologin
`,
  group: `root:x:0:
sudo:x:27:
www-data:x:33:
users:x:100:
_ssh:x:101:
nogroup:x:65534:
systemd-network:x:998:
`,
  shadow: `systemd-network:!*:20778:::::1:
root:*:20778:0:99999:7:::
www-data:*:20778:0:99999:7:::
nobody:*:20778:0:99999:7:::
sshd:!:20778::::::
`,
  gshadow: `systemd-network:!*::
root:*::
sudo:*::
www-data:*::
users:*::
_ssh:!::
nogroup:*::
`,
};

const user = (name: string, rest: Partial<WantedUser> = {}): WantedUser => ({
  name,
  groups: [],
  sshKeys: [],
  system: false,
  ...rest,
});
const group = (name: string, rest: Partial<WantedGroup> = {}): WantedGroup => ({
  name,
  system: false,
  ...rest,
});

function edit(
  users: readonly WantedUser[],
  groups: readonly WantedGroup[] = [],
  texts: AccountTexts = debian,
) {
  return editAccounts(texts, { users, groups }, 20_000);
}

/** What a text has more than another, or otherwise. */
function added(before: string, after: string): string {
  const known = new Set(before.split("\n"));
  return after
    .split("\n")
    .filter((line) => !known.has(line))
    .join("\n");
}

describe("a new user", () => {
  test("has the next free number, its own group, and no password", () => {
    const { texts, homes } = edit([user("admin", { groups: ["sudo"] })]);
    expect(added(debian.passwd, texts.passwd)).toBe("admin:x:1000:1000::/home/admin:/bin/bash");
    expect(added(debian.shadow, texts.shadow)).toBe("admin:*:20000:0:99999:7:::");
    expect(added(debian.group, texts.group)).toBe("sudo:x:27:admin\nadmin:x:1000:");
    expect(added(debian.gshadow, texts.gshadow ?? "")).toBe("sudo:*::admin\nadmin:!::");
    expect(homes).toEqual([
      { user: "admin", uid: 1000, gid: 1000, path: "/home/admin", make: true, system: false, sshKeys: [] },
    ]);
  });

  test("has what it is given", () => {
    const { texts } = edit([
      user("admin", {
        uid: 1234,
        shell: "/bin/dash",
        home: "/srv/admin",
        passwordHash: "$y$j9T$abc$def",
        expires: 22_280,
      }),
    ]);
    expect(added(debian.passwd, texts.passwd)).toBe("admin:x:1234:1234::/srv/admin:/bin/dash");
    expect(added(debian.shadow, texts.shadow)).toBe("admin:$y$j9T$abc$def:20000:0:99999:7::22280:");
  });

  test("of the system has the lowest number free as user and group, no home, no shell", () => {
    const { texts, homes } = edit([user("app", { system: true })]);
    expect(added(debian.passwd, texts.passwd)).toBe("app:x:102:102::/nonexistent:/usr/sbin/nologin");
    expect(added(debian.shadow, texts.shadow)).toBe("app:!:20000::::::");
    expect(homes[0]?.make).toBe(false);
  });

  test("takes a group of its name that is there or declared", () => {
    const { texts } = edit(
      [user("_ssh"), user("own"), user("shared")],
      [group("own"), group("shared", { gid: 50 })],
    );
    expect(added(debian.passwd, texts.passwd)).toBe(
      "_ssh:x:1000:101::/home/_ssh:/bin/bash\nown:x:1001:1001::/home/own:/bin/bash\nshared:x:1002:50::/home/shared:/bin/bash",
    );
    expect(added(debian.group, texts.group)).toBe("own:x:1001:\nshared:x:50:");
  });

  test("has a group of another number where its own is taken", () => {
    const { texts } = edit([user("a", { uid: 1000 })], [group("b", { gid: 1000 })]);
    expect(added(debian.passwd, texts.passwd)).toBe("a:x:1000:1001::/home/a:/bin/bash");
    expect(added(debian.group, texts.group)).toBe("a:x:1001:\nb:x:1000:");
  });

  test("is written where files are missing or end without a line break", () => {
    const { texts } = edit([user("a")], [], { passwd: "root:x:0:0::/root:/bin/sh", group: "", shadow: "" });
    expect(texts).toEqual({
      passwd: "root:x:0:0::/root:/bin/sh\na:x:1000:1000::/home/a:/bin/bash\n",
      group: "a:x:1000:\n",
      shadow: "a:*:20000:0:99999:7:::\n",
    });
  });
});

describe("a user that is there", () => {
  test("keeps all but what is given", () => {
    const { texts, homes } = edit([
      user("root", { passwordHash: "$6$salt$hash" }),
      user("www-data", { groups: ["users", "sudo"] }),
    ]);
    expect(texts.passwd).toBe(debian.passwd);
    expect(added(debian.shadow, texts.shadow)).toBe("root:$6$salt$hash:20000:0:99999:7:::");
    expect(added(debian.group, texts.group)).toBe("sudo:x:27:www-data\nusers:x:100:www-data");
    expect(homes.map(({ make }) => make)).toEqual([false, false]);
  });

  test("can have another number: what it owned is told", () => {
    const { texts, uids, gids } = edit([user("sshd", { uid: 150 })], [group("www-data", { gid: 133 })]);
    expect(added(debian.passwd, texts.passwd)).toBe(
      "www-data:x:33:133:www-data:/var/www:/usr/sbin/nologin\nsshd:x:150:65534::/run/sshd:/usr/sbin/nologin",
    );
    expect([...uids]).toEqual([[100, 150]]);
    expect([...gids]).toEqual([[33, 133]]);
  });

  test("as only a number was pinned for it, is completed", () => {
    const pinned = { ...debian, passwd: `${debian.passwd}op:x:1500:1500::/home/op:/bin/sh\n` };
    const { texts, homes } = edit([user("op", { uid: 1500 })], [], pinned);
    expect(texts.passwd).toBe(pinned.passwd);
    expect(added(debian.group, texts.group)).toBe("op:x:1500:");
    expect(added(debian.shadow, texts.shadow)).toBe("op:*:20000:0:99999:7:::");
    expect(homes[0]?.make).toBe(true);
  });
});

test("groups have the next free number or their own", () => {
  const { texts } = edit(
    [user("z")],
    [group("b"), group("a"), group("s", { system: true }), group("plugdev", { gid: 46 })],
  );
  expect(added(debian.group, texts.group)).toBe("a:x:1001:\nb:x:1002:\nplugdev:x:46:\ns:x:102:\nz:x:1000:");
});

test("lines that are no account are left as they are", () => {
  const odd = { ...debian, passwd: `${debian.passwd}\n# note\n+::::::\n`, group: `${debian.group}+:::\n` };
  const { texts } = edit([user("a", { groups: ["sudo"] })], [], odd);
  expect(texts.passwd).toBe(`${odd.passwd}a:x:1000:1000::/home/a:/bin/bash\n`);
  expect(texts.group).toContain("\n+:::\n");
});

describe("faults", () => {
  const cases: Record<string, [() => unknown, string]> = {
    "a number of another user": [
      () => edit([user("web", { uid: 33 })]),
      "manifest/id-taken: the user web cannot have the number 33: it is that of www-data (give it another number, or none: then the next free one is taken)",
    ],
    "one number for two users": [
      () => edit([user("a", { uid: 1000 }), user("b", { uid: 1000 })]),
      "manifest/id-taken: the user a cannot have the number 1000: it is that of b (give it another number, or none: then the next free one is taken)",
    ],
    "a number of another group": [
      () => edit([], [group("wheel", { gid: 27 })]),
      "manifest/id-taken: the group wheel cannot have the number 27: it is that of sudo (give it another number, or none: then the next free one is taken)",
    ],
    "another number for root": [
      () => edit([user("root", { uid: 1 })]),
      "manifest/bad-account: the user root cannot have the number 1: its number is 0",
    ],
    "an unknown group": [
      () => edit([user("a", { groups: ["docker"] })]),
      "manifest/unknown-group: the user a is to be in the group docker, which the root does not have (declare it under `groups`, or add the package that makes it)",
    ],
    "no number left": [
      () => edit(Array.from({ length: 900 }, (_, i) => user(`u${1000 + i}`, { system: true }))),
      "manifest/no-free-id: no number from 100 to 999 is left for u1897",
    ],
  };
  test.each(Object.entries(cases))("%s", (_, [act, expected]) => {
    expect(faultOf(act)).toBe(expected);
  });

  test("not where numbers are exchanged", () => {
    const { uids } = edit([user("sshd", { uid: 33 }), user("www-data", { uid: 100 })]);
    expect(Object.fromEntries(uids)).toEqual({ 100: 33, 33: 100 });
  });
});

describe("whatever is wanted", () => {
  const names = ["a", "b", "c", "d", "www-data", "sshd", "new_1", "users"];
  const wantedUser = fc.record({
    name: fc.constantFrom(...names),
    uid: fc.option(fc.integer({ min: 1000, max: 1006 }), { nil: undefined }),
    groups: fc.uniqueArray(fc.constantFrom("sudo", "users", "www-data"), { maxLength: 3 }),
    system: fc.boolean(),
  });
  const wantedGroup = fc.record({
    name: fc.constantFrom(...names, "e"),
    gid: fc.option(fc.integer({ min: 1000, max: 1006 }), { nil: undefined }),
    system: fc.boolean(),
  });
  const wanted = fc.record({
    users: fc.uniqueArray(wantedUser, { selector: ({ name }) => name, maxLength: 6 }),
    groups: fc.uniqueArray(wantedGroup, { selector: ({ name }) => name, maxLength: 5 }),
  });
  const plain = ({
    users,
    groups,
  }: {
    users: { name: string; uid: number | undefined; groups: string[]; system: boolean }[];
    groups: { name: string; gid: number | undefined; system: boolean }[];
  }) => ({
    users: users.map(({ uid, ...rest }) => user(rest.name, { ...rest, ...(uid !== undefined && { uid }) })),
    groups: groups.map(({ gid, ...rest }) =>
      group(rest.name, { ...rest, ...(gid !== undefined && { gid }) }),
    ),
  });
  const outcome = (asked: ReturnType<typeof plain>) => {
    try {
      return editAccounts(debian, asked, 20_000);
    } catch (error) {
      return String(error).replace(/.*number/, "number");
    }
  };
  const column = (text: string, field: number) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => line.split(":")[field] ?? "");

  test("every name and number is there once, every user has a group, and what is given holds", () => {
    let sound = 0;
    fc.assert(
      fc.property(wanted.map(plain), (asked) => {
        const edited = outcome(asked);
        if (typeof edited === "string") return;
        sound++;
        const { passwd, group: groupText, shadow, gshadow } = edited.texts;
        for (const text of [passwd, groupText]) {
          for (const field of [0, 2])
            expect(new Set(column(text, field)).size).toBe(column(text, field).length);
        }
        const gids = new Set(column(groupText, 2));
        for (const gid of column(passwd, 3)) expect(gids).toContain(gid);
        expect(new Set(column(shadow, 0))).toEqual(new Set(column(passwd, 0)));
        expect(new Set(column(gshadow ?? "", 0))).toEqual(new Set(column(groupText, 0)));
        for (const { name, uid } of asked.users) {
          const row = passwd.split("\n").find((line) => line.startsWith(`${name}:`));
          if (uid !== undefined) expect(row).toMatch(new RegExp(`^${name}:x:${uid}:`));
        }
      }),
      { numRuns: 300 },
    );
    expect(sound).toBeGreaterThan(100);
  });

  test("accounts nobody names stay as they are, in their order", () => {
    fc.assert(
      fc.property(wanted.map(plain), (asked) => {
        const edited = outcome(asked);
        if (typeof edited === "string") return;
        const named = new Set([...asked.users, ...asked.groups].map(({ name }) => name));
        for (const file of ["passwd", "shadow"] as const) {
          const others = (text: string) =>
            text
              .split("\n")
              .filter((line) => !named.has(line.split(":")[0] ?? ""))
              .join("\n");
          expect(others(edited.texts[file])).toBe(others(debian[file]));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("the order of the manifest changes nothing", () => {
    const shuffled = wanted
      .map(plain)
      .chain((asked) =>
        fc.tuple(
          fc.constant(asked),
          fc.shuffledSubarray(asked.users, { minLength: asked.users.length }),
          fc.shuffledSubarray(asked.groups, { minLength: asked.groups.length }),
        ),
      );
    fc.assert(
      fc.property(shuffled, ([asked, users, groups]) => {
        const again = users.map((item) => ({ ...item, groups: [...item.groups].reverse() }));
        expect(outcome({ users: again, groups })).toEqual(outcome(asked));
      }),
      { numRuns: 300 },
    );
  });

  test("doing it again changes nothing", () => {
    fc.assert(
      fc.property(wanted.map(plain), (asked) => {
        const edited = outcome(asked);
        if (typeof edited === "string") return;
        expect(editAccounts(edited.texts, asked, 20_000).texts).toEqual(edited.texts);
      }),
      { numRuns: 200 },
    );
  });
});
