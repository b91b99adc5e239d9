// Collection: what roots keep stays whole, all else goes, and a kill at any point leaves a sound store.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, lstatSync, readdirSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect } from "../../store/collect.ts";
import { openHistory } from "../../store/history.ts";
import { noHolds } from "../../store/holds.ts";
import { splitContent } from "../../store/model/derivation.ts";
import { hexOf } from "../../store/model/digest.ts";
import { decodeTree } from "../../store/model/tree.ts";
import { openRecords } from "../../store/records.ts";
import { readRoots } from "../../store/roots.ts";
import { measure } from "../../store/usage.ts";
import type { Collection, CollectionWish } from "../../store/wish.ts";
import { openShelf, type Shelf, treeOf } from "./shelf.ts";

const noFlush = () => {};

async function run(
  { layout, pool, staging }: Shelf,
  wish: Partial<CollectionWish> = {},
  flush = noFlush,
): Promise<Collection> {
  // Fresh records: what is cached would hide what is gone.
  const records = openRecords(layout, { hasBlob: (blob) => pool.find(blob) !== undefined, holds: noHolds });
  using history = openHistory(layout);
  return await collect(
    { layout, records, history, trash: `${staging}/trash`, flush },
    { dead: [], generations: [], dryRun: false, ...wish },
  );
}

