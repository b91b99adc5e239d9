// What stays although no root keeps it: what was used lately, as far as there is room.
// Knows ages and sizes; does not remove anything.

import { lstatSync, type Stats, statSync } from "node:fs";
import type { Layout } from "./layout.ts";
import { eachBlob, type Live, readTree } from "./mark.ts";
import { splitContent } from "./model/derivation.ts";
import { digestFromHex, hexOf } from "./model/digest.ts";
import type { RecordReader } from "./records.ts";
import { groupsOf, kinds, measure, namesIn } from "./usage.ts";
import type { CollectionWish } from "./wish.ts";

type Wish = Pick<CollectionWish, "maxSize" | "free" | "usedSince">;

export interface Budget {
  /** Bytes of disk that the store may take. */
  readonly size: number;
  /** Bytes above that it takes now; none where it fits. */
  readonly excess: number;
}

/** Absent where no size is wished for. Looks at every file: 4 s for a million. */
export function budgetOf(layout: Layout, { maxSize, free }: Wish): Budget | undefined {
  if (maxSize === undefined && free === undefined) return undefined;
  const usage = measure(layout);
  const now = kinds.reduce((sum, kind) => sum + usage[kind].physical, 0);
  const size = Math.max(0, Math.min(maxSize ?? now, now - (free ?? 0)));
  return { size, excess: now - size };
}

/**
 * Keeps what was used since a time; or, where there is a size, what was used last as far as it fits. Returns by how
 * many bytes what is kept anyway is above the size.
 */
export function keepYoung(
  layout: Layout,
  live: Live,
  records: Pick<RecordReader, "result">,
  { usedSince }: Wish,
  size: number | undefined,
): number {
  if (size === undefined && usedSince === undefined) return 0;
  const candidates = unkept(layout, live).filter(({ used }) => used >= (usedSince ?? 0));
  if (size === undefined) {
    for (const { hex } of candidates) live.keepRequest(hex);
    for (const hex of youngTrees(layout, usedSince ?? 0)) live.keepTree(hex);
    return 0;
  }
  const scale = openWeights(layout);
  let room = size - scale.take(live.trees.has, live.blobs.has);
  const above = -room;
  for (const { hex } of candidates) {
    const bytes = scale.weigh(hex, records);
    if (bytes > room) break;
    room -= bytes;
    live.keepRequest(hex);
  }
  return Math.max(0, above);
}

/** Statements that nothing keeps, what was used last first. */
function unkept(layout: Layout, live: Live): { readonly hex: string; readonly used: number }[] {
  return groupsOf(layout.results, "results")
    .flatMap((group) =>
      namesIn(group)
        .filter((name) => name.length === 64 && !live.requests.has(name))
        .map((hex) => ({ hex, used: secondsOf(`${group}/${hex}`, "mtimeMs") })),
    )
    .sort((a, b) => b.used - a.used || (a.hex < b.hex ? -1 : 1));
}

/** Trees that a statement may not name (yet). */
function youngTrees(layout: Layout, since: number): string[] {
  return groupsOf(layout.trees, "trees").flatMap((group) =>
    namesIn(group).filter((name) => name.length === 64 && secondsOf(`${group}/${name}`, "ctimeMs") >= since),
  );
}

/** Seconds since 1970; 0 where it is gone. */
export function secondsOf(file: string, which: "mtimeMs" | "ctimeMs"): number {
  return (statSync(file, { throwIfNoEntry: false })?.[which] ?? 0) / 1000;
}

/** Bytes of disk by digest, each counted when it is first asked for. */
function openWeights(layout: Layout) {
  const weights = { tree: weightsIn(layout, "trees"), blob: weightsIn(layout, "blobs") };
  const counted = new Set<string>();
  const take = (kind: "tree" | "blob", hex: string) => {
    const key = `${kind}${hex}`;
    if (counted.has(key)) return 0;
    counted.add(key);
    return weights[kind].get(hex) ?? 0;
  };
  const takeTree = (hex: string) => {
    let bytes = take("tree", hex);
    const record = readTree(layout, digestFromHex(hex));
    if (record !== undefined)
      eachBlob(record, (at) => {
        bytes += take("blob", record.toString("latin1", at, at + 64));
      });
    return bytes;
  };
  return {
    /** All that is kept already. */
    take(hasTree: (hex: string) => boolean, hasBlob: (hex: string) => boolean): number {
      let bytes = 0;
      for (const hex of weights.tree.keys()) if (hasTree(hex)) bytes += take("tree", hex);
      for (const hex of weights.blob.keys()) if (hasBlob(hex)) bytes += take("blob", hex);
      return bytes;
    },
    /** What a request's result takes that nothing else does which was asked for. */
    weigh(hex: string, records: Pick<RecordReader, "result">): number {
      const result = records.result(digestFromHex(hex));
      const contents = result === undefined ? [] : [...Object.values(result.outputs), ...result.references];
      return contents.reduce((sum, content) => {
        const { kind, digest } = splitContent(content);
        return sum + (kind === "tree" ? takeTree(hexOf(digest)) : take("blob", hexOf(digest)));
      }, 0);
    },
  };
}

function weightsIn(layout: Layout, kind: "trees" | "blobs"): Map<string, number> {
  const weights = new Map<string, number>();
  for (const group of groupsOf(kind === "trees" ? layout.trees : layout.pool, kind))
    for (const name of namesIn(group)) {
      const stats: Stats | undefined = lstatSync(`${group}/${name}`, { throwIfNoEntry: false });
      const hex = name.slice(0, 64);
      weights.set(hex, (weights.get(hex) ?? 0) + (stats?.blocks ?? 0) * 512);
    }
  return weights;
}
