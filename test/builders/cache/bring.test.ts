// Contents out of caches that are whole, half filled, damaged or lie: what comes into the store is what was asked for,
// or nothing does, and the next cache is asked.

import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cache } from "../../../builders/cache/cache.ts";
import type { FrameBatch } from "../../../builders/cache/frames.ts";
import { compress } from "../../../store/cache/frame.ts";
import {
  type BlobPlace,
  decodeMap,
  encodeMap,
  type Located,
  type LocationMap,
} from "../../../store/cache/map.ts";
import {
  decodeBlobFile,
  decodeTreeFile,
  encodeBlobFile,
  encodeTreeFile,
} from "../../../store/cache/treefile.ts";
import { type Content, splitContent } from "../../../store/model/derivation.ts";
import { digestOf, hexOf } from "../../../store/model/digest.ts";
import type { Spec } from "../../store/rig.ts";
import { unsoundMembers } from "../../store/rig.ts";
import { type Depot, noise, openDepot, openShop, type Shop } from "./rig.ts";

const spec: Spec = {
  "": { folder: true },
  "etc/motd": "hello",
  "etc/empty": "",
  "usr/bin/tool": { text: "#!/bin/sh\n", mode: 0o4755, uid: 3, gid: 42, xattrs: { "user.kind": "eA==" } },
  "usr/bin/other": { text: "#!/bin/sh\n", mode: 0o755 },
  "usr/lib/link": { to: "../../etc/motd" },
  "var/large": { text: noise(1_600_000).toString("latin1") },
};

let from: Shop;
let to: Shop;
let depot: Depot;
let content: Content;

beforeEach(async () => {
  [from, to] = [openShop(), openShop()];
  depot = await openDepot();
  content = from.tree(spec);
  await from.push([from.record("root", { tree: content })], depot.open());
  depot.spoiler.forget();
});
afterEach(async () => {
  // Whatever a test did: what is named is what it is named.
  expect(unsoundMembers(to.store.layout, digestOf)).toEqual([]);
  await depot[Symbol.asyncDispose]();
});

const hexIn = (of: Content) => hexOf(splitContent(of).digest);
const treeFileOf = (of: Content) => join(depot.folder, "trees", hexIn(of));
const packs = () => depot.names("packs").map((name) => join(depot.folder, name));
const isThere = (shop: Shop, of: Content) => {
  if (!shop.store.records.has(of)) return false;
  const { kind, digest } = splitContent(of);
  if (kind === "blob") return true;
  return shop.store.records
    .tree(digest)
    .entries.every((entry) => entry.type !== "file" || shop.store.pool.find(entry.blob) !== undefined);
};
/** Writes the tree's file anew, with another map. */
const rewrite = (of: Content, change: (map: LocationMap) => LocationMap) => {
  const file = treeFileOf(of);
  const { record, map } = decodeTreeFile(readFileSync(file), splitContent(of).digest);
  writeFileSync(file, encodeTreeFile({ record, map: change(map) }));
};
const open = (which = depot, options: Parameters<Depot["open"]>[0] = {}): Cache => which.open(options);

