// Binary caches as people use them: pushed to, pulled from, realized with; by folder, and by kit serve.

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { flawsOfCache } from "../rig/cacheflaws.ts";
import { openSpoiler } from "../rig/spoiler.ts";
import { codes } from "./kit.ts";
import { deeds, openPushed, outputOf, type Pushed, warnings } from "./pushed.ts";
import { flawsOf } from "./sound.ts";

let pushed: Pushed;
beforeAll(async () => {
  pushed = await openPushed();
});
afterAll(() => pushed[Symbol.asyncDispose]());

const realize = ["realize", "image.yaml", "--json"];
const own = ["realize", "own.yaml", "--json"];
/** Unpacked to be planned: its control file tells what it is. */
const [ownBuilt, ownBrought] = ["built", "brought"].map((how) => [
  `${how} copy ./own.deb`,
  `${how} unpack ./own.deb`,
]);

describe("another store", () => {
  test("brings the image, and nothing it is made of", async () => {
    expect(flawsOfCache(pushed.cache)).toEqual([]);
    using attempt = pushed.attempt("empty");
    const { length } = pushed.small.archive.requests;
    const outcome = await attempt.does(realize);
    expect(outputOf(outcome.paths.get("tar"))).toBe(pushed.output);
    expect(deeds(outcome)).toEqual(["brought tar image.tar"]);
    expect(pushed.small.archive.requests).toHaveLength(length);
    expect(flawsOf(attempt.store)).toEqual([]);
    // What came is recorded like what was built: another command finds it.
    const again = await attempt.does([...realize, "--cache-only"]);
    expect(deeds(again)).toEqual([]);
    const verified = await attempt.does(["store", "verify"]);
    expect(verified.stdout).toContain("all is sound");
  });

  test("brings what another image is made of, and builds the rest", async () => {
    using attempt = pushed.attempt("empty");
    const outcome = await attempt.does(["realize", "other.yaml", "--json"]);
    expect(deeds(outcome)).toEqual([
      "brought rootfs image root",
      "brought tools tools launcher",
      "built customize image customized",
      "built tar image.tar",
    ]);
    expect(flawsOf(attempt.store)).toEqual([]);
    using built = pushed.attempt("near", { caches: [] });
    const other = await built.does(["realize", "other.yaml"]);
    expect(outputOf(other.paths.get("tar"))).toBe(outputOf(outcome.paths.get("tar")));
  });

  test("asks none with --no-cache, and builds", async () => {
    using attempt = pushed.attempt("empty", { caches: ["http://127.0.0.1:9/never"] });
    const outcome = await attempt.does([...own, "--no-cache"]);
    expect([deeds(outcome), warnings(outcome)]).toEqual([ownBuilt, []]);
  });

  test("builds nothing with --cache-only: what is missing is told, and nothing was begun", async () => {
    using attempt = pushed.attempt("empty");
    const { text } = await attempt.refuses(["realize", "other.yaml", "--cache-only"], 6, [
      "network/not-cached",
    ]);
    expect(text).toMatch(/^2 results are in no cache/);
    expect(text).toContain("customize image customized\ntar image.tar");
    expect(deeds(await attempt.does([...own, "--cache-only"]))).toEqual(ownBrought);
    await attempt.refuses(["realize", "own.yaml", "--cache-only", "--no-cache"], 2, ["usage/bad-option"]);
  });

  test("with --offline uses a folder, and asks no address", async () => {
    await using server = await openSpoiler("http://127.0.0.1:9");
    using attempt = pushed.attempt("empty", { caches: [server.url, pushed.cache] });
    const { length } = pushed.small.archive.requests;
    const outcome = await attempt.does([...own, "--offline"]);
    expect([deeds(outcome), warnings(outcome)]).toEqual([ownBrought, []]);
    using other = pushed.attempt("empty", { caches: [server.url] });
    await other.refuses(["realize", "image.yaml", "--offline"], 6, ["network/offline"]);
    expect(server.asked).toEqual([]);
    expect(pushed.small.archive.requests).toHaveLength(length);
  });

  test("rebuilds although there is a cache", async () => {
    using attempt = pushed.attempt("empty");
    expect(deeds(await attempt.does([...own, "--rebuild"]))).toContain("built copy ./own.deb");
  });

  test("takes up where it is named: environment, configuration, and the one that is not there", async () => {
    using attempt = pushed.attempt("empty", { caches: [join(pushed.small.warm, "nowhere"), pushed.cache] });
    const outcome = await attempt.does(own);
    expect(deeds(outcome)).toEqual(ownBrought);
    expect(warnings(outcome)).toEqual([
      expect.stringMatching(/nowhere is left out from now on: it has no file kit-cache-info$/),
    ]);
    using other = pushed.attempt("empty", { caches: [], trusted: [] });
    const env = { KIT_CACHES: pushed.cache, KIT_TRUSTED_KEYS: pushed.key };
    expect(deeds(await other.does(own, { env }))).toEqual(ownBrought);
  });
});

