// The search order of a distribution: which tier gives a package, and what happens where one is left out.
// An archive of the test's own counts what is asked of it.

import { copyFileSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readTar } from "../rig/tar.ts";
import { distroFiles } from "./archive.ts";
import { readLock } from "./base.ts";
import { makeDeb } from "./deb.ts";
import { smallBase } from "./install.ts";
import { type Attempt, openSmall, type Small } from "./small.ts";
import { flawsOf } from "./sound.ts";

let small: Small;
/** Built with the repositories; its store is what the others choose from. */
let first: Attempt;
const greeting = (version: string, fields: Record<string, string> = {}) =>
  makeDeb("greeting", { "usr/share/greeting": `hello ${version}\n` }, { Version: version, ...fields });

beforeAll(async () => {
  small = await openSmall();
  small.archive.add(greeting("1.0"));
  small.archive.add(makeDeb("farewell", { "usr/share/farewell": "bye\n" }));
  await small.archive.publish();
  first = small.attempt({ store: "own" });
  first.image(["greeting"]);
  await first.does(["realize", "image.yaml"]);
  // From here on upstream has a newer one, and only that.
  small.archive.add(greeting("2.0"));
  await small.archive.publish();
});
afterAll(async () => {
  first?.[Symbol.dispose]();
  await small?.[Symbol.asyncDispose]();
});

/** Another folder over the first one's store, whose distribution looks in these tiers. */
function searching(...tiers: readonly string[]): Attempt {
  const attempt = small.attempt();
  const { "small.yaml": distro = "" } = distroFiles(small.archive, "small", smallBase);
  const search = tiers.length === 0 ? "" : `search: [${tiers.join(", ")}]\n`;
  attempt.write({ "small.yaml": distro + search });
  return attempt;
}

/** The same with the first one's lock, so that only questions about this distribution are open. */
function relocked(...tiers: readonly string[]): Attempt {
  const attempt = searching(...tiers);
  attempt.image(["greeting"]);
  copyFileSync(join(first.folder, "image.lock"), join(attempt.folder, "image.lock"));
  return attempt;
}

const over = () => ({ store: first.store });
const asked = () => small.archive.requests.length;

/** Lines of `kit resolve` for these. */
async function resolved(tiers: readonly string[], ...packages: readonly string[]): Promise<string[]> {
  using attempt = searching(...tiers);
  const { stdout } = await attempt.does(["resolve", "./small.yaml", ...packages, "--refresh"], over());
  return stdout.trimEnd().split("\n");
}

test("the first tier that has a package wins, newer or not", async () => {
  expect(await resolved([], "greeting")).toEqual(["greeting 2.0 all request"]);
  expect(await resolved(["local", "repositories"], "greeting")).toEqual(["greeting 2.0 all request"]);
  expect(await resolved(["repositories", "store"], "greeting")).toEqual(["greeting 2.0 all request"]);
  const both = ["farewell 1.0 all request", "greeting 1.0 all request [store]"];
  expect(await resolved(["store", "repositories"], "greeting", "farewell")).toEqual(both);
  expect(await resolved(["local", "store", "repositories"], "farewell", "greeting")).toEqual(both);
});

test("what an earlier tier has and would not do comes from a later one", async () => {
  expect(await resolved(["store", "repositories"], "greeting (>= 2)")).toEqual(["greeting 2.0 all request"]);
});

test("the store fills in what the archive dropped", async () => {
  small.archive.drop("greeting");
  await small.archive.publish();
  try {
    expect(await resolved(["repositories", "store"], "greeting")).toEqual([
      "greeting 1.0 all request [store]",
    ]);
  } finally {
    small.archive.add(greeting("2.0"));
    await small.archive.publish();
  }
});

