// The files of trees and blobs: a record that is the one asked for, and a map that keeps to it.

import { describe, expect, it } from "vitest";
import { compress } from "../../../store/cache/frame.ts";
import { type BlobPlace, encodeMap, type LocationMap } from "../../../store/cache/map.ts";
import {
  decodeBases,
  decodeBlobFile,
  decodeTreeFile,
  encodeBases,
  encodeBlobFile,
  encodeTreeFile,
} from "../../../store/cache/treefile.ts";
import { type Digest, digestOf, hexOf } from "../../../store/model/digest.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import { blobsOf, encodeTree, makeTree, type Tree } from "../../../store/model/tree.ts";
import { bomb, stored } from "./bomb.ts";
import { codeOf, expectFaults } from "./fuzz.ts";

const pack = { digest: digestOf("pack"), size: 64 << 20 };
const place = (blob: Digest, size: number, offset = 11): BlobPlace => ({
  blob,
  size,
  frames: [{ digest: blob, size, pack, offset, length: 9 }],
});

/** Files as a root has them: some thousand folders, sizes and digests of no pattern. */
function treeOf(count: number, salt: (index: number) => string): Tree {
  return makeTree(
    Array.from({ length: count }, (_, index) => ({
      type: "file" as const,
      path: parseTreePath(`usr/share/doc/package-${index % 937}/file-${index}.txt`),
      mode: index % 7 === 0 ? 0o755 : 0o644,
      uid: 0,
      gid: 0,
      size: (index * 7919) % 90_000,
      blob: digestOf(`${index} ${salt(index)}`),
    })),
  );
}

function mapFor(tree: Tree): LocationMap {
  const sizes = new Map(
    tree.entries.flatMap((entry) => (entry.type === "file" ? [[entry.blob, entry.size]] : [])),
  );
  return new Map([...blobsOf(tree)].map((blob) => [blob, place(blob, sizes.get(blob) ?? 0)]));
}

const tree = treeOf(40, () => "");
const record = encodeTree(tree);
const digest = digestOf(record);
const map = mapFor(tree);
const codes = ["digest/bad-tree-file", "digest/bad-map"];

describe("a tree's file", () => {
  it("comes back as it was written", () => {
    const back = decodeTreeFile(encodeTreeFile({ record, map }), digest);
    expect(back.tree).toEqual(tree);
    expect(Buffer.from(back.record).equals(record)).toBe(true);
    expect(back.map).toEqual(map);
  });

  it("from a base needs that base", () => {
    const base = encodeTree(treeOf(40, (index) => (index === 3 ? "old" : "")));
    const file = encodeTreeFile({ record, map: new Map([...map].slice(0, 1)) }, base);
    expect(file.length).toBeLessThan(600);
    expect(decodeTreeFile(file, digest, base).tree).toEqual(tree);
    expect(decodeTreeFile(file, digest, base).map.size).toBe(1);
    for (const other of [undefined, base.subarray(0, -1)])
      expect(codeOf(() => decodeTreeFile(file, digest, other))).toBe("digest/bad-tree-file");
  });

  it("is small beside a base: 9,000 files, 90 of them changed, some new", () => {
    const old = encodeTree(treeOf(9000, () => ""));
    const now = encodeTree(treeOf(9010, (index) => (index % 100 === 0 ? "new" : "")));
    const file = encodeTreeFile({ record: now, map: new Map() }, old);
    expect(file.length).toBeLessThan(12 << 10);
    expect(encodeTree(decodeTreeFile(file, digestOf(now), old).tree).equals(now)).toBe(true);
  });

  it("is small beside a large base too", () => {
    const old = encodeTree(treeOf(40_000, () => ""));
    const now = encodeTree(treeOf(40_000, (index) => (index % 400 === 0 ? "new" : "")));
    expect(old.length).toBeGreaterThan(4 << 20);
    expect(encodeTreeFile({ record: now, map: new Map() }, old).length).toBeLessThan(16 << 10);
  });

  it("holds the record that was asked for, and a map of its blobs alone", () => {
    const file = (of: Uint8Array, where: Uint8Array) => Buffer.concat([stored(of), stored(where)]);
    const first = [...map.values()][0] as BlobPlace;
    const strange = new Map([[digestOf("strange"), place(digestOf("strange"), 5)]]);
    const grown = new Map([[first.blob, place(first.blob, first.size + 1)]]);
    const others = [
      Buffer.alloc(0),
      stored(record),
      file(encodeTree(treeOf(41, () => "")), encodeMap(map)),
      file(record, encodeMap(strange)),
      file(record, encodeMap(grown)),
      file(record, Buffer.from("kit/map/2\n")),
      Buffer.concat([file(record, encodeMap(map)), Buffer.of(0)]),
      Buffer.concat([compress(record), compress(encodeMap(map)), compress(encodeMap(map))]),
    ];
    for (const other of others) expect(codes).toContain(codeOf(() => decodeTreeFile(other, digest)));
    expect(decodeTreeFile(file(record, encodeMap(map)), digest).map).toEqual(map);
  });

  it("is no bomb: neither its record, nor a map that its record has no need of", () => {
    const good = stored(record);
    for (const file of [
      bomb(2 ** 31),
      Buffer.concat([good, bomb(1 << 20)]),
      Buffer.concat([good, bomb(1 << 30, 9)]),
    ])
      expect(codeOf(() => decodeTreeFile(file, digest))).toBe("digest/bad-tree-file");
  });

  it("is refused damaged, in one way; and what is taken is right", () => {
    for (const file of [
      encodeTreeFile({ record, map }),
      Buffer.concat([stored(record), stored(encodeMap(map))]),
    ]) {
      expectFaults(file, codes, (bytes) => expect(decodeTreeFile(bytes, digest).tree).toEqual(tree), 1000);
    }
    const base = encodeTree(treeOf(40, (index) => (index === 3 ? "old" : "")));
    expectFaults(
      encodeTreeFile({ record, map }, base),
      codes,
      (bytes) => expect(decodeTreeFile(bytes, digest, base).tree).toEqual(tree),
      1000,
    );
  });
});