describe("a whole cache", () => {
  it("gives much while the disk takes in what came before; a failure of that is told, and not a second time", async () => {
    const much = from.blob(noise(40 << 20));
    await from.push([from.record("much", { file: much })], open());
    let flushed = 0;
    to.flush = async () => {
      flushed++;
      throw new Error("the disk is gone");
    };
    await expect(to.bringer(open()).bring(much)).rejects.toThrow("the disk is gone");
    expect(flushed).toBe(1);
  });

  it.each([false, true])("gives a tree with all that is in it (static: %s)", async (plain) => {
    await using other = await openDepot({ plain });
    await from.push([from.record("again", { tree: content })], open(other));
    other.spoiler.forget();
    const { bring, lines } = to.bringer(open(other));
    expect(await bring(content)).toBe(true);
    expect(isThere(to, content)).toBe(true);
    expect(lines).toEqual([]);
    // The tree's file, and one pack.
    expect(other.spoiler.asked.map(({ name }) => name.split("/")[0])).toEqual(["trees", "packs"]);
    const { digest } = splitContent(content);
    expect(to.store.records.tree(digest)).toEqual(from.store.records.tree(digest));
  });

  it("gives a blob by itself, small, large and empty", async () => {
    const blobs = ["", "small", noise(2 << 20, 7)].map((bytes) => from.blob(bytes));
    await from.push(
      [from.record("blobs", { a: blobs[0] as Content, b: blobs[1] as Content, c: blobs[2] as Content })],
      open(),
    );
    const { bring } = to.bringer(open());
    for (const blob of blobs) expect(await bring(blob)).toBe(true);
    for (const blob of blobs) expect(isThere(to, blob)).toBe(true);
  });

  it("is asked for what the store lacks alone", async () => {
    to.blob("hello");
    to.blob(noise(1_600_000));
    const { bring, came } = to.bringer(open());
    expect(await bring(content)).toBe(true);
    expect(came()).toBeLessThan(500);
    depot.spoiler.forget();
    expect(await bring(content)).toBe(true);
    expect(depot.spoiler.asked).toEqual([]);
  });

  it("is asked once for what is wanted twice at a time", async () => {
    const { bring } = to.bringer(open());
    expect(await Promise.all([bring(content), bring(content), bring(content)])).toEqual([true, true, true]);
    expect(depot.spoiler.asked.filter(({ name }) => name.startsWith("trees/"))).toHaveLength(1);
  });

  it("of a tree of thousands of files brings all in a few requests", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 3000 }, (_, index) => [`etc/${index}`, `content ${index}`]),
    );
    const large = from.tree(many);
    await from.push([from.record("large", { tree: large })], open());
    depot.spoiler.forget();
    expect(await to.bringer(open()).bring(large)).toBe(true);
    expect(isThere(to, large)).toBe(true);
    expect(depot.spoiler.asked.length).toBeLessThan(6);
  });
});

