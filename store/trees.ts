// Tree records as files.
// Knows how they are read, checked and written; does not know results, and loads no library for them: every thread
// of the crew has trees to read (20 ms of 130 each to start).

import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Holds } from "./holds.ts";
import type { Layout } from "./layout.ts";
import { type Digest, digestOf, hexOf } from "./model/digest.ts";
import { Fault } from "./model/fault.ts";
import { decodeTree, encodeTree, type Tree } from "./model/tree.ts";

export interface TreeReader {
  /** @throws {Fault} `store/missing-tree`, `store/corrupt` */
  tree(digest: Digest): Tree;
}

export interface TreeWriter extends TreeReader {
  /**
   * What it names must be in the pool, and held by the writer's session. Who read the tree from a record, and checked
   * that, may give it: it takes 30 ms to make one for 9,000 entries.
   */
  writeTree(tree: Tree, record?: Uint8Array): Digest;
}

/** Trees are kept in memory once read, at most `cached` of them (a root of 9,000 files is about 3 MB). */
export function openTrees(layout: Layout, holds: Holds, cached: number): TreeWriter {
  const trees = new Map<Digest, Tree>();
  const remember = (digest: Digest, tree: Tree) => {
    trees.delete(digest);
    trees.set(digest, tree);
    const oldest = trees.size > cached ? trees.keys().next().value : undefined;
    if (oldest !== undefined) trees.delete(oldest);
    return tree;
  };
  return {
    tree(digest) {
      const known = trees.get(digest);
      return remember(digest, known ?? decodeTree(readRecord(layout, digest)));
    },
    writeTree(tree, record = encodeTree(tree)) {
      const digest = digestOf(record);
      holds.take("tree", [hexOf(digest)]);
      const place = layout.tree(digest);
      if (!existsSync(place)) placeFile(place, record);
      remember(digest, tree);
      return digest;
    },
  };
}

function readRecord(layout: Layout, digest: Digest): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(layout.tree(digest));
  } catch (cause) {
    throw new Fault("store/missing-tree", `the store lacks the tree ${digest}`, {
      cause,
      hint: "run `kit store verify --repair`",
    });
  }
  if (digestOf(bytes) === digest) return bytes;
  throw new Fault("store/corrupt", `the record of ${digest} holds other bytes`, {
    hint: "run `kit store verify --repair`",
  });
}

/** Writes a file that is there whole or not at all. */
export function placeFile(place: string, bytes: Uint8Array | string): void {
  // Threads of one process, and processes of two containers with one id, may write the same record.
  const temporary = `${place}.tmp-${randomUUID().slice(0, 13)}`;
  try {
    writeFileSync(temporary, bytes, { mode: 0o644, flag: "wx" });
    renameSync(temporary, place);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