describe("a blob's file", () => {
  const blob = digestOf("blob");
  const alone = new Map([[blob, place(blob, 5)]]);

  it("is of this blob alone", () => {
    expect(decodeBlobFile(encodeBlobFile(alone), blob)).toEqual(alone);
    for (const other of [new Map(), map, new Map([...map, ...alone])])
      expect(codeOf(() => decodeBlobFile(encodeBlobFile(other), blob))).toBe("digest/bad-map");
    expect(codeOf(() => decodeBlobFile(bomb(1 << 30), blob))).toBe("digest/bad-map");
    expectFaults(encodeBlobFile(alone), ["digest/bad-map"], (bytes) => decodeBlobFile(bytes, blob), 1000);
  });

  it("tells of no more than 1 GiB, and 1024 bytes for each of its distinct frames: nobody else says its size", () => {
    const frame = { digest: digestOf("chunk"), size: 1 << 20, pack, offset: 11, length: 1000 };
    const repeated = (count: number, ...others: BlobPlace["frames"]) => {
      const frames = [...Array<typeof frame>(count).fill(frame), ...others];
      return new Map([[blob, { blob, size: frames.reduce((sum, { size }) => sum + size, 0), frames }]]);
    };
    const read = (map: LocationMap) => decodeBlobFile(encodeBlobFile(map), blob);
    expect(read(repeated(1024)).get(blob)?.size).toBe(1 << 30);
    expect(codeOf(() => read(repeated(1025)))).toBe("digest/bad-map");
    expect(codeOf(() => read(repeated(20_000)))).toBe("digest/bad-map");
    const other = { ...frame, digest: digestOf("other"), length: 1 << 20 };
    expect(read(repeated(2047, other)).size).toBe(1);
    expect(codeOf(() => read(repeated(2048, other)))).toBe("digest/bad-map");
  });
});

describe("a list of bases", () => {
  const bases = [digestOf("b"), digestOf("a")];

  it("keeps its order, and has each once", () => {
    const text = encodeBases([...bases, digestOf("b")]);
    expect(text).toBe(bases.map((base) => `${hexOf(base)}\n`).join(""));
    expect(decodeBases(text, digest)).toEqual(bases);
    expect(decodeBases(Buffer.from(text), digest)).toEqual(bases);
  });

  it("is refused empty, long, or in another form", () => {
    const text = encodeBases(bases);
    const long = Array.from({ length: 65 }, (_, index) => `${hexOf(digestOf(`${index}`))}\n`).join("");
    for (const other of [
      "",
      "\n",
      text.trimEnd(),
      `${text}\n`,
      text + text,
      text.toUpperCase(),
      ` ${text}`,
      long,
    ])
      expect(codeOf(() => decodeBases(other, digest))).toBe("digest/bad-tree-file");
    expect(() => encodeBases([])).toThrow(RangeError);
    expectFaults(text, ["digest/bad-tree-file"], (bytes) => decodeBases(bytes, digest));
  });
});