describe("a tree that changed a little", () => {
  const before = noise(4 << 20, 3);
  const after = Buffer.concat([
    before.subarray(0, 2 << 20),
    Buffer.from("inserted"),
    before.subarray(2 << 20),
  ]);
  const make = (shop: Shop, text: Buffer) =>
    shop.tree({ ...spec, "var/database": { text: text.toString("latin1") } });

  it("costs the bytes that changed, of large files too", async () => {
    const [old, fresh] = [make(from, before), make(from, after)];
    await from.push([from.record("image", { tree: old })], open());
    await from.push([from.record("image", { tree: fresh }, { request: digestOf("other") })], open());
    expect(depot.names("trees").some((name) => name.endsWith(`${hexIn(fresh)}.from-${hexIn(old)}`))).toBe(
      true,
    );
    const { bring, came } = to.bringer(open());
    await bring(old);
    const first = came();
    expect(first).toBeGreaterThan(4_500_000);
    depot.spoiler.forget();
    expect(await bring(fresh)).toBe(true);
    expect(isThere(to, fresh)).toBe(true);
    // Two chunks at the most, each of at most 512 KiB.
    expect(came() - first).toBeLessThan(1 << 20);
    expect(depot.spoiler.asked.map(({ name }) => name.replace(/[0-9a-f]{64}/g, "X"))).toEqual([
      "trees/X.bases",
      "trees/X.from-X",
      "packs/X",
    ]);
  });

  it("comes all the same where the base's large file is damaged, or its record", async () => {
    const [old, fresh] = [make(from, before), make(from, after)];
    await from.push([from.record("image", { tree: old })], open());
    await from.push([from.record("image", { tree: fresh }, { request: digestOf("other") })], open());
    for (const damage of ["blob", "record"] as const) {
      const shop = openShop();
      const { bring, lines } = shop.bringer(open());
      await bring(old);
      if (damage === "record") {
        // Held in memory no more: another process.
        const record = shop.store.layout.tree(splitContent(old).digest);
        writeFileSync(record, readFileSync(record, "latin1").replace("motd", "mote"));
        expect(await shop.bringer(open()).bring(fresh)).toBe(true);
      } else {
        const member = shop.store.pool.find(digestOf(before)) ?? "";
        const broken = Buffer.from(before);
        for (let at = 0; at < broken.length; at += 300_000) broken[at] = (broken[at] ?? 0) ^ 1;
        writeFileSync(member, broken);
        expect(await bring(fresh)).toBe(true);
      }
      expect(isThere(shop, fresh)).toBe(true);
      const member = shop.store.pool.find(digestOf(after)) ?? "";
      expect(digestOf(readFileSync(member))).toBe(digestOf(after));
      expect(lines).toEqual([]);
    }
  });

  it("comes whole where the base's files were collected, and its record was not", async () => {
    const [old, fresh] = [make(from, before), make(from, after)];
    await from.push([from.record("image", { tree: old })], open());
    await from.push([from.record("image", { tree: fresh }, { request: digestOf("other") })], open());
    const { bring, lines } = to.bringer(open());
    await bring(old);
    for (const text of ["hello", "#!/bin/sh\n"]) {
      for (
        let at = to.store.pool.find(digestOf(text));
        at !== undefined;
        at = to.store.pool.find(digestOf(text))
      )
        rmSync(at);
    }
    expect(await bring(fresh)).toBe(true);
    expect(isThere(to, fresh)).toBe(true);
    expect(lines).toEqual([]);
  });

  it("comes whole where its difference is damaged, and the cache is told of", async () => {
    const [old, fresh] = [make(from, before), make(from, after)];
    await from.push([from.record("image", { tree: old })], open());
    await from.push([from.record("image", { tree: fresh }, { request: digestOf("other") })], open());
    const name = `${treeFileOf(fresh)}.from-${hexIn(old)}`;
    writeFileSync(name, readFileSync(name).subarray(0, -30));
    const { bring, lines } = to.bringer(open());
    await bring(old);
    expect(await bring(fresh)).toBe(true);
    expect(isThere(to, fresh)).toBe(true);
    expect(lines).toEqual([expect.stringMatching(/^the cache depot: damaged file of the tree/)]);
  });
});

