// What a cache says of a tree or of a blob by itself: the record, and where the contents are.
// Pure. Knows the files of `trees/` and `blobs/`; does not know which bases are worth having.

import { type Digest, digestFromHex, digestOf, hexOf } from "../model/digest.ts";
import { Fault } from "../model/fault.ts";
import { compress, decompress, measure } from "./frame.ts";
import { decodeMap, encodeMap, type LocationMap, mapLimits } from "./map.ts";

export interface TreeFile {
  /** The tree's record, of the digest it was asked for by. */
  readonly record: Buffer;
  /** Where all its blobs are, or those that the base does not name. Nothing vouches for it but what is found there. */
  readonly map: LocationMap;
}

export const maxBases = 64;

/** `trees/TREE`; or, with the record of a base, `trees/TREE.from-BASE`. */
export function encodeTreeFile(file: TreeFile, base?: Uint8Array): Buffer {
  return Buffer.concat([
    base === undefined ? compress(file.record) : compressFrom(file.record, base),
    compress(encodeMap(file.map)),
  ]);
}

/**
 * Reads `trees/TREE`; or, with the record of its base, `trees/TREE.from-BASE`. Uses no more memory than the file, the
 * sizes that its frames say (each at most 500 MB) and the map.
 *
 * @throws {Fault} `digest/bad-tree-file`, `digest/bad-map`
 */
export function decodeTreeFile(bytes: Uint8Array, tree: Digest, base?: Uint8Array): TreeFile {
  const refuse = (why: string) => bad(tree, why);
  const { length } = measure(bytes, refuse);
  const record = decompress(bytes.subarray(0, length), mapLimits.text, refuse, base);
  const found = digestOf(record);
  if (found !== tree) throw bad(tree, `it holds the record of ${found}`);
  return { record, map: decodeMap(decompress(bytes.subarray(length), mapLimits.text, refuse)) };
}

/** `blobs/BLOB`. */
export function encodeBlobFile(map: LocationMap): Buffer {
  return compress(encodeMap(map));
}

/** @throws {Fault} `digest/bad-map` where it is no map of just this blob */
export function decodeBlobFile(bytes: Uint8Array, blob: Digest): LocationMap {
  const refuse = (why: string) => new Fault("digest/bad-map", `damaged map of ${blob}: ${why}`);
  const map = decodeMap(decompress(bytes, mapLimits.text, refuse));
  if (map.size !== 1 || !map.has(blob)) throw refuse("it is not of this blob alone");
  return map;
}

/** `trees/TREE.bases`. @throws {RangeError} on none, or more than 64 */
export function encodeBases(bases: readonly Digest[]): string {
  const unique = [...new Set(bases)];
  if (unique.length < 1 || unique.length > maxBases) throw new RangeError(`${unique.length} bases`);
  return unique.map((base) => `${hexOf(base)}\n`).join("");
}

/** @throws {Fault} `digest/bad-tree-file` */
export function decodeBases(text: string | Uint8Array, tree: Digest): Digest[] {
  if (text.length > maxBases * 65) throw bad(tree, `it has more than ${maxBases} bases`);
  const lines = (typeof text === "string" ? text : Buffer.from(text).toString("latin1")).split("\n");
  if (lines.pop() !== "" || lines.length === 0 || lines.some((line) => !/^[0-9a-f]{64}$/.test(line)))
    throw bad(tree, "its bases are not a digest a line");
  return [...new Set(lines)].map(digestFromHex);
}

function compressFrom(record: Uint8Array, base: Uint8Array): Buffer {
  return compress(record, 3, base);
}

function bad(tree: Digest, why: string): Fault {
  return new Fault("digest/bad-tree-file", `damaged file of the tree ${tree}: ${why}`);
}