describe("trust", () => {
  test("caches without a trusted key are a mistake, and with fewer keys than must sign", async () => {
    using attempt = pushed.attempt("empty", { trusted: [] });
    await attempt.refuses(["realize", "own.yaml"], 2, ["usage/no-trusted-key"]);
    using other = pushed.attempt("empty", { config: "signaturesRequired: 2\n" });
    await other.refuses(["realize", "own.yaml"], 2, ["usage/no-trusted-key"]);
    // Who asks no cache is not asked for keys.
    await attempt.does(["realize", "own.yaml", "--no-cache"]);
    await attempt.does(["gc"]);
  });

  test("another key's word is ignored, with one line, and all is built", async () => {
    const { key } = await pushed.newKey("stranger");
    using attempt = pushed.attempt("near", { trusted: [key] });
    const outcome = await attempt.does(realize);
    expect(deeds(outcome).some((deed) => deed.startsWith("brought"))).toBe(false);
    expect(warnings(outcome)).toEqual([expect.stringMatching(/not trusted: pusher:.*more like it/)]);
    expect(outputOf(outcome.paths.get("tar"))).toBe(pushed.output);
  });

  test("two keys that must sign: what one alone signed is built, what both signed is brought", async () => {
    const second = await pushed.newKey("second");
    using place = pushed.attempt("empty", { caches: [] });
    const cache = join(place.folder, "cache");
    const key = (file: string) => ["push", cache, "own.yaml", "--json", "--key", file];
    await place.does(own);
    await place.does(key(pushed.keyFile));
    const both = { caches: [cache], trusted: [pushed.key, second.key], config: "signaturesRequired: 2\n" };
    using alone = pushed.attempt("empty", both);
    const outcome = await alone.does(own);
    expect(deeds(outcome)).toEqual(ownBuilt);
    expect(warnings(outcome)).toEqual([expect.stringMatching(/1 of the 2 keys it needs/)]);
    const { stdout } = await alone.does(key(second.keyFile));
    expect(JSON.parse(stdout)).toMatchObject({ pushed: 2, conflicts: [] });
    expect(flawsOfCache(cache)).toEqual([]);
    using together = pushed.attempt("empty", both);
    expect(deeds(await together.does(own))).toEqual(ownBrought);
  });
});