describe("a cache that lies", () => {
  const flips = (folder: string, at = 0.5) => {
    depot.spoiler.spoil = ({ name }) => (name.startsWith(folder) ? { kind: "flip", at } : undefined);
  };
  const lies: [string, () => void, RegExp][] = [
    ["flipped bits in a tree's file", () => flips("trees/", 0.2), /damaged|not a tree|zstd|holds/],
    ["flipped bits in the map", () => flips("trees/", 0.95), /damaged/],
    ["flipped bits in the frames", () => flips("packs/"), /damaged pack/],
    [
      "a pack cut short",
      () => packs().forEach((file) => writeFileSync(file, readFileSync(file).subarray(0, 5000))),
      /early|not there/,
    ],
    ["a pack that is gone", () => packs().forEach((file) => writeFileSync(file, "")), /not there|early/],
    [
      "another tree's file",
      () => {
        const other = from.tree({ "": { folder: true }, x: "y" });
        const record = Buffer.from(readFileSync(from.store.layout.tree(splitContent(other).digest)));
        writeFileSync(treeFileOf(content), encodeTreeFile({ record, map: new Map() }));
      },
      /it holds the record of/,
    ],
    [
      "a page of HTML",
      () => writeFileSync(treeFileOf(content), "<html>please log in</html>"),
      /damaged file/,
    ],
    [
      "a map that points at other frames",
      () =>
        rewrite(content, (map) => {
          const [first, second] = [...map.values()].filter(({ frames }) => frames.length === 1);
          if (first === undefined || second === undefined) throw new Error("too few");
          const [a, b] = [first.frames[0], second.frames[0]];
          if (a === undefined || b === undefined) throw new Error("too few");
          const moved = { ...first, frames: [{ ...a, offset: b.offset, length: b.length }] };
          return new Map([...map, [first.blob, moved]]);
        }),
      /damaged pack/,
    ],
    [
      "a map whose chunks make something else",
      () =>
        rewrite(
          content,
          (map) =>
            new Map(
              [...map].map(([blob, place]) => {
                const { frames } = place;
                if (frames.length < 3) return [blob, place];
                // Chunks of one size or another: the order is the lie.
                const [first, second, ...rest] = frames;
                return [
                  blob,
                  { ...place, frames: [second, first, ...rest].filter((frame) => frame !== undefined) },
                ];
              }),
            ),
        ),
      /make up/,
    ],
  ];

  it.each(lies)("%s: nothing of it is taken, and people are told", async (_, lie, told) => {
    lie();
    const { bring, lines } = to.bringer(open());
    expect(await bring(content)).toBe(false);
    expect(to.store.records.has(content)).toBe(false);
    expect(lines).toEqual([expect.stringMatching(told)]);
    expect(lines[0]).toMatch(/^the cache depot/);
    // Once more, and the good one goes well all the same.
    await using other = await openDepot();
    depot.spoiler.spoil = () => undefined;
    await from.push([from.record("again", { tree: content })], open(other));
    const both = to.bringer(open(depot, { priority: 1 }), open(other, { priority: 2 }));
    expect(await both.bring(content)).toBe(true);
    expect(isThere(to, content)).toBe(true);
  });

  it("a place outside its pack is refused before anything is asked", async () => {
    const file = treeFileOf(content);
    const { record, map } = decodeTreeFile(readFileSync(file), splitContent(content).digest);
    const text = encodeMap(map)
      .toString("latin1")
      .replace(/^(b \S+ \d+ \d+) \d+ (\d+)$/m, "$1 999999999 $2");
    expect(() => decodeMap(Buffer.from(text))).toThrow("outside its pack");
    writeFileSync(file, Buffer.concat([compress(record), compress(Buffer.from(text))]));
    const { bring, lines } = to.bringer(open());
    expect(await bring(content)).toBe(false);
    expect(lines).toEqual([expect.stringContaining("outside its pack")]);
    expect(depot.spoiler.asked.filter(({ name }) => name.startsWith("packs/"))).toEqual([]);
  });

  it("a bad frame is no end of the process, however slowly the rest comes", async () => {
    const large = from.tree({
      "": { folder: true },
      ...Object.fromEntries(
        Array.from({ length: 12 }, (_, i) => [`f${i}`, noise(900_000, i).toString("latin1")]),
      ),
    });
    await using other = await openDepot();
    await from.push([from.record("large", { tree: large })], open(other));
    other.spoiler.spoil = ({ name }) => (name.startsWith("packs/") ? { kind: "flip", at: 0.01 } : undefined);
    const { bring, lines } = to.bringer(open(other));
    expect(await bring(large)).toBe(false);
    expect(lines).toEqual([expect.stringContaining("damaged pack")]);
  });

  it("three lies, and it is left out; it is told why once", async () => {
    const trees = ["a", "b", "c", "d", "e"].map((text) => from.tree({ "": { folder: true }, text }));
    await from.push(
      trees.map((tree, index) => from.record(`t${index}`, { tree })),
      open(),
    );
    flips("packs/");
    depot.spoiler.forget();
    const cache = depot.open();
    const { bring, lines } = to.bringer(cache);
    for (const tree of trees) expect(await bring(tree)).toBe(false);
    expect(depot.spoiler.asked.filter(({ name }) => name.startsWith("packs/")).length).toBe(3);
    expect(lines).toHaveLength(1);
    expect(cache.lines).toEqual([
      expect.stringMatching(/^the cache depot is left out from now on: damaged pack/),
    ]);
  });
});

