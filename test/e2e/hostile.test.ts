// Caches that misbehave in every way: the build goes on, its bytes are the same, its store is sound, and what it costs
// is bounded. A draw of all ways; all of them with KIT_TEST_LONG.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CacheServer, startServer } from "../../builders/serve/server.ts";
import { folderStorage } from "../../store/cache/folder.ts";
import { draw } from "../rig/seed.ts";
import { openSpoiler } from "../rig/spoiler.ts";
import { codes } from "./kit.ts";
import { deadline, type Misbehaviour, misbehaviours } from "./misbehaviour.ts";
import { deeds, openPushed, outputOf, type Pushed, warnings } from "./pushed.ts";
import { flawsOf } from "./sound.ts";

let pushed: Pushed;
let server: CacheServer;
/** What `other.yaml` becomes. */
let expected: string;
beforeAll(async () => {
  pushed = await openPushed();
  server = await startServer(folderStorage(pushed.cache), { limits: { perAddress: 512 } });
  using attempt = pushed.attempt("near", { caches: [] });
  expected = outputOf((await attempt.does(["realize", "other.yaml"])).paths.get("tar"));
});
afterAll(async () => {
  await server?.close(100);
  await pushed[Symbol.asyncDispose]();
});

const cases = misbehaviours.flatMap((one) => [
  { ...one, title: `a static server: ${one.title}`, plain: true },
  { ...one, title: `a server that answers in bulk: ${one.title}`, plain: false },
]);

test.for(draw("caches that misbehave", cases, 4))("$title", async (one) => {
  await tryOut(one);
});

async function tryOut({ spoil, isHarmless, hops, plain }: Misbehaviour & { plain: boolean }): Promise<void> {
  await using spoiler = await openSpoiler(server.url, { plain });
  let spoiled = 0;
  spoiler.spoil = (asked) => {
    const manner = spoil(asked);
    if (manner !== undefined) spoiled++;
    return manner;
  };
  const config = `cacheDeadline: ${deadline}\n`;
  using attempt = pushed.attempt("near", { caches: [spoiler.url], config });
  const outcome = await attempt.does(["realize", "other.yaml", "--json"]);
  expect(outputOf(outcome.paths.get("tar"))).toBe(expected);
  expect(flawsOf(attempt.store)).toEqual([]);
  expect(codes(outcome)).toEqual([]);
  // What it takes to build, and a deadline or two: far from what the cache would have let it wait.
  expect(outcome.milliseconds).toBeLessThan(20_000);
  const told = warnings(outcome);
  if (isHarmless) {
    expect(deeds(outcome)).toContain("brought rootfs image root");
    expect(told).toEqual([]);
    return;
  }
  // What it costs: what may be under way at once, and no more when it is given up.
  expect(spoiled).toBeLessThanOrEqual((32 + 3) * hops);
  // A line on what is wrong, and one more where the cache is left out.
  for (const line of told) expect(line).toContain("127.0.0.1");
  expect(told.length).toBeLessThanOrEqual(2);
}

test("five caches that are dead, slow, lying, half filled and good: the good one gives it, and one line tells of each", async () => {
  const manners: Misbehaviour["spoil"][] = [
    () => ({ kind: "silence" }),
    () => ({ kind: "delay", milliseconds: 60_000 }),
    ({ name }) => (name.startsWith("packs/") ? { kind: "flip", at: 0.5 } : undefined),
    ({ name }) => (name.startsWith("trees/") ? { kind: "status", status: 404 } : undefined),
    () => undefined,
  ];
  const spoilers = await Promise.all(manners.map(() => openSpoiler(server.url)));
  for (const [index, spoiler] of spoilers.entries()) spoiler.spoil = manners[index] ?? (() => undefined);
  const caches = spoilers.map(({ url }) => url);
  using attempt = pushed.attempt("near", { caches, config: `cacheDeadline: ${deadline}\n` });
  const outcome = await attempt.does(["realize", "other.yaml", "--json"]);
  expect(deeds(outcome)).toEqual([
    "brought rootfs image root",
    "built customize image customized",
    "built tar image.tar",
  ]);
  expect(outputOf(outcome.paths.get("tar"))).toBe(expected);
  expect(flawsOf(attempt.store)).toEqual([]);
  const told = warnings(outcome);
  expect(caches.slice(0, 4).map((cache) => told.filter((line) => line.includes(cache)).length)).toEqual([
    1, 1, 1, 1,
  ]);
  expect(told.some((line) => line.includes(caches[4] ?? ""))).toBe(false);
  // Who is dead was asked one question, and who lies no more than he had to be.
  expect(spoilers[0]?.asked.length).toBe(1);
  await Promise.all(spoilers.map((spoiler) => spoiler[Symbol.asyncDispose]()));
  expect(readdirSync(join(attempt.store, "staging"))).toEqual([]);
});