describe("kit push", () => {
  test("a second time sends nothing; what came out of a cache keeps its signatures", async () => {
    const passer = await pushed.newKey("passer");
    using attempt = pushed.attempt("empty");
    await attempt.does(["realize", "own.yaml", "-o", "result"]);
    const cache = join(attempt.folder, "passed");
    // What the image is made of never came here.
    await attempt.refuses(["push", cache, "image.yaml", "--key", passer.keyFile], 2, ["usage/not-realized"]);
    const push = ["push", cache, "result", "--key", passer.keyFile, "--json"];
    expect(JSON.parse((await attempt.does(push)).stdout)).toMatchObject({
      pushed: 1,
      present: 0,
      conflicts: [],
    });
    expect(flawsOfCache(cache)).toEqual([]);
    // What it was unpacked to is in the store as well, and not what the link keeps.
    const [request = ""] = readdirSync(join(cache, "results"));
    const folder = join(cache, "results", request);
    const signatures = readdirSync(folder).filter((name) => name.endsWith(".sig"));
    expect(signatures.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")).key)).toEqual([
      pushed.key,
    ]);
    const again = JSON.parse((await attempt.does(push)).stdout);
    expect(again).toEqual({
      ...{ pushed: 0, present: 1, bytes: 0, conflicts: [], unsigned: 0 },
      requests: [`blake3-${request}`],
    });
  });

  test("says what is wrong with its key, its results and its destination", async () => {
    using attempt = pushed.attempt("empty");
    const key = ["--key", pushed.keyFile];
    await attempt.refuses(["push", "cache", "own.yaml", ...key], 5, ["store/no-store"]);
    await attempt.does(own);
    attempt.write({ "bad.key": "hello", "mine/diary": "dear diary", token: "not one token" });
    const [request = ""] = requestsIn(attempt.store);
    const mistakes: [readonly string[], number, string][] = [
      [["cache", "own.yaml"], 2, "usage/no-key"],
      [["cache", "own.yaml", "--key", "none.key"], 2, "usage/no-key"],
      [["cache", "0123abcd", ...key], 2, "usage/no-result"],
      [["ftp://cache", "0123abcd", ...key], 2, "usage/bad-setting"],
      [["cache", request, "--key", "bad.key"], 8, "digest/bad-key"],
      [["mine", request, ...key], 5, "store/not-a-cache"],
      [["http://127.0.0.1:9", request, ...key], 6, "network/unreachable"],
      [["http://127.0.0.1:9", request, ...key, "--token-file", "token"], 2, "usage/bad-token"],
    ];
    for (const [argv, status, code] of mistakes) await attempt.refuses(["push", ...argv], status, [code]);
    const outcome = await attempt.does(["push", "cache", request.slice(0, 12), ...key]);
    expect(outcome.stdout).toMatch(/^pushed 1 result, .*; 0 were there\n$/);
  });

  test.skipIf(process.getuid?.() !== 0)(
    "a destination without room or permission keeps what is whole",
    async () => {
      using attempt = pushed.attempt("empty", { caches: [] });
      await attempt.does(own);
      const [full, closed] = [join(attempt.folder, "full"), join(attempt.folder, "closed")];
      for (const folder of [full, closed]) mkdirSync(folder);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", full]);
      execFileSync("mount", ["--bind", closed, closed]);
      execFileSync("mount", ["-o", "remount,ro,bind", closed]);
      const push = (to: string) => attempt.run(["push", to, "own.yaml", "--key", pushed.keyFile, "--json"]);
      const refused = await push(closed);
      expect([refused.status, codes(refused)]).toEqual([5, ["store/cache-unwritable"]]);
      const broken = await push(full);
      expect([broken.status, codes(broken)]).toEqual([5, ["store/cache-full"]]);
      expect(flawsOfCache(full)).toEqual([]);
      execFileSync("mount", ["-o", "remount,size=1g", full]);
      expect((await push(full)).status).toBe(0);
      expect(flawsOfCache(full)).toEqual([]);
    },
  );

  test("ends with 10 where the same key says otherwise there, which stays", async () => {
    using attempt = pushed.attempt("empty", { caches: [] });
    await attempt.does(own);
    const [request = ""] = requestsIn(attempt.store);
    const cache = join(attempt.folder, "cache");
    const push = ["push", cache, request, "--key", pushed.keyFile, "--json"];
    await attempt.does(push);
    const folder = join(cache, "results", request);
    const words = () => readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]);
    const before = words();
    // The same store, as if it had come out otherwise.
    const file = join(attempt.store, "results", request.slice(0, 2), request);
    const [statement = "", origin = ""] = readFileSync(file, "utf8").split("\n");
    const result = JSON.parse(statement);
    writeFileSync(
      file,
      `${JSON.stringify({ ...result, references: Object.values(result.outputs) })}\n${origin}\n`,
    );
    const outcome = await attempt.run(push);
    expect([outcome.status, codes(outcome)]).toEqual([10, ["differs/push"]]);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ pushed: 0, conflicts: [`blake3-${request}`] });
    expect(words()).toEqual(before);
  });

  test("publishes no failed build, and logs only where they are asked for", async () => {
    using attempt = pushed.attempt("near", { caches: [] });
    attempt.write({
      "broken.yaml": `${readFileSync(join(attempt.folder, "other.yaml"), "utf8").replace("greeting", "")}scripts: {postInstall: [./fail.sh]}\n`,
      "fail.sh": "#!/bin/sh\necho no such luck; exit 3\n",
    });
    chmodSync(join(attempt.folder, "fail.sh"), 0o755);
    const failed = await attempt.run(["realize", "broken.yaml", "--json"]);
    expect([failed.status, codes(failed)]).toEqual([1, ["build/failed"]]);
    const key = ["--key", pushed.keyFile];
    await attempt.refuses(["push", "cache", "broken.yaml", ...key], 2, ["usage/not-realized"]);
    // What it is made of went well, and printed something.
    const roots = requestsIn(attempt.store).filter((request) =>
      existsSync(join(attempt.store, "logs", request.slice(0, 2), request)),
    );
    expect(roots.length).toBeGreaterThan(0);
    await attempt.does(["push", "cache", ...roots, ...key]);
    expect(existsSync(join(attempt.folder, "cache/logs"))).toBe(false);
    await attempt.does(["push", "logged", ...roots, "--logs", ...key]);
    expect(readdirSync(join(attempt.folder, "logged/logs")).sort()).toEqual(roots.sort());
    expect(flawsOfCache(join(attempt.folder, "logged"))).toEqual([]);
  });
});

test("kit pull brings a result by its digest, with a link that keeps it", async () => {
  using place = pushed.attempt("empty");
  await place.does(own);
  // The package, not what it was unpacked to.
  const request = requestsIn(place.store).find((one) => pushed.requests.includes(one)) ?? "";
  using attempt = pushed.attempt("empty", { caches: [] });
  const outcome = await attempt.does(["pull", pushed.cache, request, "-o", "result"]);
  expect(outcome.stdout).toMatch(/^file \/.*\n$/);
  await attempt.does(["gc"]);
  expect(existsSync(join(attempt.folder, "result"))).toBe(true);
  expect(flawsOf(attempt.store)).toEqual([]);
  await attempt.refuses(["pull", pushed.cache, "a".repeat(64)], 6, ["network/not-cached"]);
  await attempt.refuses(["pull", "nowhere", "a".repeat(64)], 2, ["usage/no-cache"]);
  await attempt.refuses(["pull", pushed.cache, "abc"], 2, ["usage/bad-digest"]);
});

/** Requests a store has results of. */
function requestsIn(store: string): string[] {
  return readdirSync(join(store, "results")).flatMap((fan) => readdirSync(join(store, "results", fan)));
}