describe("a blob whose size only the cache says", () => {
  const full = Object.assign(new Error("no room"), { code: "ENOSPC" });
  let large: Content;
  beforeEach(async () => {
    large = from.blob(Buffer.concat([noise(1 << 20, 5), Buffer.alloc(4 << 20), noise(1 << 20, 6)]));
    await from.push([from.record("large", { file: large })], depot.open());
  });

  it("is not begun where it would be more than its frames may hold", async () => {
    const file = join(depot.folder, "blobs", hexIn(large));
    const { blob, frames } = decodeBlobFile(readFileSync(file), splitContent(large).digest).values().next()
      .value as BlobPlace;
    const longest = frames.toSorted((a, b) => b.size - a.size)[0] as Located;
    const many = Array<Located>(20_000).fill(longest);
    const lie = encodeBlobFile(new Map([[blob, { blob, size: 20_000 * longest.size, frames: many }]]));
    writeFileSync(file, lie);
    depot.spoiler.forget();
    const { bring, lines } = to.bringer(open());
    expect(await bring(large)).toBe(false);
    expect(lines).toEqual([expect.stringContaining("where frames like its may make up")]);
    expect(depot.spoiler.asked.filter(({ name }) => name.startsWith("packs/"))).toEqual([]);
  });

  it("that fills the disk is its cache's trouble: nothing of it stays, and the next one is asked", async () => {
    await using other = await openDepot();
    await from.push([from.record("again", { file: large })], open(other));
    const { takeFrames } = to.crew;
    let isFull = true;
    Object.assign(to.crew, {
      takeFrames: (batch: FrameBatch) => (isFull ? Promise.reject(full) : takeFrames(batch)),
    });
    const one = to.bringer(open());
    expect(await one.bring(large)).toBe(false);
    const why = /^the cache depot: the disk became full over the 6291456 bytes that it says/;
    expect(one.lines).toEqual([expect.stringMatching(why)]);
    expect(readdirSync(join(to.store.layout.staging, "test/brought"))).toEqual([]);
    other.spoiler.spoil = ({ name }) => {
      isFull &&= !name.startsWith("packs/");
      return undefined;
    };
    const two = to.bringer(open(depot, { priority: 1 }), open(other, { priority: 2 }));
    expect(await two.bring(large)).toBe(true);
    expect(isThere(to, large)).toBe(true);
    expect(two.lines).toEqual([expect.stringMatching(why)]);
  });

  it("is asked for what it shares with others of its kind once, however many come at once", async () => {
    const parts = Array.from({ length: 6 }, (_, index) => noise(2 << 20, 20 + index));
    const part = (...wanted: readonly number[]) =>
      from.blob(Buffer.concat(wanted.map((index) => parts[index] as Buffer)));
    const blobs = [part(0, 1, 2, 3), part(3, 0, 4, 1), part(5, 1, 2)];
    const others = Object.fromEntries(blobs.map((blob, index) => [`b${index}`, blob]));
    await from.push([from.record("alike", others)], depot.open());
    const { bring, came, lines } = to.bringer(open());
    expect(await Promise.all(blobs.map((blob) => bring(blob)))).toEqual([true, true, true]);
    for (const blob of blobs) expect(isThere(to, blob)).toBe(true);
    // 22 MiB of which 12 differ, and of each seam two chunks of at most 512 KiB.
    expect(came()).toBeLessThan(17 << 20);
    expect(lines).toEqual([]);
  });

  it("comes all the same where what it shares does not come, or is not there any more", async () => {
    const [head, tail, end] = [noise(3 << 20, 31), noise(2 << 20, 32), noise(2 << 20, 33)];
    const [one, two] = [from.blob(Buffer.concat([head, tail])), from.blob(Buffer.concat([head, end]))];
    await from.push([from.record("alike", { one, two })], depot.open());
    const { takeFrames } = to.crew;
    let calls = 0;
    Object.assign(to.crew, {
      takeFrames: (batch: FrameBatch) => (calls++ === 0 ? Promise.reject(full) : takeFrames(batch)),
    });
    const { bring } = to.bringer(open());
    const came = await Promise.all([bring(one), bring(two)]);
    // Which of them took what does not come is as it happens.
    expect(came.toSorted()).toEqual([false, true]);
    const [there, lacking] = came[0] === true ? [one, two] : [two, one];
    expect(isThere(to, there)).toBe(true);
    rmSync(to.store.pool.find(splitContent(there).digest) ?? "");
    expect(await bring(lacking)).toBe(true);
    expect(isThere(to, lacking)).toBe(true);
  });

  it("takes no room where it is nothing but zeros", async () => {
    expect(await to.bringer(open()).bring(large)).toBe(true);
    const member = to.store.pool.find(splitContent(large).digest) ?? "";
    const { size, blocks } = statSync(member);
    expect(size).toBe(6 << 20);
    // The chunks at its ends have zeros in them too.
    expect(blocks * 512).toBeLessThan(4 << 20);
  });
});

