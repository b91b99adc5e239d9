// Stores, caches and bundles on disks that are no good for them: without hard links and owners, without room, without
// permission. What cannot be there is told, and nothing half-made is left.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flawsOfCache } from "../rig/cacheflaws.ts";
import { hasExfat, mountExfat } from "./exfat.ts";
import { codes, done, kit, type Outcome } from "./kit.ts";
import { openPlace } from "./place.ts";
import { copyTo, deeds, openPushed, type Pushed, warnings } from "./pushed.ts";
import { flawsOf } from "./sound.ts";
import { asUser } from "./user.ts";

const isRoot = process.getuid?.() === 0;

let pushed: Pushed;
beforeAll(async () => {
  pushed = await openPushed();
});
afterAll(() => pushed[Symbol.asyncDispose]());

const own = ["realize", "own.yaml", "--json"];
const ending = (outcome: Outcome) => [outcome.status, codes(outcome)];

describe.skipIf(!hasExfat)("a file system without hard links", () => {
  test("holds a cache and a bundle", async () => {
    using attempt = pushed.attempt("empty", { caches: [] });
    const disk = mountExfat(attempt, 128);
    await attempt.does(own);
    const push = ["push", join(disk, "cache"), "own.yaml", "--key", pushed.keyFile, "--json"];
    expect(JSON.parse((await attempt.does(push)).stdout)).toMatchObject({ pushed: 2 });
    expect(JSON.parse((await attempt.does(push)).stdout)).toMatchObject({ pushed: 0, bytes: 0 });
    expect(flawsOfCache(join(disk, "cache"))).toEqual([]);
    expect(readdirSync(join(disk, "cache/.incoming"))).toEqual([]);
    await attempt.does(["export", "own.yaml", "-o", join(disk, "own.kit"), "--key", pushed.keyFile]);
    expect(readdirSync(disk).sort()).toEqual(["cache", "own.kit"]);
    for (const cache of ["cache", "own.kit"]) {
      using other = pushed.attempt("empty", { caches: [join(disk, cache)] });
      expect(deeds(await other.does(own))).toContain("brought copy ./own.deb");
      expect(flawsOf(other.store)).toEqual([]);
    }
  });

  test("and without owners is no place for a store", async () => {
    using attempt = pushed.attempt("empty");
    const store = join(mountExfat(attempt, 64), "store");
    const [request = ""] = pushed.requests;
    for (const argv of [own, ["pull", pushed.cache, request, "--json"]]) {
      const outcome = await attempt.run(argv, { store });
      expect(ending(outcome)).toEqual([5, ["store/ownerless-file-system"]]);
      expect(readdirSync(store)).toEqual([]);
    }
  });
});

test.skipIf(!isRoot)("a pull into a store without room is told of, and goes well when there is", async () => {
  using attempt = pushed.attempt("empty");
  mkdirSync(attempt.store);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "none", attempt.store]);
  const pull = ["pull", pushed.cache, ...pushed.requests, "-o", "result", "--json"];
  expect(ending(await attempt.run(pull))).toEqual([5, ["store/full"]]);
  expect(readdirSync(attempt.folder).filter((name) => name.startsWith("result"))).toEqual([]);
  expect(flawsOf(attempt.store)).toEqual([]);
  execFileSync("mount", ["-o", "remount,size=2g", attempt.store]);
  await attempt.does(pull);
  expect(flawsOf(attempt.store)).toEqual([]);
});

describe.skipIf(!isRoot)("an ordinary user", () => {
  test("is told where he may not write or read, and nothing is there afterwards", async () => {
    using place = openPlace("user", { open: true });
    const [home, closed, secret] = ["home", "closed", "secret"].map((name) => join(place.folder, name)) as [
      string,
      string,
      string,
    ];
    using attempt = pushed.attempt("empty");
    for (const name of ["own.yaml", "own.deb", "kit.config.yaml"])
      place.write({ [`home/${name}`]: readFileSync(join(attempt.folder, name)) });
    for (const folder of [closed, secret]) mkdirSync(folder);
    place.write({ "home/key": readFileSync(pushed.keyFile) });
    copyTo(pushed.cache, join(secret, "cache"));
    chmodSync(secret, 0o700);
    execFileSync("chown", ["-R", "23017:23017", home]);
    const run = (...argv: readonly string[]) =>
      kit([...argv, "--json"], {
        cwd: home,
        store: join(home, "store"),
        binary: pushed.small.binary,
        before: asUser(home),
      });
    const realize = ["realize", "own.yaml"];
    const [request = ""] = pushed.requests;
    const store = await run(...realize, "--no-cache", "--store", join(closed, "store"));
    expect(ending(store)).toEqual([5, ["store/unwritable"]]);
    // The cache of the configuration lies where only root may look; so do without it.
    const built = done(await run(...realize));
    expect(deeds(built)).toEqual(["built copy ./own.deb", "built unpack ./own.deb"]);
    expect(warnings(built)).toEqual([expect.stringMatching(/cache cannot be read: permission is denied/)]);
    const mistakes: [readonly string[], number, string][] = [
      [["push", join(closed, "cache"), "own.yaml", "--key", "key"], 5, "store/cache-unwritable"],
      [["push", join(secret, "cache"), "own.yaml", "--key", "key"], 5, "store/cache-unreadable"],
      [["export", "own.yaml", "-o", join(closed, "own.kit")], 5, "store/cache-unwritable"],
      [["pull", join(secret, "cache"), request], 5, "store/cache-unreadable"],
      [["import", join(secret, "own.kit")], 5, "store/cache-unreadable"],
    ];
    const found: unknown[] = [];
    for (const [argv] of mistakes) found.push([argv.slice(0, 2), ...ending(await run(...argv))]);
    expect(found).toEqual(mistakes.map(([argv, status, code]) => [argv.slice(0, 2), status, [code]]));
    expect(readdirSync(closed)).toEqual([]);
    expect(flawsOfCache(join(secret, "cache"))).toEqual([]);
    expect(flawsOf(join(home, "store"))).toEqual([]);
  });
});