test("JSON tells the tier of each package where tiers are named", async () => {
  const tiersOf = async (...tiers: readonly string[]) => {
    using attempt = searching(...tiers);
    const argv = ["resolve", "./small.yaml", "greeting", "farewell", "--json"];
    const { stdout } = await attempt.does(argv, over());
    const { packages } = JSON.parse(stdout) as { packages: { name: string; tier?: string }[] };
    return packages.map(({ name, tier }) => `${name} ${tier}`);
  };
  expect(await tiersOf("store", "repositories")).toEqual(["farewell repositories", "greeting store"]);
  expect(await tiersOf()).toEqual(["farewell undefined", "greeting undefined"]);
});

test("without repositories everything comes out of the store, and the archive is not asked", async () => {
  using attempt = relocked("local", "store");
  const before = asked();
  const { stderr } = await attempt.does(["lock", "image.yaml", "--update"], over());
  expect(stderr).toMatch(/packages of small: \d+ from the store$/m);
  attempt.image(["greeting"], "hostname: stored\n");
  const outcome = await attempt.does(["realize", "image.yaml"], over());
  expect(
    readTar(outcome.paths.get("tar") ?? "")
      .read("usr/share/greeting")
      .toString(),
  ).toBe("hello 1.0\n");
  expect(outcome.stderr).toMatch(/package files: \d+ from the store$/m);
  expect(small.archive.requests.slice(before).filter((path) => path.includes("pool/"))).toEqual([]);
  expect(flawsOf(first.store)).toEqual([]);
});

test("a lock without repositories asks nobody, is the same twice, and takes what the online one took", async () => {
  using one = relocked("store");
  using two = relocked("store");
  const before = asked();
  const locks: string[] = [];
  for (const attempt of [one, two]) {
    await attempt.does(["lock", "image.yaml"], over());
    locks.push(readFileSync(join(attempt.folder, "image.lock"), "utf8"));
  }
  expect(asked()).toBe(before);
  expect(locks[0]).toBe(locks[1]);
  const [online, offline] = [first, one].map(({ folder }) => readLock(join(folder, "image.lock")).distros);
  expect(offline?.["small"]).toEqual(online?.["small"]);
});

test("what the store has stays known when the lock that told of it is gone", async () => {
  const lock = join(first.folder, "image.lock");
  const text = readFileSync(lock);
  rmSync(lock);
  try {
    using attempt = searching("store");
    const { stdout } = await attempt.does(["resolve", "./small.yaml", "greeting", "--base"], over());
    expect(stdout).toContain("greeting 1.0 all request [store]\n");
    expect(stdout).toMatch(/^base-files \S+ amd64 base \[store\]$/m);
  } finally {
    first.write({ "image.lock": text });
  }
});

test("a package that is not in the store is refused with the tiers that were looked in", async () => {
  using attempt = relocked("local", "store");
  attempt.image(["farewell"]);
  const before = asked();
  const { text } = await attempt.refuses(["lock", "image.yaml"], 4, ["unresolved/unsatisfiable"], over());
  expect(text).toContain("farewell");
  expect(text).toContain("small leaves its repositories out (search: [local, store])");
  expect(asked()).toBe(before);
});

test("a pinned file that is in no store and no cache is named, and nothing is fetched", async () => {
  using attempt = relocked("store");
  await attempt.does(["lock", "image.yaml"], over());
  const before = asked();
  const empty = { store: attempt.store.replace(/[^/]*$/, "nothing"), keepsLock: true };
  const { text } = await attempt.refuses(["realize", "image.yaml"], 6, ["network/left-out"], empty);
  expect(text).toMatch(
    /\d+ files are neither in the store nor in a cache, and small leaves its repositories/,
  );
  expect(text).toContain(".deb");
  expect(asked()).toBe(before);
});

test("a base that nobody asked for before is not guessed from what is there", async () => {
  using attempt = searching("store");
  const empty = { store: join(attempt.folder, "nothing") };
  const { "small.yaml": distro = "" } = distroFiles(small.archive, "small", ["essential"]);
  attempt.write({ "small.yaml": `${distro}search: [store]\n` });
  for (const options of [empty, over()]) {
    const { text } = await attempt.refuses(
      ["resolve", "./small.yaml", "greeting", "--base"],
      4,
      ["unresolved/unknown-base"],
      options,
    );
    expect(text).toContain("only its repositories tell");
  }
});

