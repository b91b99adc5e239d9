// The inventory: what results hold, by what they are to people, and what sharing saves.
// Knows contents and their sizes; who asks says what a result is.

import { lstatSync, readFileSync } from "node:fs";
import type { Layout } from "./layout.ts";
import { type Content, type Origin, splitContent } from "./model/derivation.ts";
import { type Digest, hexOf } from "./model/digest.ts";
import { type RecordReader, recordedRequests } from "./records.ts";
import { groupsOf, namesIn } from "./usage.ts";

/** What results of one kind hold. */
export interface Holding {
  readonly results: number;
  /** Bytes of all files of all their contents, as if each were stored by itself; contents that several name count once. */
  readonly logical: number;
  /** Bytes of disk blocks of their files, each blob once, with the kind that comes first. */
  readonly physical: number;
}

/** By kind, in the order of `kinds`; those of which there are none are left out. */
export function takeInventory<K extends string>(
  layout: Layout,
  records: Pick<RecordReader, "sound" | "origin">,
  kinds: readonly K[],
  kindOf: (origin: Origin | undefined) => K,
): { readonly kind: K; readonly holding: Holding }[] {
  const disk = blocksByBlob(layout);
  const byKind = new Map<K, Set<Content>>();
  const results = new Map<K, number>();
  for (const request of recordedRequests(layout)) {
    const result = records.sound(request);
    if (result === undefined) continue;
    const kind = kindOf(records.origin(request));
    results.set(kind, (results.get(kind) ?? 0) + 1);
    const contents = byKind.get(kind) ?? new Set();
    for (const content of [...Object.values(result.outputs), ...result.references]) contents.add(content);
    byKind.set(kind, contents);
  }
  const counted = new Set<string>();
  return kinds.flatMap((kind) => {
    const contents = byKind.get(kind);
    if (contents === undefined) return [];
    const sizes = [...contents].map((content) => weigh(content, layout, disk, counted));
    const sum = (pick: "logical" | "physical") => sizes.reduce((total, one) => total + one[pick], 0);
    return [
      {
        kind,
        holding: { results: results.get(kind) ?? 0, logical: sum("logical"), physical: sum("physical") },
      },
    ];
  });
}

interface OnDisk {
  readonly blocks: number;
  readonly size: number;
}

function blocksByBlob(layout: Layout): ReadonlyMap<string, OnDisk> {
  const disk = new Map<string, OnDisk>();
  for (const group of groupsOf(layout.pool, "blobs"))
    for (const name of namesIn(group)) {
      const stats = lstatSync(`${group}/${name}`, { throwIfNoEntry: false });
      const hex = name.slice(0, 64);
      const known = disk.get(hex)?.blocks ?? 0;
      disk.set(hex, { blocks: known + (stats?.blocks ?? 0) * 512, size: stats?.size ?? 0 });
    }
  return disk;
}

function weigh(
  content: Content,
  layout: Layout,
  disk: ReadonlyMap<string, OnDisk>,
  counted: Set<string>,
): { logical: number; physical: number } {
  const { kind, digest } = splitContent(content);
  const hexes = kind === "blob" ? [hexOf(digest)] : filesOf(layout, digest);
  let [logical, physical] = [0, 0];
  for (const hex of hexes) {
    const { blocks = 0, size = 0 } = disk.get(hex) ?? {};
    logical += size;
    if (counted.has(hex)) continue;
    counted.add(hex);
    physical += blocks;
  }
  return { logical, physical };
}

/** The blob of each file of a tree, as often as it has one. */
function filesOf(layout: Layout, tree: Digest): string[] {
  const lines = readFileSync(layout.tree(tree), "latin1").split("\n");
  return lines.flatMap((line) => (line.startsWith("f ") ? [line.split(" ", 5)[4]?.slice(0, 64) ?? ""] : []));
}
