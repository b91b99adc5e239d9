// A cache behind nginx: a pushed folder as it serves it, and what it takes with PUT where it was told to.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { flawsOfCache } from "../rig/cacheflaws.ts";
import { codes, told } from "./kit.ts";
import { openNginx } from "./nginx.ts";
import { openPlace } from "./place.ts";
import { type CacheAttempt, deeds, openPushed, outputOf, type Pushed, warnings } from "./pushed.ts";
import { flawsOf } from "./sound.ts";

let pushed: Pushed;
beforeAll(async () => {
  pushed = await openPushed();
});
afterAll(() => pushed[Symbol.asyncDispose]());

const own = ["realize", "own.yaml", "--json"];

/** What lets nginx take files. */
const put = "dav_methods PUT; create_full_put_path on;";

/** Pushes what became of `own.yaml`, which another store brings from there afterwards. */
async function push(attempt: CacheAttempt, to: string) {
  await attempt.does([...own, "--no-cache"]);
  return await attempt.run(["push", to, "own.yaml", "--key", pushed.keyFile, "--json"]);
}

test("a pushed folder is realized from, by ranges of its packs", async () => {
  using place = openPlace("nginx");
  await using nginx = await openNginx(place, pushed.cache);
  using attempt = pushed.attempt("empty", { caches: [nginx.url] });
  const outcome = await attempt.does(["realize", "image.yaml", "--json"]);
  expect([deeds(outcome), warnings(outcome)]).toEqual([["brought tar image.tar"], []]);
  expect(outputOf(outcome.paths.get("tar"))).toBe(pushed.output);
  const parts = nginx.answered().filter(({ name }) => name.startsWith("packs/"));
  expect(parts.length).toBeGreaterThan(0);
  expect(new Set(parts.map(({ status }) => status))).toEqual(new Set([206]));
  expect(flawsOf(attempt.store)).toEqual([]);
});

test("who has most of a root brings the rest of it", async () => {
  using place = openPlace("nginx");
  await using nginx = await openNginx(place, pushed.cache);
  const bytes = async (store: "near" | "empty") => {
    using attempt = pushed.attempt(store, { caches: [nginx.url] });
    const before = nginx.answered().length;
    const outcome = await attempt.does(["realize", "other.yaml", "--json"]);
    expect(deeds(outcome)).toContain("brought rootfs image root");
    const parts = nginx
      .answered()
      .slice(before)
      .filter(({ name }) => name.startsWith("packs/"));
    return parts.reduce((sum, { sent }) => sum + sent, 0);
  };
  const [near, empty] = [await bytes("near"), await bytes("empty")];
  expect(near).toBeLessThan(4_000_000);
  expect(empty).toBeGreaterThan(5 * near);
});

test("a result is pulled by its digest", async () => {
  using place = openPlace("nginx");
  await using nginx = await openNginx(place, pushed.cache);
  using attempt = pushed.attempt("empty", { caches: [] });
  await attempt.does(["pull", nginx.url, ...pushed.requests]);
  expect(flawsOf(attempt.store)).toEqual([]);
});

test("two clients that pull while a push is under way get what is there, and all of it at last", async () => {
  using maker = pushed.attempt("near", { caches: [] });
  for (const name of ["image.yaml", "own.yaml"]) await maker.does(["realize", name]);
  const cache = join(maker.folder, "cache");
  await using nginx = await openNginx(maker, cache);
  const { requests } = pushed;
  const state = { over: false };
  const pushing = maker.does(["push", cache, ...requests, "--key", pushed.keyFile]).finally(() => {
    state.over = true;
  });
  const client = async (from: string) => {
    using attempt = pushed.attempt("empty", { caches: [] });
    const ends = new Map<string, number>();
    for (let nth = 0; !state.over; nth++) {
      const pull = ["pull", from, requests[nth % requests.length] ?? "", "--json"];
      const outcome = await attempt.run(pull);
      const end = `${outcome.status} ${codes(outcome)}`;
      ends.set(end, 1 + (ends.get(end) ?? 0));
    }
    await attempt.does(["pull", from, ...requests]);
    expect(flawsOf(attempt.store)).toEqual([]);
    return [...ends.keys()];
  };
  // A folder that is no cache yet; a server of one.
  const [ofFolder, ofServer] = await Promise.all([client(cache), client(nginx.url), pushing]);
  const expected = ["0 ", "2 usage/no-cache", "6 network/not-cached"];
  expect(expected).toEqual(expect.arrayContaining(ofFolder));
  expect(expected).toEqual(expect.arrayContaining(ofServer));
  expect(ofServer).toContain("6 network/not-cached");
  expect(flawsOfCache(cache)).toEqual([]);
});

test("nginx that takes PUT is pushed to, and again for nothing", async () => {
  using place = openPlace("nginx");
  const root = join(place.folder, "root");
  mkdirSync(root);
  await using nginx = await openNginx(place, root, `${put} client_max_body_size 128m;`);
  using attempt = pushed.attempt("empty", { caches: [] });
  const outcome = await push(attempt, nginx.url);
  expect(outcome.status, outcome.stderr).toBe(0);
  expect(flawsOfCache(root)).toEqual([]);
  const written = nginx.answered().filter(({ method }) => method === "PUT");
  const again = await push(attempt, nginx.url);
  expect(JSON.parse(again.stdout)).toMatchObject({ pushed: 0, bytes: 0, conflicts: [] });
  expect(nginx.answered().filter(({ method }) => method === "PUT")).toEqual(written);
  using other = pushed.attempt("empty", { caches: [nginx.url] });
  expect(deeds(await other.does(own))).toEqual(["brought copy ./own.deb", "brought unpack ./own.deb"]);
});

test.for([
  ["no PUT", "", "network/read-only", /takes no PUT.*405/],
  ["no large files", put, "network/no-room", /files that large.*413/],
] as const)("nginx that takes %s is told of", async ([, lines, code, why]) => {
  using place = openPlace("nginx");
  const root = join(place.folder, "root");
  mkdirSync(root);
  await using nginx = await openNginx(place, root, lines);
  using attempt = pushed.attempt("empty", { caches: [] });
  const outcome = await push(attempt, nginx.url);
  expect([outcome.status, codes(outcome)]).toEqual([6, [code]]);
  const [{ message = "", hint } = {}] = told(outcome).flatMap(({ faults = [] }) => faults);
  expect(message).toMatch(why);
  expect(hint).not.toContain("when it answers");
  expect(flawsOfCache(root)).toEqual([]);
});
