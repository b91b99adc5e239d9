// What a cache says of a tree or of a blob by itself: the record, and where the contents are.
// Pure. Knows the files of `trees/` and `blobs/`; does not know which bases are worth having.

import { type Digest, digestFromHex, digestOf, hexOf } from "../model/digest.ts";
import { Fault } from "../model/fault.ts";
import { decodeTree, type Tree } from "../model/tree.ts";
import { compress, compressFrom, decompress, measure, type Refusal, unpackWith } from "./frame.ts";
import { type BlobPlace, decodeMap, encodeMap, type LocationMap, linesFor, mapLimits } from "./map.ts";

export interface TreeFile {
  readonly tree: Tree;
  /** Its record: the bytes that the tree's digest is of. */
  readonly record: Uint8Array;
  /**
   * Where all its blobs are, or those that the base does not name. Nothing vouches for it but what is found there,
   * and a cache that is half filled may leave some out.
   */
  readonly map: LocationMap;
}

export const fileLimits = {
  /** Bytes of a record: what fits into a string. */
  record: 500_000_000,
  /** Bytes of the map of one blob: of 40 GB at least. */
  blobMap: 64 << 20,
  /** Bytes of a blob that only its map tells of: so many, and more for each byte of its distinct frames. */
  blob: 1 << 30,
  unpacked: 1024,
  bases: 64,
} as const;

/** `trees/TREE`; or, with the record of a base, `trees/TREE.from-BASE`. */
export function encodeTreeFile(file: Pick<TreeFile, "record" | "map">, base?: Uint8Array): Buffer {
  const record = base === undefined ? compress(file.record) : compressFrom(file.record, base);
  return Buffer.concat([record, compress(encodeMap(file.map))]);
}

/**
 * Reads `trees/TREE`; or, with the record of its base, `trees/TREE.from-BASE`. A record that lies costs the memory it
 * says it has, at most 500 MB, until its digest is known; a map may have as many lines as the record's blobs need.
 *
 * @throws {Fault} `digest/bad-tree-file`, `digest/bad-map`, or what {@link decodeTree} throws on a tree that is none
 */
export function decodeTreeFile(bytes: Uint8Array, digest: Digest, base?: Uint8Array): TreeFile {
  const refuse = (why: string) => bad(digest, why);
  const { length } = measure(bytes, refuse);
  const record = decompress(bytes.subarray(0, length), fileLimits.record, refuse, unpackWith(base));
  const found = digestOf(record);
  if (found !== digest) throw refuse(`it holds the record of ${found}`);
  const tree = decodeTree(record);
  return { tree, record, map: mapOf(tree, bytes.subarray(length), refuse) };
}

function mapOf(tree: Tree, frame: Uint8Array, refuse: Refusal): LocationMap {
  const sizes = new Map<Digest, number>();
  for (const entry of tree.entries) if (entry.type === "file") sizes.set(entry.blob, entry.size);
  const lines = sizes.values().reduce((sum, size) => sum + linesFor(size), 1);
  // Each line may be in a pack of its own.
  const most = Math.min(2 * lines, mapLimits.entries) * mapLimits.line;
  const map = decodeMap(decompress(frame, most, refuse));
  for (const { blob, size } of map.values())
    if (sizes.get(blob) !== size)
      throw refuse(`its map tells of ${size} bytes of ${blob}, and its record does not`);
  return map;
}

/** `blobs/BLOB`. */
export function encodeBlobFile(map: LocationMap): Buffer {
  return compress(encodeMap(map));
}

/** @throws {Fault} `digest/bad-map` where it is no map of just this blob, or tells of more than its frames may hold */
export function decodeBlobFile(bytes: Uint8Array, blob: Digest): LocationMap {
  const refuse = (why: string) => new Fault("digest/bad-map", `damaged map of ${blob}: ${why}`);
  const map = decodeMap(decompress(bytes, fileLimits.blobMap, refuse));
  const place = map.get(blob);
  if (map.size !== 1 || place === undefined) throw refuse("it is not of this blob alone");
  const most = mostOf(place);
  if (place.size > most)
    throw refuse(`it tells of ${place.size} bytes, where frames like its may make up ${most}`);
  return map;
}

// No statement says how large a blob is, and a frame may be named any number of times: 155 bytes could fill a disk.
function mostOf({ frames }: BlobPlace): number {
  const lengths = new Map(frames.map(({ digest, length }) => [digest, length]));
  return fileLimits.blob + fileLimits.unpacked * lengths.values().reduce((sum, length) => sum + length, 0);
}

/** `trees/TREE.bases`. @throws {RangeError} on none, or more than 64 */
export function encodeBases(bases: readonly Digest[]): string {
  const unique = [...new Set(bases)];
  if (unique.length < 1 || unique.length > fileLimits.bases) throw new RangeError(`${unique.length} bases`);
  return unique.map((base) => `${hexOf(base)}\n`).join("");
}

/** @throws {Fault} `digest/bad-tree-file` */
export function decodeBases(text: string | Uint8Array, tree: Digest): Digest[] {
  if (text.length > fileLimits.bases * 65) throw bad(tree, `it has more than ${fileLimits.bases} bases`);
  const lines = (typeof text === "string" ? text : Buffer.from(text).toString("latin1")).split("\n");
  if (lines.pop() !== "" || lines.length === 0 || lines.some((line) => !/^[0-9a-f]{64}$/.test(line)))
    throw bad(tree, "its bases are not a digest a line");
  if (new Set(lines).size < lines.length) throw bad(tree, "it names a base twice");
  return lines.map(digestFromHex);
}

function bad(tree: Digest, why: string): Fault {
  return new Fault("digest/bad-tree-file", `damaged file of the tree ${tree}: ${why}`);
}