describe("collection", () => {
  it("keeps what a root names, with everything below it, and nothing else", async () => {
    const shelf = openShelf();
    const kept = shelf.result("kept", { "usr/a": "shared", "usr/b": "only kept" });
    const lost = shelf.result("lost", { "usr/a": "shared", "usr/c": "only lost" });
    shelf.root("/links/kept", [kept]);
    const keptTree = treeOf(kept);
    const lostTree = treeOf(lost);
    for (const digest of [keptTree, lostTree]) {
      const folder = shelf.checkout(shelf.records.tree(digest));
      cpSync(folder, `${shelf.layout.outputs}/${hexOf(digest)}`, { recursive: true });
    }
    using history = openHistory(shelf.layout);
    const note = { label: "of a test", builder: "test", duration: 1, finished: 1 };
    history.add([kept, lost].map(({ request }) => ({ request, note })));
    writeFileSync(shelf.layout.log(kept.request), "kept");
    writeFileSync(shelf.layout.log(lost.request), "lost");
    writeFileSync(`${shelf.layout.results}/00/torn.tmp-1`, "{");
    writeFileSync(`${shelf.layout.partial}/half`, "half");

    const { removed, kept: stayed } = await run(shelf);

    expect(stayed).toEqual({ blobs: 3, trees: 1, results: 1, logs: 1, checkouts: 1, outputs: 1, rest: 0 });
    expect(removed).toEqual({ blobs: 2, trees: 1, results: 2, logs: 1, checkouts: 1, outputs: 1, rest: 1 });
    expect(history.find(kept.request)).toEqual(note);
    expect(history.find(lost.request)).toBeUndefined();
    expect(readdirSync(shelf.layout.checkouts)).toEqual([hexOf(keptTree)]);
    expect(readdirSync(shelf.layout.outputs)).toEqual([hexOf(keptTree)]);
    expect(readdirSync(shelf.layout.partial)).toEqual([]);
    expect((await shelf.verify()).problems).toEqual([]);
  });

  it("keeps every member of a kept blob, whichever attributes it has", async () => {
    const shelf = openShelf();
    const result = shelf.result("one", { f: "many faces" });
    shelf.tree({ other: "many faces" }, 0o755);
    shelf.root("/links/one", [result]);
    await run(shelf);
    const names = readdirSync(shelf.layout.pool).flatMap((fan) => readdirSync(`${shelf.layout.pool}/${fan}`));
    expect(names.filter((name) => /\.755\./.test(name))).toHaveLength(1);
  });

  it("drops the roots it is told are dead, and what they alone kept", async () => {
    const shelf = openShelf();
    const [a, b] = [shelf.result("a", { f: "a" }), shelf.result("b", { f: "b" })];
    shelf.root("/links/a", [a]);
    shelf.root("/links/b", [b]);
    const dead = readRoots(shelf.layout).filter(({ root }) => root.link === "/links/b");
    const { roots } = await run(shelf, { dead });
    expect(roots).toEqual({ kept: 1, dropped: ["/links/b"] });
    expect(existsSync(shelf.layout.result(a.request))).toBe(true);
    expect(existsSync(shelf.layout.result(b.request))).toBe(false);
    expect(readdirSync(shelf.layout.roots)).toHaveLength(1);
  });

  it("a dry run says what a real one does, and does nothing", async () => {
    const shelf = openShelf();
    const kept = shelf.result("kept", { f: "1" });
    const lost = shelf.result("lost", { f: "2", g: "3" });
    shelf.root("/links/kept", [kept]);
    shelf.checkout(shelf.records.tree(treeOf(lost)));
    const before = measure(shelf.layout);
    const told = await run(shelf, { dryRun: true });
    expect(measure(shelf.layout)).toEqual(before);
    expect(await run(shelf)).toEqual(told);
    expect(measure(shelf.layout)).not.toEqual(before);
  });

  it("tells the bytes that the disk gives back, files that checkouts share counted once", async () => {
    const shelf = openShelf();
    const lost = shelf.result("lost", { big: "x".repeat(300_000) });
    shelf.checkout(shelf.records.tree(treeOf(lost)));
    const before = blocksBelow(shelf.layout.root);
    const { bytes } = await run(shelf);
    expect(bytes).toBe(before - blocksBelow(shelf.layout.root));
    expect(bytes).toBeGreaterThanOrEqual(300_000);
    expect(bytes).toBeLessThan(600_000);
  });

  it("frees what large files take, too", async () => {
    const shelf = openShelf();
    shelf.result("lost", { large: "x".repeat(17 << 20), small: "y" });
    const before = blocksBelow(shelf.layout.root);
    const told = await run(shelf, { dryRun: true });
    const { bytes } = await run(shelf);
    expect(bytes).toBe(told.bytes);
    expect(bytes).toBe(before - blocksBelow(shelf.layout.root));
    expect(bytes).toBeGreaterThan(17 << 20);
    expect(readdirSync(`${shelf.staging}/trash`)).toEqual([]);
  });

  it("goes on where a root names what is not there", async () => {
    const shelf = openShelf();
    const { request, outputs } = shelf.result("gone", { f: "1" });
    const other = openShelf();
    const kept = other.result("kept", { f: "2" });
    other.root("/links/x", [{ format: "kit/result/1", request, outputs, references: [] }, kept]);
    expect((await run(other)).kept.results).toBe(1);
  });

  it("removes nothing where a record that is kept cannot be read", async () => {
    const shelf = openShelf();
    const [kept, lost] = [shelf.result("kept", { f: "1" }), shelf.result("lost", { f: "2" })];
    shelf.root("/links/kept", [kept]);
    writeFileSync(shelf.layout.result(kept.request), "{");
    await expect(run(shelf)).rejects.toThrow(/cannot be read/);
    expect(existsSync(shelf.layout.result(lost.request))).toBe(true);
  });

  it("leaves a sound store wherever it is stopped between two flushes", async () => {
    for (let stop = 0; ; stop++) {
      const shelf = openShelf();
      const kept = shelf.result("kept", { f: "shared", g: "kept" });
      shelf.result("lost", { f: "shared", h: "lost" });
      shelf.root("/links/kept", [kept]);
      let flushes = 0;
      const flush = () => {
        if (flushes++ === stop) throw new Error("stopped");
      };
      let finished = true;
      try {
        await run(shelf, {}, flush);
      } catch {
        finished = false;
      }
      expect((await shelf.verify()).problems).toEqual([]);
      expect(existsSync(shelf.layout.result(kept.request))).toBe(true);
      if (finished) {
        expect(stop).toBe(4);
        return;
      }
    }
  });

  it("leaves a sound store when it is killed", async () => {
    const shelf = openShelf();
    for (let i = 0; i < 1500; i++) shelf.result(`lost ${i}`, { [`f${i}`]: `${i}` });
    const kept = shelf.result("kept", { f: "kept" });
    shelf.root("/links/kept", [kept]);
    let killed = 0;
    for (
      let round = 0;
      round < 6 &&
      readdirSync(`${shelf.layout.pool}`).some(
        (fan) => readdirSync(`${shelf.layout.pool}/${fan}`).length > 2,
      );
      round++
    ) {
      const child = startCollector(shelf.layout.root);
      // Waited for from the start: one that is quick has closed before it is killed.
      const closed = once(child, "close");
      await once(child.stdout ?? child, "data");
      await sleep(3 + round * 12);
      killed += child.kill("SIGKILL") ? 1 : 0;
      await closed;
      expect((await shelf.verify()).problems).toEqual([]);
    }
    expect(killed).toBeGreaterThan(0);
    await run(shelf);
    const { problems, statements, trees, members } = await shelf.verify();
    expect({ problems, statements, trees, members }).toEqual({
      problems: [],
      statements: 1,
      trees: 1,
      members: 2,
    });
  });

  it("whatever is recorded and rooted: the live stays, the rest goes", async () => {
    const texts = fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ texts, rooted: fc.boolean() }), { minLength: 1, maxLength: 6 }),
        async (plan) => {
          const shelf = openShelf();
          const results = plan.map(({ texts, rooted }, index) => {
            const result = shelf.result(
              `r${index}`,
              Object.fromEntries(texts.map((text, at) => [`f${at}`, text])),
            );
            if (rooted) shelf.root(`/links/${index}`, [result]);
            return { result, rooted };
          });
          const live = new Set(
            results
              .filter(({ rooted }) => rooted)
              .flatMap(({ result }) => contentsOf(shelf, Object.values(result.outputs))),
          );
          await run(shelf);
          const there = new Set([
            ...readdirSync(shelf.layout.pool).flatMap((fan) =>
              readdirSync(`${shelf.layout.pool}/${fan}`).map((name) => name.slice(0, 64)),
            ),
            ...readdirSync(shelf.layout.trees).flatMap((fan) => readdirSync(`${shelf.layout.trees}/${fan}`)),
          ]);
          expect(there).toEqual(live);
          for (const { result, rooted } of results)
            expect(existsSync(shelf.layout.result(result.request))).toBe(rooted);
          expect((await shelf.verify()).problems).toEqual([]);
        },
      ),
      { numRuns: 12 },
    );
  });
});

/** The digits of contents and of the blobs their trees name. */
function contentsOf(
  { layout, records }: Shelf,
  contents: readonly Parameters<typeof splitContent>[0][],
): string[] {
  return contents.flatMap((content) => {
    const { kind, digest } = splitContent(content);
    if (kind === "blob") return [hexOf(digest)];
    const { entries } = existsSync(layout.tree(digest)) ? records.tree(digest) : decodeTree(Buffer.from(""));
    return [hexOf(digest), ...entries.flatMap((entry) => (entry.type === "file" ? [hexOf(entry.blob)] : []))];
  });
}

function startCollector(store: string): ChildProcess {
  const script = fileURLToPath(new URL("./collector.ts", import.meta.url));
  return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script, store], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

/** What a folder takes on disk, each inode once. */
function blocksBelow(folder: string): number {
  const seen = new Map<number, number>();
  const visit = (path: string) => {
    const stats = lstatSync(path);
    seen.set(stats.ino, stats.blocks * 512);
    if (stats.isDirectory()) for (const name of readdirSync(path)) visit(`${path}/${name}`);
  };
  visit(folder);
  return [...seen.values()].reduce((sum, bytes) => sum + bytes, 0);
}
