// What stays although no root keeps it: what was used since a time, or what was used last, as far as there is room.

import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "../../store/collect.ts";
import { openHistory } from "../../store/history.ts";
import { noHolds } from "../../store/holds.ts";
import type { Result } from "../../store/model/derivation.ts";
import { openRecords } from "../../store/records.ts";
import { kinds, measure } from "../../store/usage.ts";
import type { Collection, CollectionWish } from "../../store/wish.ts";
import { openShelf, type Shelf, treeOf } from "./shelf.ts";

async function run({ layout, pool, staging }: Shelf, wish: Partial<CollectionWish>): Promise<Collection> {
  const records = openRecords(layout, { hasBlob: (blob) => pool.find(blob) !== undefined, holds: noHolds });
  using history = openHistory(layout);
  return await collect(
    { layout, records, history, trash: `${staging}/trash`, flush: () => {} },
    { dead: [], generations: [], dryRun: false, ...wish },
  );
}

/** What the store takes on disk. */
function sizeOf({ layout }: Shelf): number {
  const usage = measure(layout);
  return kinds.reduce((sum, kind) => sum + usage[kind].physical, 0);
}

const there = ({ layout }: Shelf, { request }: Result) => existsSync(layout.result(request));
/** As if a result was last used at this time, in seconds since 1970. */
const used = ({ layout }: Shelf, { request }: Result, at: number) =>
  utimesSync(layout.result(request), at, at);
const kilobytes = (count: number, letter: string) => letter.repeat(count * 1024);

describe("what was used since a time", () => {
  it("stays with all its results are made of, rooted or not; what was used before goes", async () => {
    const shelf = openShelf();
    const [old, young] = [shelf.result("old", { f: "old", g: "both" }), shelf.result("young", { g: "both" })];
    for (const result of [old, young]) writeFileSync(shelf.layout.log(result.request), "log");
    used(shelf, old, 1000);
    used(shelf, young, 2000);
    // Everything on this disk changed just now: only results have a date of their own.
    const { removed, kept } = await run(shelf, { usedSince: 1500 });
    expect([there(shelf, old), there(shelf, young)]).toEqual([false, true]);
    expect(removed).toMatchObject({ results: 1 });
    expect(kept).toMatchObject({ results: 1, trees: 2, blobs: 4, logs: 2 });
    expect((await shelf.verify()).problems).toEqual([]);
  });

  it("counts for what no statement names by when it changed", async () => {
    const shelf = openShelf();
    const tree = shelf.tree({ f: "unnamed" });
    const blob = shelf.pool.put(Buffer.from("unnamed too"));
    const past = Date.now() / 1000 - 60;
    await run(shelf, { usedSince: past });
    expect(existsSync(shelf.layout.tree(tree))).toBe(true);
    expect(shelf.pool.find(blob)).toBeDefined();
    await run(shelf, { usedSince: Date.now() / 1000 + 60 });
    expect(existsSync(shelf.layout.tree(tree))).toBe(false);
    expect(shelf.pool.find(blob)).toBeUndefined();
  });

  it("is not used again by the collection that takes its checkout away", async () => {
    const shelf = openShelf();
    const old = shelf.result("old", { f: "old" });
    used(shelf, old, 1000);
    shelf.checkout(shelf.records.tree(treeOf(old)));
    await sleep(1100);
    const { removed } = await run(shelf, { usedSince: Math.floor(Date.now() / 1000) });
    expect(removed).toMatchObject({ results: 1, checkouts: 1, trees: 1, blobs: 2 });
  });
});

