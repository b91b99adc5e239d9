// Collection beside sessions: what a session finds after it took hold of it stays, whole, and what it does not find is gone whole.

import { closeSync, existsSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "../../store/collect.ts";
import { openHistory } from "../../store/history.ts";
import { noHolds, openJournals } from "../../store/holds.ts";
import { type Content, type Result, splitContent } from "../../store/model/derivation.ts";
import { type Digest, digestOf, hexOf } from "../../store/model/digest.ts";
import { blobsOf } from "../../store/model/tree.ts";
import { addGeneration, readProfiles } from "../../store/profiles.ts";
import { openRecords } from "../../store/records.ts";
import { type Root, readRoots, rootId, writeRoot } from "../../store/roots.ts";
import { measure } from "../../store/usage.ts";
import type { Collection, CollectionWish } from "../../store/wish.ts";
import { system } from "./rig.ts";
import { openShelf, type Shelf, treeOf } from "./shelf.ts";
import { openStay, type Stay } from "./stay.ts";

/** Collects; `beside` runs each time before the gate is closed for some deletes, told how often that was. */
async function run(
  { layout, pool, staging }: Shelf,
  beside: (closed: number) => void,
  wish: Partial<CollectionWish> = {},
): Promise<Collection> {
  const records = openRecords(layout, { hasBlob: (blob) => pool.find(blob) !== undefined, holds: noHolds });
  using history = openHistory(layout);
  using opened = openJournals(layout, system);
  let closed = 0;
  const journals = {
    ...opened,
    withGateClosed<T>(task: () => T): T {
      beside(closed++);
      return opened.withGateClosed(task);
    },
  };
  return await collect(
    { layout, records, history, journals, trash: `${staging}/trash`, flush: () => {} },
    { dead: [], generations: [], dryRun: false, ...wish },
  );
}

/** Does something once, before the first delete: when all has been marked. */
const first = (task: () => void) => (closed: number) => {
  if (closed === 0) task();
};

/** What is missing of contents. */
function missing({ layout, pool, records }: Shelf, contents: readonly Content[]): string[] {
  return contents.flatMap((content) => {
    const { kind, digest } = splitContent(content);
    if (kind === "tree" && !existsSync(layout.tree(digest))) return [content];
    const blobs = kind === "blob" ? [digest] : [...blobsOf(records.tree(digest))];
    return blobs.filter((blob) => pool.find(blob) === undefined).map(String);
  });
}

const isThere = ({ layout }: Shelf, { request }: Result) => existsSync(layout.result(request));

describe("what a session takes hold of between mark and sweep", () => {
  it("of a request stays: statement, outputs and log", async () => {
    const shelf = openShelf();
    const [dead, other] = [shelf.result("dead", { f: "f", g: "g" }), shelf.result("other", { h: "h" })];
    for (const result of [dead, other]) writeFileSync(shelf.layout.log(result.request), "log");
    using stay = openStay(shelf.layout);
    await run(
      shelf,
      first(() => {
        stay.holds.take("request", [hexOf(dead.request)]);
        expect(stay.records.result(dead.request)).toEqual(dead);
      }),
    );
    expect([isThere(shelf, dead), isThere(shelf, other)]).toEqual([true, false]);
    expect(missing(shelf, Object.values(dead.outputs))).toEqual([]);
    expect(existsSync(shelf.layout.log(dead.request))).toBe(true);
    expect((await shelf.verify()).problems).toEqual([]);
  });

  it("of a tree stays: its record, and every blob", async () => {
    const shelf = openShelf();
    const [tree, other] = [shelf.tree({ f: "f", g: "both" }), shelf.tree({ g: "both", h: "h" })];
    using stay = openStay(shelf.layout);
    await run(
      shelf,
      first(() => stay.holds.take("tree", [hexOf(tree)])),
    );
    expect(missing(shelf, [`tree:${tree}`])).toEqual([]);
    expect(existsSync(shelf.layout.tree(other))).toBe(false);
    const { members, problems } = await shelf.verify();
    expect({ members, problems }).toEqual({ members: 2, problems: [] });
  });

  it("of a tree's checkout stays, also where a size is wished for", async () => {
    const shelf = openShelf();
    const [tree, other] = [shelf.tree({ f: "f" }), shelf.tree({ g: "g" })];
    for (const one of [tree, other]) shelf.checkout(shelf.records.tree(one));
    using stay = openStay(shelf.layout);
    await run(
      shelf,
      first(() => stay.holds.take("tree", [hexOf(tree)])),
      { maxSize: 0 },
    );
    expect(readdirSync(shelf.layout.checkouts)).toEqual([hexOf(tree)]);
  });

  it("of a blob stays, in all its members", async () => {
    const shelf = openShelf();
    shelf.tree({ f: "faces" }, 0o755);
    shelf.tree({ f: "faces" }, 0o600);
    shelf.tree({ f: "other" });
    using stay = openStay(shelf.layout);
    await run(
      shelf,
      first(() => void stay.pool.put(Buffer.from("faces"))),
    );
    expect((await shelf.verify()).members).toBe(3);
  });

  it("of a download, of a failure that was kept, of a log or a record that is being written", async () => {
    const shelf = openShelf();
    const { layout } = shelf;
    const [mine, other] = [digestOf("mine"), digestOf("other")];
    const result = shelf.result("mine", { f: "f" });
    for (const digest of [mine, other]) {
      writeFileSync(`${layout.partial}/${hexOf(digest)}`, "half");
      mkdirSync(`${layout.failed}/${hexOf(digest)}`);
      for (const place of [layout.log(digest), layout.result(digest), layout.tree(digest)])
        writeFileSync(`${place}.tmp-1234`, "begun");
    }
    const root: Root = { kind: "link", link: "/links/mine", contents: [], requests: [] };
    const leftovers = [rootId(root), rootId({ kind: "link", link: "/links/other" })].map(
      (id) => `${layout.roots}/${id.slice(0, 32)}.tmp-1234`,
    );
    for (const file of leftovers) writeFileSync(file, "begun");
    using stay = openStay(layout);
    await run(
      shelf,
      first(() => {
        stay.holds.take("partial", [hexOf(mine)]);
        stay.holds.take("request", [hexOf(mine)]);
        stay.holds.take("tree", [hexOf(mine)]);
        stay.holds.take("link", [rootId(root)]);
      }),
    );
    const isLeft = (digest: Digest) => [
      existsSync(`${layout.partial}/${hexOf(digest)}`),
      existsSync(`${layout.failed}/${hexOf(digest)}`),
      existsSync(`${layout.log(digest)}.tmp-1234`),
      existsSync(`${layout.result(digest)}.tmp-1234`),
      existsSync(`${layout.tree(digest)}.tmp-1234`),
    ];
    expect(isLeft(mine)).toEqual([true, true, true, true, true]);
    expect(isLeft(other)).toEqual([false, false, false, false, false]);
    expect(leftovers.map((file) => existsSync(file))).toEqual([true, false]);
    expect(result.request).toBe(mine);
  });

  it("of a link that is registered anew stays, and what the root names now", async () => {
    const shelf = openShelf();
    const [before, now] = [shelf.result("before", { f: "b" }), shelf.result("now", { f: "n" })];
    shelf.root("/links/one", [before]);
    shelf.root("/links/two", [before]);
    const dead = readRoots(shelf.layout);
    using stay = openStay(shelf.layout);
    const { roots } = await run(
      shelf,
      first(() => registerRoot(shelf, stay, "/links/one", now)),
      { dead },
    );
    expect(readRoots(shelf.layout).map(({ root }) => [root.link, root.requests])).toEqual([
      ["/links/one", [now.request]],
    ]);
    expect(missing(shelf, Object.values(now.outputs))).toEqual([]);
    expect([isThere(shelf, now), isThere(shelf, before)]).toEqual([true, false]);
    expect(roots.dropped).toContain("/links/two");
  });

  it("of a generation's contents stays with a generation that takes the number of one that is let go", async () => {
    const shelf = openShelf();
    const [before, now] = [shelf.result("before", { f: "b" }), shelf.result("now", { f: "n" })];
    const generation = (result: Result, made: number) => ({
      made,
      label: "image.yaml",
      outputs: {},
      contents: Object.values(result.outputs),
      requests: [result.request],
    });
    addGeneration(shelf.layout, "edge", generation(before, 1));
    const generations = [{ profile: "edge", number: 1, made: 1 }];
    using stay = openStay(shelf.layout);
    await run(
      shelf,
      first(() => {
        rmSync(`${shelf.layout.profiles}/edge/1`);
        stay.holds.take("request", [hexOf(now.request)]);
        expect(addGeneration(shelf.layout, "edge", generation(now, 2))).toBe(1);
      }),
      { generations },
    );
    expect(readProfiles(shelf.layout)[0]?.generations.map(({ made }) => made)).toEqual([2]);
    expect([isThere(shelf, now), isThere(shelf, before)]).toEqual([true, false]);
    // Asked for too late, of another generation than was meant.
    await run(shelf, () => {}, { generations });
    expect(readProfiles(shelf.layout)).toHaveLength(1);
  });

  it("by a session that has ended since stays until the collection ends", async () => {
    const shelf = openShelf();
    const dead = shelf.result("dead", { f: "f" });
    const collecting = lockCollecting(shelf);
    await run(
      shelf,
      first(() => {
        using stay = openStay(shelf.layout);
        registerRoot(shelf, stay, "/links/new", dead);
      }),
    );
    collecting();
    expect(isThere(shelf, dead)).toBe(true);
    expect(missing(shelf, Object.values(dead.outputs))).toEqual([]);
    expect((await run(shelf, () => {})).removed.results).toBe(0);
  });

  it("is not touched by a dry run, which tells that it stays", async () => {
    const shelf = openShelf();
    const [dead, held] = [shelf.result("dead", { f: "f" }), shelf.result("held", { g: "g" })];
    using stay = openStay(shelf.layout);
    stay.holds.take("request", [hexOf(held.request)]);
    const before = measure(shelf.layout);
    const told = await run(shelf, () => {}, { dryRun: true });
    expect(measure(shelf.layout)).toEqual(before);
    expect(await run(shelf, () => {})).toEqual(told);
    expect([isThere(shelf, held), isThere(shelf, dead)]).toEqual([true, false]);
  });
});

describe("what a session looks for too late", () => {
  it("is gone, and made anew: whole, and there to stay", async () => {
    const shelf = openShelf();
    const dead = shelf.result("dead", { f: "f", g: "g" });
    using stay = openStay(shelf.layout);
    const found: (Result | undefined)[] = [];
    await run(shelf, (closed) => {
      // Statements are the first to go.
      if (closed !== 1) return;
      stay.holds.take("request", [hexOf(dead.request)]);
      found.push(stay.records.result(dead.request));
      makeAgain(shelf, stay, { f: "f", g: "g" });
    });
    expect(found).toEqual([undefined]);
    expect(missing(shelf, [`tree:${treeOf(dead)}`])).toEqual([]);
    expect((await shelf.verify()).problems).toEqual([]);
  });

  it("at any moment, of anything: it is there and stays whole, or is not there and can be made", async () => {
    const texts = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f"), { minLength: 1, maxLength: 3 });
    const results = fc.array(fc.record({ texts, rooted: fc.boolean() }), { minLength: 2, maxLength: 6 });
    // So many times the gate is closed before the session looks; what it looks for; which of them.
    const looks = fc.array(
      fc.record({
        after: fc.nat({ max: 25 }),
        kind: fc.constantFrom("request", "tree", "blob"),
        nth: fc.nat(),
      }),
      { minLength: 1, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(results, looks, async (plan, looks) => {
        const shelf = openShelf();
        const made = plan.map(({ texts, rooted }, index) => {
          const files = Object.fromEntries(texts.map((text, at) => [`f${at}`, text]));
          const result = shelf.result(`r${index}`, files);
          if (rooted) shelf.root(`/links/${index}`, [result]);
          return { result, files };
        });
        using stay = openStay(shelf.layout);
        const sure: Content[] = [];
        await run(shelf, (closed) => {
          for (const { after, kind, nth } of looks) {
            const one = made[nth % made.length];
            if (after === closed && one) sure.push(...look(shelf, stay, kind, one));
          }
        });
        expect(missing(shelf, sure)).toEqual([]);
        expect((await shelf.verify()).problems).toEqual([]);
      }),
      { numRuns: 40 },
    );
  });
});

/** Looks as a builder does, and makes what it does not find; tells what it may rely on from then on. */
function look(
  shelf: Shelf,
  stay: Stay,
  kind: "request" | "tree" | "blob",
  { result, files }: { result: Result; files: Readonly<Record<string, string>> },
): Content[] {
  switch (kind) {
    case "request": {
      stay.holds.take("request", [hexOf(result.request)]);
      const found = stay.records.result(result.request);
      if (found !== undefined) {
        expect(missing(shelf, Object.values(found.outputs))).toEqual([]);
        return Object.values(found.outputs);
      }
      return [makeAgain(shelf, stay, files)];
    }
    case "tree": {
      stay.holds.take("tree", [hexOf(treeOf(result))]);
      if (!existsSync(shelf.layout.tree(treeOf(result)))) return [makeAgain(shelf, stay, files)];
      return [`tree:${treeOf(result)}`];
    }
    case "blob":
      return Object.values(files).map((text): Content => `blob:${stay.pool.put(Buffer.from(text))}`);
  }
}

/** The same tree, by way of a session's own pool and records. */
function makeAgain(shelf: Shelf, stay: Stay, files: Readonly<Record<string, string>>): Content {
  return `tree:${shelf.treeIn(stay, files)}`;
}

/** As a keeper does it. */
function registerRoot({ layout }: Shelf, { holds }: Stay, link: string, { request, outputs }: Result): void {
  const root: Root = { kind: "link", link, contents: Object.values(outputs), requests: [request] };
  holds.take("link", [rootId(root)]);
  holds.take("request", [hexOf(request)]);
  for (const content of root.contents) {
    const { kind, digest } = splitContent(content);
    holds.take(kind, [hexOf(digest)]);
  }
  expect(existsSync(layout.result(request))).toBe(true);
  writeRoot(layout, root);
}

/** As who collects does; returns what gives it back. */
function lockCollecting({ layout }: Shelf): () => void {
  const fd = openSync(layout.collecting, "a");
  expect(system.tryLock(fd, "exclusive")).toBe(true);
  return () => closeSync(fd);
}
