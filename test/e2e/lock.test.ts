// The lock: what it holds, when it is asked, when it is not enough, and who may change it.
// An archive of the test's own counts what is read of it.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readTar } from "../rig/tar.ts";
import { readLock } from "./base.ts";
import { makeDeb } from "./deb.ts";
import { smallBase } from "./install.ts";
import { built, type Outcome } from "./kit.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";

let small: Small;
beforeAll(async () => {
  small = await openSmall();
});
afterAll(() => small[Symbol.asyncDispose]());

const date = new Date(Date.now() - 3_600_000);
const hourLater = new Date(date.getTime() + 3_000_000);
const greeting = (version: string, fields: Record<string, string> = {}) =>
  makeDeb("greeting", { "usr/share/greeting": `hello ${version}\n` }, { Version: version, ...fields });
beforeEach(async () => {
  small.archive.add(greeting("1.0"));
  small.archive.add(makeDeb("farewell", { "usr/share/farewell": "bye\n" }));
  await small.archive.publish({ date });
});

const lockOf = (attempt: Attempt) => readFileSync(join(attempt.folder, "image.lock"), "utf8");
const isIndex = (path: string) => path.startsWith("dists/");
const greetingIn = ({ paths }: Outcome) =>
  readTar(paths.get("tar") ?? "")
    .read("usr/share/greeting")
    .toString();

/** An image with greeting, locked and realized. */
async function realized(store: "warm" | "own" = "warm"): Promise<Attempt> {
  const attempt = small.attempt({ store });
  attempt.image(["greeting"]);
  await attempt.does(["realize", "image.yaml"]);
  return attempt;
}

