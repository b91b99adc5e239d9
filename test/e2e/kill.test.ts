// kill -9 of realizes that bring from a cache, of pushes and of pulls, at moments that are drawn: store and cache are
// sound afterwards, and whatever was killed goes well when it is repeated. Collections: gckill.test.ts.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { infoName } from "../../store/cache/info.ts";
import { layoutOf } from "../../store/layout.ts";
import { flawsOfCache } from "../rig/cacheflaws.ts";
import { randomFrom, tellSeed } from "../rig/seed.ts";
import { killSoon, victims } from "./death.ts";
import { codes, done, type KitOptions, startKit } from "./kit.ts";
import { type CacheAttempt, openPushed, type Pushed } from "./pushed.ts";
import { flawsOf } from "./sound.ts";

const rounds = process.env["KIT_TEST_LONG"] === undefined ? 3 : 130;
const random = randomFrom(tellSeed("killing what uses caches"));

let pushed: Pushed;
/** Where what is pushed was built. */
let maker: CacheAttempt;
/** Milliseconds that a command takes which nobody kills. */
const durations = new Map<Work, number>();

beforeAll(async () => {
  pushed = await openPushed();
  maker = pushed.attempt("near", { caches: [] });
  for (const name of ["image.yaml", "own.yaml"]) await maker.does(["realize", name]);
  for (const work of works) {
    using place = pushed.attempt("empty");
    const { milliseconds } = done(await startKit(...commandOf(work, place)).ended);
    durations.set(work, milliseconds);
  }
});
afterAll(async () => {
  maker?.[Symbol.dispose]();
  await pushed?.[Symbol.asyncDispose]();
});

const works = ["realize", "push", "pull"] as const;
type Work = (typeof works)[number];

/** What is done, in an attempt's folder; pushes are of the maker's store. */
function commandOf(work: Work, place: CacheAttempt): [argv: string[], options: KitOptions] {
  switch (work) {
    case "realize":
      return [["realize", "other.yaml", "--json"], place.options];
    case "push":
      return [["push", cacheIn(place), ...pushed.requests, "--key", pushed.keyFile, "--json"], maker.options];
    case "pull":
      return [["pull", pushed.cache, ...pushed.requests, "--json"], place.options];
  }
}

const cacheIn = ({ folder }: CacheAttempt) => join(folder, "cache");

const first = random(victims.length);
const drawn = Array.from({ length: rounds }, (_, round) => ({
  // Each in its turn, so that few rounds have as many of them as can be.
  work: works[round % works.length] ?? works[0],
  victim: victims[(first + round) % victims.length] ?? victims[0],
  percent: random(95),
}));

test.for(drawn)("$victim of a $work, killed when $percent % of its time are over", async (round) => {
  using place = pushed.attempt("empty");
  const [argv, options] = commandOf(round.work, place);
  const running = startKit(argv, options);
  await sleep(((durations.get(round.work) ?? 0) * round.percent) / 100);
  await killSoon(running, round.victim);
  await running.ended;
  const store = options.store ?? "";
  // Before anything mends what was left, and after.
  expect(flawsOf(store, { settled: false })).toEqual([]);
  if (round.work === "push") await expectSoundCache(place);
  if (existsSync(layoutOf(store).format))
    expect(done(await startKit(["store", "verify"], options).ended).stdout).toContain("all is sound");
  done(await startKit(argv, options).ended);
  expect(flawsOf(store)).toEqual([]);
  if (round.work === "push") await expectWholeCache(place);
});

/** What another client gets of it: a result that is signed is there with all it names, and any other is not there. */
async function expectSoundCache(place: CacheAttempt): Promise<void> {
  const cache = cacheIn(place);
  expect(flawsOfCache(cache)).toEqual([]);
  const request = pushed.requests[random(pushed.requests.length)] ?? "";
  const folder = join(cache, "results", request);
  const isSigned = existsSync(folder) && readdirSync(folder).some((name) => name.endsWith(".sig"));
  const missing = existsSync(join(cache, infoName)) ? "network/not-cached" : "usage/no-cache";
  using client = pushed.attempt("empty");
  const outcome = await client.run(["pull", cache, request, "--json"]);
  expect(codes(outcome), outcome.stderr).toEqual(isSigned ? [] : [missing]);
  expect(flawsOf(client.store)).toEqual([]);
}

async function expectWholeCache(place: CacheAttempt): Promise<void> {
  expect(flawsOfCache(cacheIn(place))).toEqual([]);
  expect(readdirSync(join(cacheIn(place), "results"))).toEqual(pushed.requests);
  using client = pushed.attempt("empty");
  await client.does(["pull", cacheIn(place), ...pushed.requests]);
  expect(flawsOf(client.store)).toEqual([]);
}