describe("a size", () => {
  it("that is not reached removes nothing that was asked for, dead or alive", async () => {
    const shelf = openShelf();
    const dead = shelf.result("dead", { f: "dead" });
    shelf.checkout(shelf.records.tree(treeOf(dead)));
    const { removed, bytes, above } = await run(shelf, { maxSize: sizeOf(shelf) });
    expect([removed.results, removed.checkouts, bytes, above]).toEqual([0, 0, 0, undefined]);
    expect(there(shelf, dead)).toBe(true);
  });

  it("is kept to by removing what can be made again at once before any result", async () => {
    const shelf = openShelf();
    const dead = shelf.result("dead", { f: kilobytes(64, "d") });
    shelf.checkout(shelf.records.tree(treeOf(dead)));
    writeFileSync(`${shelf.layout.partial}/half`, kilobytes(256, "h"));
    const { removed } = await run(shelf, { maxSize: sizeOf(shelf) - 200 * 1024 });
    expect(removed).toMatchObject({ results: 0, checkouts: 1, rest: 1 });
    expect(there(shelf, dead)).toBe(true);
  });

  it("keeps what was used last", async () => {
    const shelf = openShelf();
    const results = [3, 1, 4, 0, 2].map((at) => {
      const result = shelf.result(`${at}`, { f: kilobytes(100, `${at}`) });
      used(shelf, result, 1000 + at);
      return { at, result };
    });
    await run(shelf, { maxSize: sizeOf(shelf) - 150 * 1024 });
    for (const { at, result } of results) expect([at, there(shelf, result)]).toEqual([at, at >= 2]);
    await run(shelf, { free: 150 * 1024 });
    for (const { at, result } of results) expect([at, there(shelf, result)]).toEqual([at, at >= 4]);
    expect((await shelf.verify()).problems).toEqual([]);
  });

  it("counts what results share once", async () => {
    const shelf = openShelf();
    const shared = { big: kilobytes(400, "s") };
    const [a, b] = [shelf.result("a", { ...shared, a: "a" }), shelf.result("b", { ...shared, b: "b" })];
    const lone = shelf.result("lone", { lone: kilobytes(300, "l") });
    for (const [at, result] of [lone, a, b].entries()) used(shelf, result, 1000 + at);
    // Room for what is shared, and not for what is alone.
    await run(shelf, { maxSize: sizeOf(shelf) - 200 * 1024 });
    expect([a, b, lone].map((result) => there(shelf, result))).toEqual([true, true, false]);
  });

  it("holds for all that a store takes, statements and logs too", async () => {
    const shelf = openShelf();
    for (let at = 0; at < 200; at++) {
      const result = shelf.result(`${at}`, { f: `${at}` });
      writeFileSync(shelf.layout.log(result.request), `log of ${at}`);
      used(shelf, result, 1000 + at);
    }
    const size = Math.floor(sizeOf(shelf) / 2);
    const { above, removed } = await run(shelf, { maxSize: size });
    expect(above).toBeUndefined();
    expect(sizeOf(shelf)).toBeLessThanOrEqual(size);
    // And no more than that goes.
    expect(sizeOf(shelf)).toBeGreaterThan(size * 0.9);
    expect(removed.results).toBeLessThan(110);
  });

  it("that roots do not fit in is told, and they stay", async () => {
    const shelf = openShelf();
    const rooted = shelf.result("rooted", { f: kilobytes(500, "r") });
    const young = shelf.result("young", { g: "y" });
    shelf.root("/links/rooted", [rooted]);
    const { above = 0 } = await run(shelf, { maxSize: 100 * 1024 });
    expect([there(shelf, rooted), there(shelf, young)]).toEqual([true, false]);
    expect(above).toBeGreaterThan(400 * 1024);
    expect(above).toBe(sizeOf(shelf) - 100 * 1024);
  });

  it("and an age: what is older goes though there is room for it, once room is made at all", async () => {
    const shelf = openShelf();
    const [old, young] = [shelf.result("old", { f: "o" }), shelf.result("young", { f: kilobytes(100, "y") })];
    const big = shelf.result("big", { f: kilobytes(500, "b") });
    used(shelf, big, 900);
    used(shelf, old, 1000);
    used(shelf, young, 2000);
    await run(shelf, { maxSize: 450 * 1024, usedSince: 1500 });
    expect([big, old, young].map((result) => there(shelf, result))).toEqual([false, false, true]);
  });

  it("is never passed, whatever shares what: what goes was used before all that stays", async () => {
    const files = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ files, rooted: fc.boolean(), log: fc.boolean() }), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (plan, share) => {
          const shelf = openShelf();
          const all = plan.map(({ files, rooted, log }, at) => {
            const texts = files.map((nth): [string, string] => [`f${nth}`, kilobytes(8 * nth, `${nth}`)]);
            const result = shelf.result(`${at}`, Object.fromEntries(texts));
            if (log) writeFileSync(shelf.layout.log(result.request), kilobytes(9, "l"));
            if (rooted) shelf.root(`/links/${at}`, [result]);
            used(shelf, result, 1000 + at);
            return { at, rooted, result };
          });
          const size = Math.floor(sizeOf(shelf) * share);
          const { above = 0 } = await run(shelf, { maxSize: size });
          expect(sizeOf(shelf)).toBeLessThanOrEqual(size + above);
          if (above > 0) expect(sizeOf(shelf)).toBe(size + above);
          const loose = all.filter(({ rooted }) => !rooted);
          const stays = loose.filter(({ result }) => there(shelf, result)).map(({ at }) => at);
          expect(stays).toEqual(loose.map(({ at }) => at).slice(loose.length - stays.length));
          if (above > 0) expect(stays).toEqual([]);
          for (const { rooted, result } of all) if (rooted) expect(there(shelf, result)).toBe(true);
          expect((await shelf.verify()).problems).toEqual([]);
        },
      ),
      { numRuns: 15 },
    );
  });
});