describe("the lock's text", () => {
  test("names no place on any network, and holds whole stanzas", async () => {
    using attempt = await realized();
    const lock = lockOf(attempt);
    expect(lock).not.toMatch(/https?:\/\/127|127\.0\.0\.1|localhost/);
    expect(lock).not.toContain(small.archive.uri);
    const { stanza } =
      readLock(join(attempt.folder, "image.lock")).distros["small"]?.packages["greeting_1.0_all"] ?? {};
    expect(stanza).toMatchObject({
      Package: "greeting",
      Version: "1.0",
      Description: expect.any(String),
      Size: expect.stringMatching(/^\d+$/),
      SHA256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("is the same bytes when it is made twice, and with other words for the same", async () => {
    using one = await realized();
    using two = small.attempt();
    two.image(["greeting"]);
    await two.does(["lock", "image.yaml"]);
    expect(lockOf(two)).toBe(lockOf(one));
    rmSync(join(two.folder, "image.lock"));
    two.image(['"greeting"'], "# A remark.\nhostname: other\n");
    await two.does(["lock", "image.yaml"]);
    expect(lockOf(two)).toBe(lockOf(one));
  });

  test("stays untouched by a second `kit lock`", async () => {
    using attempt = await realized();
    const before = lockOf(attempt);
    await small.archive.publish({ date: hourLater });
    await attempt.does(["lock", "image.yaml"]);
    expect(lockOf(attempt)).toBe(before);
  });
});

describe("a locked realize", () => {
  test("reads no index, and fetches just the packages", async () => {
    using attempt = await realized("own");
    rmSync(attempt.store, { recursive: true });
    const before = small.archive.requests.length;
    await attempt.does(["realize", "image.yaml"]);
    const asked = small.archive.requests.slice(before);
    expect(asked.filter(isIndex)).toEqual([]);
    expect(asked.filter((path) => path.includes("greeting"))).toHaveLength(1);
  });

  test("goes on with the pinned version when the archive has a newer one", async () => {
    using attempt = await realized();
    small.archive.add(greeting("2.0"));
    await small.archive.publish({ date: hourLater });
    attempt.image(["greeting"], "hostname: again\n");
    expect(greetingIn(await attempt.does(["realize", "image.yaml"]))).toBe("hello 1.0\n");
  });

  test("goes on when the archive dropped a package the store has, and names it when it has not", async () => {
    using attempt = await realized("own");
    const path = [...small.archive.content.keys()].find((name) => name.includes("greeting_1.0")) ?? "";
    const bytes = small.archive.content.get(path) ?? Buffer.alloc(0);
    small.archive.content.delete(path);
    attempt.image(["greeting"], "hostname: again\n");
    await attempt.does(["realize", "image.yaml"]);
    rmSync(attempt.store, { recursive: true });
    const { text } = await attempt.refuses(["realize", "image.yaml"], 6, ["network/not-found"], {
      keepsLock: true,
    });
    expect(text).toContain("greeting_1.0_all.deb");
    expect(text).toContain("kit lock --update");
    small.archive.content.set(path, bytes);
    await attempt.does(["realize", "image.yaml"]);
  });

  test("works offline with everything at hand; without, it says what the network is needed for", async () => {
    using attempt = await realized();
    attempt.image(["greeting"], "hostname: offline\n");
    const before = small.archive.requests.length;
    await attempt.does(["realize", "image.yaml", "--offline"]);
    expect(small.archive.requests).toHaveLength(before);
    const { text } = await attempt.refuses(["realize", "image.yaml", "--offline"], 6, ["network/offline"], {
      store: `${attempt.folder}/empty`,
    });
    expect(text).toContain("--offline");
    rmSync(join(attempt.folder, "image.lock"));
    await attempt.refuses(["realize", "image.yaml", "--offline"], 6, ["network/offline"], {
      store: `${attempt.folder}/another`,
    });
    expect(small.archive.requests).toHaveLength(before);
  });
});

describe("a question the lock does not answer", () => {
  test("stops with a word about `kit lock`, and leaves the lock as it is", async () => {
    using attempt = await realized();
    const before = lockOf(attempt);
    attempt.image(["greeting", "farewell"]);
    const requests = small.archive.requests.length;
    const { text } = await attempt.refuses(["realize", "image.yaml"], 4, ["unresolved/not-locked"]);
    expect(text).toContain("kit lock");
    expect(text).toContain("farewell");
    expect(small.archive.requests).toHaveLength(requests);
    expect(lockOf(attempt)).toBe(before);
    await attempt.does(["lock", "image.yaml"]);
    await attempt.does(["realize", "image.yaml"]);
  });

  test("is one whose base has again what was left out when it was locked", async () => {
    using attempt = small.attempt({ base: [...smallBase, "required"] });
    attempt.image(["greeting"], "exclude: [farewell]\n");
    await attempt.does(["lock", "image.yaml"]);
    await attempt.does(["evaluate", "image.yaml"]);
    attempt.image(["greeting"], "exclude: [farewell, more]\n");
    await attempt.does(["evaluate", "image.yaml"]);
    attempt.image(["greeting"]);
    const { text } = await attempt.refuses(["realize", "image.yaml"], 4, ["unresolved/not-locked"]);
    expect(text).toContain("farewell was left out");
    await attempt.does(["lock", "image.yaml"]);
    await attempt.does(["evaluate", "image.yaml"]);
  });

  test("is one about a repository that is gone: `kit lock` lets go of what came from it", async () => {
    using attempt = small.attempt();
    attempt.image(["greeting"]);
    await attempt.does(["lock", "image.yaml"]);
    const distro = readFileSync(join(attempt.folder, "small.yaml"), "utf8");
    attempt.write({ "small.yaml": distro.replace("name: main,", "name: moved,") });
    await attempt.refuses(["realize", "image.yaml"], 4, ["unresolved/bad-lock"]);
    await attempt.does(["lock", "image.yaml"]);
    const { packages = {} } = readLock(join(attempt.folder, "image.lock")).distros["small"] ?? {};
    expect(new Set(Object.values(packages).map(({ from }) => from))).toEqual(new Set(["moved stable"]));
  });

  test("is answered from what is pinned where that is enough: a local package's new dependency", async () => {
    using attempt = small.attempt();
    const own = (dependencies: string) =>
      attempt.write({
        "own.yaml": `kind: package\nname: own\nversion: "1"\nbuilder: deb-files\narchitectures: [all]\nfiles: [{path: /usr/share/own, content: x}]\n${dependencies}`,
      });
    attempt.image(["greeting", "./own.yaml"]);
    own("");
    await attempt.does(["realize", "image.yaml"]);
    const before = lockOf(attempt);
    const requests = small.archive.requests.length;
    own("dependencies: [greeting]\n");
    expect(built(await attempt.does(["realize", "image.yaml", "--json"]))).toContain("own_1_all.deb");
    expect(lockOf(attempt)).toBe(before);
    expect(small.archive.requests.slice(requests).filter(isIndex)).toEqual([]);
    own("dependencies: [farewell]\n");
    const { text } = await attempt.refuses(["realize", "image.yaml"], 4, ["unresolved/not-locked"]);
    expect(text).toContain("farewell");
  });
});

test("`kit lock` answers what is new and moves nothing that is pinned", async () => {
  using attempt = await realized();
  small.archive.add(greeting("2.0"));
  await small.archive.publish({ date: hourLater });
  attempt.image(["greeting", "farewell"]);
  await attempt.does(["lock", "image.yaml"]);
  const { packages = {} } = readLock(join(attempt.folder, "image.lock")).distros["small"] ?? {};
  expect(
    Object.keys(packages)
      .filter((key) => /greeting|farewell/.test(key))
      .sort(),
  ).toEqual(["farewell_1.0_all", "greeting_1.0_all"]);
});

describe("a lock that is not one", () => {
  const spoilt: [string, string, (text: string) => string][] = [
    ["cut off", "unresolved/bad-lock", (text) => text.slice(0, -100)],
    ["empty", "unresolved/bad-lock", () => ""],
    [
      "of a merge that nobody finished",
      "unresolved/bad-lock",
      (text) => text.replace('"distros"', '<<<<<<< HEAD\n "distros"'),
    ],
    [
      "with a package gone from it",
      "unresolved/bad-lock",
      (text) => text.replace('"greeting_1.0_all": {', '"greeting_0.9_all": {'),
    ],
    [
      "with a digest that is none",
      "unresolved/bad-lock",
      (text) => text.replace(/"SHA256": "[0-9a-f]+/g, '"SHA256": "xyz'),
    ],
    [
      "with a package of a repository that is not there",
      "unresolved/bad-lock",
      (text) => text.replace(/"from": "\S+ /g, '"from": "nowhere '),
    ],
    ["of a newer format", "unresolved/newer-lock", (text) => text.replace("kit/lock/1", "kit/lock/2")],
    ["of something else", "unresolved/bad-lock", () => '{"name": "package-lock"}'],
  ];
  test.for(spoilt)("one %s", async ([, code, spoil]) => {
    using attempt = await realized();
    const file = join(attempt.folder, "image.lock");
    const spoiled = spoil(lockOf(attempt));
    writeFileSync(file, spoiled);
    const { text } = await attempt.refuses(["realize", "image.yaml"], 4, [code]);
    expect(text).not.toBe("");
    expect(readFileSync(file, "utf8")).toBe(spoiled);
  });
});

describe("kit lock --update", () => {
  test("moves everything, or one package and what it forces", async () => {
    using attempt = small.attempt();
    attempt.image(["greeting", "farewell"]);
    await attempt.does(["lock", "image.yaml"]);
    small.archive.add(greeting("2.0"));
    small.archive.add(makeDeb("farewell", {}, { Version: "2.0" }));
    await small.archive.publish({ date: hourLater });
    const pinned = () =>
      Object.keys(readLock(join(attempt.folder, "image.lock")).distros["small"]?.packages ?? {})
        .filter((key) => /greeting|farewell/.test(key))
        .sort();
    await attempt.does(["lock", "image.yaml", "--update", "greeting"]);
    expect(pinned()).toEqual(["farewell_1.0_all", "greeting_2.0_all"]);
    await attempt.does(["lock", "image.yaml", "--update"]);
    expect(pinned()).toEqual(["farewell_2.0_all", "greeting_2.0_all"]);
  });

  test("takes along what would hold the package back, and leaves alone what a pin names", async () => {
    const offer = (version: string) => {
      small.archive.add(makeDeb("half", {}, { Version: version }));
      small.archive.add(makeDeb("other-half", {}, { Version: version, Depends: `half (= ${version})` }));
      small.archive.add(makeDeb("farewell", {}, { Version: version }));
    };
    offer("1.0");
    await small.archive.publish({ date: hourLater });
    using attempt = small.attempt();
    const distro = readFileSync(join(attempt.folder, "small.yaml"), "utf8");
    const pins = "pins: [{package: 'farew*', from: small, priority: 900}]";
    attempt.write({ "small.yaml": `${distro}\n${pins}\n` });
    attempt.image(["other-half", "farewell"]);
    await attempt.does(["lock", "image.yaml"]);
    offer("2.0");
    await small.archive.publish({ date: hourLater });
    const changed = async (...words: readonly string[]) => {
      const { stdout } = await attempt.does(["lock", "image.yaml", "--json", ...words]);
      return (JSON.parse(stdout).changes as { name: string }[]).map(({ name }) => name);
    };
    attempt.image(["other-half", "farewell", "greeting"]);
    expect(await changed()).toEqual(["greeting"]);
    expect(await changed("--update", "half")).toEqual(["half", "other-half"]);
  });

  test("refuses an index older than the one it was locked from", async () => {
    using attempt = small.attempt();
    await small.archive.publish({ date: hourLater });
    attempt.image(["greeting"]);
    await attempt.does(["lock", "image.yaml"]);
    const before = lockOf(attempt);
    await small.archive.publish({ date });
    const { text } = await attempt.refuses(["lock", "image.yaml", "--update"], 8, ["digest/stale-index"]);
    expect(text).toContain("older than the locked one");
    expect(lockOf(attempt)).toBe(before);
  });

  test("leaves the lock as it was where it cannot be answered", async () => {
    using attempt = await realized();
    const before = lockOf(attempt);
    small.archive.drop("greeting");
    await small.archive.publish({ date: hourLater });
    await attempt.refuses(["lock", "image.yaml", "--update"], 4, ["unresolved/unsatisfiable"]);
    expect(lockOf(attempt)).toBe(before);
  });
});

test("kit why tells the ways to a package from what was asked for", async () => {
  small.archive.add(greeting("1.0", { Depends: "farewell" }));
  await small.archive.publish({ date });
  using attempt = small.attempt();
  attempt.image(["greeting"]);
  await attempt.does(["lock", "image.yaml"]);
  const { stdout } = await attempt.does(["why", "image.yaml", "farewell"]);
  expect(stdout.split("\n").slice(1)).toEqual(["    request greeting -> farewell", ""]);
  const { packages } = JSON.parse((await attempt.does(["why", "image.yaml", "farewell", "--json"])).stdout);
  expect(packages).toMatchObject([{ name: "farewell", version: "1.0", architecture: "all", count: 1 }]);
  const { text } = await attempt.refuses(["why", "image.yaml", "farewill"], 2, ["usage/unknown-package"]);
  expect(text).toContain('no package is called "farewill", nor a derivation');
  expect(text).toMatch(/did you mean \W*farewell\b.*kit why-not image.yaml/);
});

test("kit why-not tells what there is now, and what asking for it would come to", async () => {
  using attempt = await realized();
  small.archive.add(greeting("2.0", { Depends: "farewell" }));
  await small.archive.publish({ date: hourLater });
  const before = lockOf(attempt);
  const { stdout } = await attempt.does(["why-not", "image.yaml", "greeting (>= 2)", "--refresh"]);
  expect(stdout.split("\n").slice(1)).toEqual([
    "    greeting 1.0 is taken",
    "    the lock keeps what it has: `kit lock --update` moves it",
    "    there is 2.0 (main stable), priority 500",
    "    asking for greeting (>= 2) would come to",
    "        added farewell 1.0",
    "        greeting 1.0 to 2.0",
    "",
  ]);
  const { roots } = JSON.parse((await attempt.does(["why-not", "image.yaml", "farewell", "--json"])).stdout);
  expect(roots).toMatchObject([
    { wanted: "farewell", reasons: ["nothing that is asked for needs farewell"] },
  ]);
  expect(lockOf(attempt)).toBe(before);
});

describe("kit diff", () => {
  const git = (attempt: Attempt, ...argv: readonly string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.example", ...argv], {
      cwd: attempt.folder,
    });

  test("of a git revision and the working tree: packages, fields, builds; 10 where anything differs", async () => {
    using attempt = small.attempt();
    attempt.image(["greeting"]);
    await attempt.does(["lock", "image.yaml"]);
    git(attempt, "init", "-q");
    git(attempt, "add", ".");
    git(attempt, "commit", "-qm", "one");
    const same = await attempt.run(["diff", "HEAD:image.yaml", "image.yaml"]);
    expect([same.status, same.stdout]).toEqual([0, ""]);
    const fields = { Version: "2.0", Depends: "farewell", "Installed-Size": "3072" };
    const log = ["2.0", "1.0"].map(
      (version) =>
        `greeting (${version}) s; urgency=low\n\n  * made ${version}\n\n -- A B <a@b>  Fri, 02 Jan 2026 00:00:00 +0000\n`,
    );
    const young = {
      "usr/share/greeting": "hello 2.0\n",
      "usr/share/doc/greeting/changelog.Debian.gz": gzipSync(log.join("\n")),
    };
    small.archive.add(makeDeb("greeting", young, fields));
    await small.archive.publish({ date: hourLater });
    attempt.image(["greeting"], "hostname: other\n");
    await attempt.does(["lock", "image.yaml", "--update"]);
    const status = () => git(attempt, "status", "--porcelain").toString();
    const before = status();
    const { status: exit, stdout } = await attempt.run(["diff", "HEAD:image.yaml", "image.yaml"]);
    expect(exit).toBe(10);
    expect(stdout).toContain(
      "packages\n    added farewell 1.0: greeting -> farewell\n    upgraded greeting 1.0 to 2.0, 3.0 MiB more\n",
    );
    expect(stdout).toContain('manifests\n    added image hostname: "other"\n');
    expect(stdout).toMatch(/^ {4}rootfs image root: the input /m);
    expect(stdout).toMatch(/^installed \S+ MiB, 3.0 MiB more$/m);
    expect(status()).toBe(before);
    // Once both are built, their roots are compared too.
    expect(stdout).not.toContain("root file system");
    await attempt.does(["realize", "image.yaml", "-o", "young"]);
    git(attempt, "stash", "-q");
    await attempt.does(["realize", "image.yaml", "-o", "old"]);
    git(attempt, "stash", "pop", "-q");
    const built = await attempt.run(["diff", "HEAD:image.yaml", "image.yaml"]);
    expect(built.stdout).toMatch(/^ {4}changed \/usr\/share\/greeting: content$/m);
    expect(built.stdout).toMatch(/^ {4}added \/etc\/hostname, 6 B more$/m);
    const logs = await attempt.run(["diff", "HEAD:image.yaml", "image.yaml", "--changelogs"]);
    expect(logs.stdout).toMatch(
      /\nchangelogs\n {4}greeting 1.0 to 2.0\n {8}2.0, 2026-01-02, A B <a@b>\n {12}\* made 2.0\n$/,
    );
    const results = await attempt.run(["diff", "old", "young"]);
    expect(results.status).toBe(10);
    expect(results.stdout).toContain(
      "    added farewell 1.0\n    upgraded greeting 1.0 to 2.0, 3.0 MiB more\n",
    );
    expect(results.stdout).toMatch(/^ {4}changed \/usr\/share\/greeting: content$/m);
    expect((await attempt.run(["diff", "young", "image.yaml"])).status).toBe(0);
    symlinkSync("old", join(attempt.folder, "again"));
    symlinkSync(".", join(attempt.folder, "here"));
    for (const path of ["again", "here/old", realpathSync(join(attempt.folder, "old"))])
      expect([path, (await attempt.run(["diff", path, "old"])).status]).toEqual([path, 0]);
    await attempt.refuses(["diff", "old", "image.lock"], 2, ["usage/not-built"], { keepsLock: true });
    await attempt.refuses(["diff", "old", "0".repeat(64)], 2, ["usage/no-result"], { keepsLock: true });
    const { distros } = readLock(join(attempt.folder, "image.lock"));
    const fewer = { format: "kit/lock/1", distros, answers: {} };
    attempt.write({ "fewer.lock": JSON.stringify(fewer) });
    const answers = await attempt.run(["diff", "fewer.lock", "image.lock"]);
    expect([answers.status, answers.stdout]).toEqual([
      10,
      expect.stringMatching(/^questions\n {4}added small amd64: /m),
    ]);
    const locks = await attempt.run(["diff", "HEAD:image.lock", "image.lock", "--json"]);
    expect(locks.status).toBe(10);
    expect(JSON.parse(locks.stdout)).toMatchObject({
      format: "kit/diff/1",
      packages: [
        { name: "farewell", verb: "added", way: "greeting -> farewell" },
        { name: "greeting", verb: "upgraded" },
      ],
    });
    expect(Object.keys(JSON.parse(locks.stdout))).not.toContain("fields");
  });

  test("what is not there, or not locked, is told", async () => {
    using attempt = small.attempt();
    attempt.image(["greeting"]);
    const unlocked = await attempt.refuses(["diff", "image.yaml", "none.yaml"], 4, ["unresolved/not-locked"]);
    expect(unlocked.text).toContain(`there is no lock beside ${attempt.folder}/image.yaml`);
    await attempt.does(["lock", "image.yaml"]);
    await attempt.refuses(["diff", "image.yaml", "none.yaml"], 2, ["usage/no-such-file"], {
      keepsLock: true,
    });
    await attempt.refuses(["diff", "HEAD:image.yaml", "image.yaml"], 2, ["usage/no-revision"], {
      keepsLock: true,
    });
    git(attempt, "init", "-q");
    const keepsLock = { keepsLock: true };
    const refused = async (before: string, status: number, ...codes: readonly string[]) =>
      (await attempt.refuses(["diff", before, "image.yaml"], status, codes, keepsLock)).text;
    await refused("HEAD:image.yaml", 2, "usage/no-revision");
    attempt.write({ "bad.yaml": "kind: image\nnam: x\n", "folder.lock/file": "" });
    git(attempt, "add", "bad.yaml");
    git(attempt, "commit", "-qm", "one");
    const bad = await refused("HEAD:bad.yaml", 3, "manifest/missing-key", "manifest/unknown-key");
    expect(bad).not.toContain("kit-revision-");
    await refused("HEAD:none.yaml", 2, "usage/no-revision");
    await refused(`HEAD:../../../../../..${attempt.folder}/image.yaml`, 2, "usage/no-revision");
    await refused("folder.lock", 4, "unresolved/bad-lock");
    await refused("", 2, "usage/bad-option");
  });
});

test("without a lock, a realize that fails to resolve writes none", async () => {
  using attempt = small.attempt();
  attempt.image(["no-such-thing"]);
  await attempt.refuses(["realize", "image.yaml"], 4, ["unresolved/unsatisfiable"]);
  expect(existsSync(join(attempt.folder, "image.lock"))).toBe(false);
});
