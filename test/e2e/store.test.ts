// Stores that are full, foreign or shared, and hosts that do not let kit work: what is said, and that nothing is lost.
// File systems of a few megabytes and namespaces of the test's own stand for machines like that.

import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statfsSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { type Base, openBase } from "./base.ts";
import { installKit } from "./install.ts";
import { codes, done, kit, told } from "./kit.ts";
import { openPlace } from "./place.ts";
import { openSmall, type Small } from "./small.ts";
import { flawsOf } from "./sound.ts";
import { asUser } from "./user.ts";

const long = process.env["KIT_TEST_LONG"] !== undefined;
const isRoot = process.getuid?.() === 0;

let base: Base;
let small: Small;
beforeAll(async () => {
  base = await openBase();
  small = await openSmall();
});
afterAll(() => small[Symbol.asyncDispose]());

describe.skipIf(!isRoot)("a full disk", () => {
  // Full while fetching, while unpacking, in a sandbox, while writing the output: where just that is, the sizes only aim at.
  const sizes = long ? [3, 6, 10, 16, 24, 32, 48, 64, 80, 96, 112, 128, 144] : [6, 32, 80];
  test.for(sizes)(
    "of %d MiB ends in status 5, and the same command goes well when there is room",
    async (size) => {
      using attempt = small.attempt({ store: "own" });
      attempt.image([]);
      mkdirSync(attempt.store);
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}m`, "none", attempt.store]);
      const full = await attempt.run(["realize", "image.yaml", "--json"]);
      expect(
        { status: full.status, codes: [...new Set(codes(full))] },
        full.stderr.split("\n").slice(-3).join("\n"),
      ).toEqual({ status: 5, codes: ["store/full"] });
      expect(full.stdout).toBe("");
      expect(flawsOf(attempt.store)).toEqual([]);
      // `flawsOf` looks with eyes of its own; the command must be able to as well.
      writeFileSync(join(attempt.store, "partial/filler"), Buffer.alloc(freeIn(attempt.store)));
      const { stdout } = await attempt.does(["store", "verify"]);
      expect(stdout).toContain("all is sound");
      // Nor has a collection room for a session of its own, or for all that one writes.
      const { stdout: collected } = await attempt.does(["gc", "--json"]);
      expect(JSON.parse(collected).bytes).toBeGreaterThan(0);
      expect(readdirSync(join(attempt.store, "partial"))).toEqual([]);
      execFileSync("mount", ["-o", "remount,size=1g", attempt.store]);
      await attempt.does(["realize", "image.yaml"]);
      expect(flawsOf(attempt.store)).toEqual([]);
    },
  );
});

/** Bytes that a file can still have. */
function freeIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

describe("a folder that cannot be the store", () => {
  const image = (attempt: { image(packages: readonly string[]): void }) => attempt.image([]);

  test("one with other things in it is left alone", async () => {
    using attempt = small.attempt({ store: "own" });
    image(attempt);
    attempt.write({ "store/diary": "dear diary" });
    const { text } = await attempt.refuses(["realize", "image.yaml"], 5, ["store/not-a-store"]);
    expect(text).toContain("--store");
    expect(readdirSync(attempt.store)).toEqual(["diary"]);
    expect(lstatSync(attempt.store).uid).toBe(process.getuid?.());
  });

  test("one whose format says something else", async () => {
    using attempt = small.attempt({ store: "own" });
    image(attempt);
    attempt.write({ "store/format": "jpeg\n" });
    await attempt.refuses(["realize", "image.yaml"], 5, ["store/not-a-store"]);
  });

  test("one of a newer format", async () => {
    using attempt = small.attempt({ store: "own" });
    image(attempt);
    attempt.write({ "store/format": "kit/store/7\n" });
    const { text } = await attempt.refuses(["realize", "image.yaml"], 5, ["store/newer-format"]);
    expect(text).toContain("kit/store/7");
  });

  test("a file", async () => {
    using attempt = small.attempt({ store: "own" });
    image(attempt);
    attempt.write({ store: "I am a file" });
    await attempt.refuses(["realize", "image.yaml"], 5, ["store/not-a-store"]);
  });

  test("one below a file", async () => {
    using attempt = small.attempt({ store: "own" });
    image(attempt);
    attempt.write({ store: "I am a file" });
    const below = join(attempt.store, "new/store");
    await attempt.refuses(["realize", "image.yaml", "--store", below], 5, ["store/not-a-store"]);
  });

  test("one without a name", async () => {
    using attempt = small.attempt();
    image(attempt);
    await attempt.refuses(["realize", "image.yaml", "--store", ""], 2, ["usage/bad-setting"]);
  });

  test("one below /proc, where making folders never ends", async () => {
    using attempt = small.attempt();
    image(attempt);
    const outcome = await attempt.run(["realize", "image.yaml", "--json", "--store", "/proc/none/store"]);
    expect([outcome.status, codes(outcome)]).toEqual([5, ["store/unwritable"]]);
  });
});

describe("a store that is not there yet", () => {
  test("is made with the folders above it, wherever it is named from", async () => {
    using attempt = small.attempt();
    attempt.image([]);
    const made = join(attempt.folder, "new/deep/store");
    await attempt.does(["realize", "image.yaml", "--store", "new/deep/store"], { store: attempt.folder });
    symlinkSync(made, join(attempt.folder, "link"));
    const again = await attempt.does(["realize", "image.yaml", "--store=link"]);
    expect(again.paths.get("tar")).toContain(join(attempt.folder, "link/outputs/"));
    expect(flawsOf(made)).toEqual([]);
  });

  test("is what a configuration names, not what a keeper started for", async () => {
    using attempt = small.attempt();
    attempt.image([]);
    attempt.write({ "kit.config.yaml": "store: ./configured\n" });
    const outcome = await attempt.does(["realize", "image.yaml"], { store: "" });
    expect(outcome.paths.get("tar")).toContain(join(attempt.folder, "configured/outputs/"));
  });

  test("stays away, and the keeper too, where the manifest is none", async () => {
    using attempt = small.attempt();
    attempt.write({ "image.yaml": "kind: picture\n" });
    await attempt.refuses(["realize", "image.yaml", "--store", "new/deep/store"], 3, ["manifest/bad-value"]);
    expect(readdirSync(attempt.folder)).not.toContain("new");
    await vi.waitFor(() => expect(processesIn(attempt.folder)).toEqual([]));
  });
});

/** Processes that work in a folder or below it. */
function processesIn(folder: string): string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return readlinkSync(`/proc/${name}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
}

describe("-o", () => {
  test("onto a file is refused, and the file stays", async () => {
    using attempt = small.attempt();
    attempt.image([]);
    attempt.write({ result: "mine" });
    const { text } = await attempt.refuses(
      ["realize", "image.yaml", "-o", "result"],
      2,
      ["usage/not-a-link"],
      { keepsLock: true },
    );
    expect(text).toContain("result");
    expect(readFileSync(join(attempt.folder, "result"), "utf8")).toBe("mine");
  });

  test("of several outputs places no link where one cannot be", async () => {
    using attempt = small.attempt();
    attempt.write({
      "image.yaml":
        "kind: image\nname: image\ndistro: ./small.yaml\narchitectures: [amd64]\noutputs: [{type: tar}, {type: tar, name: second, compression: zstd}]\n",
    });
    mkdirSync(join(attempt.folder, "result-second"));
    await attempt.refuses(["realize", "image.yaml", "-o", "result"], 2, ["usage/not-a-link"], {
      keepsLock: true,
    });
  });

  test("into a folder that is not there is refused", async () => {
    using attempt = small.attempt();
    attempt.image([]);
    await attempt.refuses(["realize", "image.yaml", "-o", "no/where/result"], 2, ["usage/not-a-link"], {
      keepsLock: true,
    });
  });

  test("replaces a link that leads nowhere", async () => {
    using attempt = small.attempt();
    attempt.image([]);
    symlinkSync("/nowhere", join(attempt.folder, "result"));
    const { paths } = await attempt.does(["realize", "image.yaml", "-o", "result"]);
    expect(readlinkSync(join(attempt.folder, "result"))).toBe(paths.get("tar"));
  });
});

describe.skipIf(!isRoot)("a folder that cannot be written", () => {
  test("for the lock: it is said before anything is built", async () => {
    using attempt = small.attempt();
    attempt.image([]);
    const readOnly = [
      "unshare",
      "--mount",
      "sh",
      "-c",
      'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"',
      attempt.folder,
    ];
    const outcome = await attempt.run(["realize", "image.yaml", "--json"], {
      before: readOnly,
      env: { XDG_CACHE_HOME: `${attempt.folder}-cache` },
    });
    rmSync(`${attempt.folder}-cache`, { recursive: true, force: true });
    expect([outcome.status, codes(outcome)]).toEqual([3, ["manifest/unwritable"]]);
  });
});

test("a cache folder that cannot be is done without", async () => {
  using attempt = small.attempt();
  attempt.image([]);
  done(await attempt.run(["realize", "image.yaml", "--json"], { env: { XDG_CACHE_HOME: "/etc/passwd" } }));
});

describe.skipIf(!isRoot)("a host that refuses", () => {
  const hints = (text: string) => text.match(/as root: \S.*|sysctl \S.*/g) ?? [];

  test("an ordinary user without subordinate ids reads how to get them", async () => {
    using place = openPlace("user", { open: true });
    const binary = installKit(join(place.folder, "kit"), small.archive);
    place.write({
      "home/image.yaml":
        "kind: image\nname: image\ndistro: debian/trixie\narchitectures: [amd64]\noutputs: [{type: tar}]\n",
    });
    const home = join(place.folder, "home");
    const outcome = await kit(["realize", "image.yaml", "--json"], {
      cwd: home,
      store: join(home, "store"),
      binary,
      before: asUser(home, { subordinate: false }),
    });
    expect([outcome.status, codes(outcome)]).toEqual([7, ["host/no-subordinate-ids"]]);
    const text = JSON.stringify(told(outcome));
    expect(hints(text).join()).toContain("usermod --add-subuids");
    expect(text).toContain("tester");
  });

  test("root of a namespace without the range: where to name another", async () => {
    using attempt = small.attempt({ store: "own" });
    attempt.image([]);
    const outcome = await attempt.run(["realize", "image.yaml", "--json"], {
      before: ["unshare", "--user", "--map-root-user", "--mount"],
    });
    expect([outcome.status, codes(outcome)]).toEqual([7, ["host/no-id-range"]]);
    expect(JSON.stringify(told(outcome))).toContain("idRangeStart");
  });

  test("no user namespaces: the setting that lets them is named", async () => {
    using place = openPlace("none", { open: true });
    const binary = installKit(join(place.folder, "kit"), small.archive);
    const home = join(place.folder, "home");
    place.write({
      "home/image.yaml":
        "kind: image\nname: image\ndistro: debian/trixie\narchitectures: [amd64]\noutputs: [{type: tar}]\n",
    });
    // In a user namespace of its own the limit is the test's to set; inside, kit is the same ordinary user.
    const none = ["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c"];
    const limit = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"';
    const outcome = await kit(["realize", "image.yaml", "--json"], {
      cwd: home,
      store: join(home, "store"),
      binary,
      before: [...asUser(home), ...none, limit, "sh"],
    });
    expect([outcome.status, codes(outcome)]).toEqual([7, ["host/no-user-namespaces"]]);
    expect(hints(JSON.stringify(told(outcome))).join()).toMatch(/max_user_namespaces|userns/);
  });
});

test("two commands at once build everything once, and print the same", async () => {
  using attempt = small.attempt({ store: "own" });
  attempt.image([]);
  await attempt.does(["lock", "image.yaml"]);
  const [one, two] = await Promise.all([
    attempt.does(["realize", "image.yaml", "--json"]),
    attempt.does(["realize", "image.yaml", "--json"]),
  ]);
  expect(one.stdout).toBe(two.stdout);
  const builtTwice = (builder: string) =>
    [one, two].flatMap((outcome) =>
      told(outcome).filter(
        (event) => event.type === "end" && event.builder === builder && event.how === "built",
      ),
    );
  expect(builtTwice("rootfs")).toHaveLength(1);
  expect(builtTwice("tar")).toHaveLength(1);
  expect(flawsOf(attempt.store)).toEqual([]);
});

test.skipIf(!isRoot)("kit runs from a folder that only root may enter", async () => {
  using place = openPlace("private");
  const binary = installKit(join(place.folder, "kit"), small.archive);
  place.write({
    "image.yaml":
      "kind: image\nname: image\ndistro: debian/trixie\narchitectures: [amd64]\noutputs: [{type: tar}]\n",
  });
  chmodSync(place.folder, 0o700);
  for (let i = 0; i < 3; i++) {
    rmSync(join(place.folder, "image.lock"), { force: true });
    done(
      await kit(["realize", "image.yaml", "--rebuild"], {
        cwd: place.folder,
        store: place.store,
        binary,
        patience: 60_000,
      }),
    );
  }
});

test("a damaged store is found by `kit store verify`, and mended by building again", async () => {
  using place = openPlace("verify");
  spawnSync("cp", ["-a", small.warm, place.store]);
  const verify = () => kit(["store", "verify"], { cwd: place.folder, store: place.store });
  done(await verify());
  const pool = join(place.store, "pool");
  const [fan = ""] = readdirSync(pool).filter((name) => readdirSync(join(pool, name)).length > 0);
  const [member = ""] = readdirSync(join(pool, fan));
  writeFileSync(join(pool, fan, member), "other bytes");
  const outcome = await verify();
  expect(outcome.status).toBe(5);
  expect(outcome.stderr + outcome.stdout).toContain(member.slice(0, 16));
  expect(flawsOf(base.store)).toEqual([]);
});
