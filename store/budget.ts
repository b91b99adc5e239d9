// What stays although no root keeps it: what was used lately, as far as there is room.
// Knows ages and sizes; does not remove anything.

import { type Stats, statSync } from "node:fs";
import type { Layout } from "./layout.ts";
import { eachBlob, type Live, readTree } from "./mark.ts";
import { splitContent } from "./model/derivation.ts";
import { digestFromHex, hexOf } from "./model/digest.ts";
import type { RecordReader } from "./records.ts";
import { foldersOf, groupsOf, type Kind, kinds, measure, namesIn, openBlocks, walk } from "./usage.ts";
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
  const scale = openWeights(layout, records);
  let room = size - scale.take(live);
  const above = -room;
  for (const { hex } of candidates) {
    const bytes = scale.weigh(hex);
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

/** Seconds since 1970; 0 where it is gone, or where that is not known. */
export function secondsOf(file: string, which: "mtimeMs" | "ctimeMs" | "birthtimeMs"): number {
  return (statSync(file, { throwIfNoEntry: false })?.[which] ?? 0) / 1000;
}

/** What things take on disk, each counted when it is first asked for. */
function openWeights(layout: Layout, records: Pick<RecordReader, "result">) {
  const blocksOf = openBlocks();
  // Blobs first: what an output shares with the pool counts there.
  const weights = {
    blob: weightsIn(layout, ["blobs"], blocksOf),
    tree: weightsIn(layout, ["trees", "outputs"], blocksOf),
    request: weightsIn(layout, ["results", "logs"], blocksOf),
  };
  const take = (kind: keyof typeof weights, hex: string) => {
    const bytes = weights[kind].get(hex) ?? 0;
    weights[kind].delete(hex);
    return bytes;
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
  const takeAll = (kind: keyof typeof weights, isLive: (hex: string) => boolean) => {
    let bytes = 0;
    for (const hex of weights[kind].keys()) if (isLive(hex)) bytes += take(kind, hex);
    return bytes;
  };
  return {
    /** All that is kept already. */
    take: ({ requests, trees, blobs }: Live) =>
      takeAll("request", requests.has) + takeAll("tree", trees.has) + takeAll("blob", blobs.has),
    /** What a result takes that nothing else does which was asked for. */
    weigh(hex: string): number {
      const result = records.result(digestFromHex(hex));
      const contents = result === undefined ? [] : [...Object.values(result.outputs), ...result.references];
      return contents.reduce(
        (sum, content) => {
          const { kind, digest } = splitContent(content);
          return sum + (kind === "tree" ? takeTree(hexOf(digest)) : take("blob", hexOf(digest)));
        },
        take("request", hex),
      );
    },
  };
}

/** By the digits that names begin with, those of several kinds together. */
function weightsIn(
  layout: Layout,
  kinds: readonly Kind[],
  blocksOf: (stats: Stats) => number,
): Map<string, number> {
  const weights = new Map<string, number>();
  for (const kind of kinds)
    for (const group of foldersOf(layout, kind).flatMap((folder) => groupsOf(folder, kind)))
      for (const name of namesIn(group)) {
        const hex = name.slice(0, 64);
        walk(`${group}/${name}`, (_, stats) => {
          weights.set(hex, (weights.get(hex) ?? 0) + blocksOf(stats));
        });
      }
  return weights;
}