describe("a half-filled cache", () => {
  it("gives what it has, and the next one the rest", async () => {
    await using other = await openDepot();
    await from.push([from.record("again", { tree: content })], open(other));
    other.spoiler.forget();
    rewrite(content, (map) => new Map([...map].filter(([, { frames }]) => frames.length > 1)));
    const { bring, lines, came } = to.bringer(open(depot, { priority: 1 }), open(other, { priority: 2 }));
    expect(await bring(content)).toBe(true);
    expect(isThere(to, content)).toBe(true);
    expect(lines).toEqual([expect.stringMatching(/^the cache depot: .*lacks/)]);
    // The large file came from the first.
    expect(
      other.spoiler.asked.filter(({ name, range }) => name.startsWith("packs/") && range !== undefined),
    ).toHaveLength(1);
    expect(came()).toBeLessThan(1_620_000);
  });

  it("says so in one line, however much it lacks", async () => {
    const trees = ["a", "b", "c", "d", "e"].map((text) => from.tree({ "": { folder: true }, text }));
    await from.push(
      trees.map((tree, index) => from.record(`t${index}`, { tree })),
      open(),
    );
    depot.spoiler.spoil = ({ name }) =>
      name.startsWith("trees/") ? { kind: "status", status: 404 } : undefined;
    const { bring, lines } = to.bringer(open());
    for (const tree of trees) expect(await bring(tree)).toBe(false);
    expect(lines).toHaveLength(1);
  });

  it("that lacks a blob that is an output by itself", async () => {
    const blob = from.blob("alone");
    const { bring } = to.bringer(open());
    expect(await bring(blob)).toBe(false);
    // A map of nothing is no map of it.
    writeFileSync(join(depot.folder, "trees/x"), "");
    const place = encodeBlobFile(new Map());
    expect(existsSync(join(depot.folder, "blobs"))).toBe(false);
    depot.spoiler.spoil = ({ name }) =>
      name.startsWith("blobs/") ? { kind: "wrong", body: place } : undefined;
    const again = to.bringer(open());
    expect(await again.bring(blob)).toBe(false);
    expect(again.lines).toEqual([expect.stringContaining("it is not of this blob alone")]);
  });
});

it("what the store itself fails with is no fault of a cache's", async () => {
  const full = Object.assign(new Error("no room"), { code: "ENOSPC" });
  const { bring, lines } = openShop({ takeFrames: () => Promise.reject(full) }).bringer(open());
  await expect(bring(content)).rejects.toBe(full);
  expect(lines).toEqual([]);
});