test("what came in one signed file from another machine counts, once a lock that describes it was used", async () => {
  await first.does(["key", "generate", "maker", "-o", "maker.key"]);
  const { stdout: key } = await first.does(["key", "show", "maker.key"]);
  await first.does(["export", "image.yaml", "-o", "image.kit", "--key", "maker.key"]);
  using other = small.attempt({ store: "own" });
  const before = asked();
  await other.does(["import", join(first.folder, "image.kit"), "--to", "in", "--trust", key.trim()]);
  await other.does(["realize", "in/image.yaml"]);
  other.write({
    "small.yaml": `${distroFiles(small.archive, "small", smallBase)["small.yaml"]}search: [store]\n`,
  });
  const { stdout } = await other.does(["resolve", "./small.yaml", "greeting"]);
  expect(stdout).toBe("greeting 1.0 all request [store]\n");
  expect(asked()).toBe(before);
});

test("without repositories a cache gives what the store lacks", async () => {
  using attempt = relocked("store");
  await attempt.does(["lock", "image.yaml"], over());
  await first.does(["key", "generate", "pusher", "-o", "pusher.key"]);
  const { stdout: key } = await first.does(["key", "show", "pusher.key"]);
  await first.does(["push", "cache", "image.yaml", "--key", "pusher.key"]);
  const before = asked();
  const env = { KIT_CACHES: join(first.folder, "cache"), KIT_TRUSTED_KEYS: key.trim() };
  const store = join(attempt.folder, "empty");
  const { paths } = await attempt.does(["realize", "image.yaml"], { store, env });
  expect(
    readTar(paths.get("tar") ?? "")
      .read("usr/share/greeting")
      .toString(),
  ).toBe("hello 1.0\n");
  expect(asked()).toBe(before);
});

test("a view is locked out of the store; what building takes, only repositories tell", async () => {
  using attempt = searching("store");
  const view = (more: string) =>
    `kind: view\nname: v\ndistro: ./small.yaml\narchitectures: [amd64]\nworkloads: [./web.yaml]\n${more}`;
  attempt.write({
    "web.yaml": "kind: workload\nname: web\npackages: [greeting]\n",
    "view.yaml": view("base: [base-files]\n"),
    "all.yaml": view("buildroot: {base: [dash]}\n"),
  });
  const before = asked();
  const { stderr } = await attempt.does(["lock", "view.yaml"], over());
  expect(stderr).toMatch(/packages of small: \d+ from the store$/m);
  const { packages } = readLock(join(attempt.folder, "view.lock")).distros["small"] ?? {};
  expect(Object.keys(packages ?? {})).toContain("greeting_1.0_all");
  const { text } = await attempt.refuses(["lock", "all.yaml"], 4, ["unresolved/left-out"], over());
  expect(text).toContain("source packages");
  expect(asked()).toBe(before);
});

test("files of another archive do not count, whatever the distribution is called", async () => {
  using attempt = searching("store");
  const other = { ...small.archive, uri: small.archive.uri.replace("127.0.0.1", "localhost") };
  const { "small.yaml": distro = "" } = distroFiles(other, "small", smallBase);
  attempt.write({ "small.yaml": `${distro}search: [store]\n` });
  const { text } = await attempt.refuses(
    ["resolve", "./small.yaml", "greeting"],
    4,
    ["unresolved/unsatisfiable"],
    over(),
  );
  expect(text).toContain("only what the store and the lock have was looked at");
});

test("packages of manifests are refused where they are left out", async () => {
  using attempt = relocked("store", "repositories");
  attempt.write({
    "own.yaml":
      'kind: package\nname: own\nversion: "1.0"\nbuilder: deb-files\ndistro: ./small.yaml\nfiles: [{path: /usr/share/own, content: x}]\n',
  });
  attempt.image(["./own.yaml"]);
  const { text } = await attempt.refuses(["lock", "image.yaml"], 3, ["manifest/left-out-tier"], over());
  expect(text).toContain("own.yaml");
  expect(text).toContain("search: [local, store, repositories]");
});
