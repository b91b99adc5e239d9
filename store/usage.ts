// Usage: what a store holds, by kind, and what that takes on disk.
// Knows the store's folders and how inodes are counted; does not know what is still wanted.

import { lstatSync, readdirSync, type Stats } from "node:fs";
import type { Layout } from "./layout.ts";

/**
 * What a store holds; `rest` is what no statement names: downloads that were cut off, failed builds that were kept,
 * what verification set aside. What sessions have staged is theirs and not counted.
 */
export const kinds = ["blobs", "trees", "results", "logs", "checkouts", "outputs", "rest"] as const;
export type Kind = (typeof kinds)[number];
export type Counts = Readonly<Record<Kind, number>>;

export interface Weight {
  readonly count: number;
  /** Bytes of the disk's blocks, each inode once, with the kind that comes first. Reflinked blocks count for each file. */
  readonly physical: number;
  /** Bytes of all files, as often as they have a path. */
  readonly logical: number;
}

export type Usage = Readonly<Record<Kind, Weight>>;

/** What is in a store at this moment. Other processes may add and remove meanwhile. */
export function measure(layout: Layout): Usage {
  const blocksOf = openBlocks();
  const weigh = (kind: Kind): Weight => {
    let [count, physical, logical] = [0, 0, 0];
    const note = (_: string, stats: Stats) => {
      logical += stats.isFile() ? stats.size : 0;
      physical += blocksOf(stats);
    };
    for (const folder of foldersOf(layout, kind)) {
      for (const group of groupsOf(folder, kind)) {
        const names = namesIn(group);
        // Members of one blob stand beside each other: things are counted, not files.
        count += kind === "blobs" ? new Set(names.map((name) => name.slice(0, 64))).size : names.length;
        for (const name of names) walk(`${group}/${name}`, note);
      }
    }
    return { count, physical, logical };
  };
  return byKind(weigh);
}

/** Counts the bytes of an inode's blocks when it is first met: none for a further path of the same. */
export function openBlocks(): (stats: Stats) => number {
  const seen = new Set<number>();
  return (stats) => {
    if (stats.nlink > 1 && !stats.isDirectory()) {
      if (seen.has(stats.ino)) return 0;
      seen.add(stats.ino);
    }
    return stats.blocks * 512;
  };
}

export function byKind<T>(make: (kind: Kind) => T): Record<Kind, T> {
  return Object.fromEntries(kinds.map((kind) => [kind, make(kind)])) as Record<Kind, T>;
}

/** The folders that hold things of a kind. */
export function foldersOf(layout: Layout, kind: Kind): readonly string[] {
  return {
    blobs: [layout.pool],
    trees: [layout.trees],
    results: [layout.results],
    logs: [layout.logs],
    checkouts: [layout.checkouts],
    outputs: [layout.outputs],
    rest: [layout.partial, layout.failed, layout.corrupt],
  }[kind];
}

/** The names in a folder, none where there is no such folder (any more). */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** Calls with a path and everything below it, folders before what is in them. */
export function walk(path: string, visit: (path: string, stats: Stats) => void): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  visit(path, stats);
  if (stats.isDirectory()) for (const name of namesIn(path)) walk(`${path}/${name}`, visit);
}

/**
 * Adds up what the disk gives back when paths go: an inode's blocks come with its last path, so checkouts that
 * share files with the pool count with whichever goes last.
 */
export function openScale(): { bytes(): number; drop(path: string, stats: Stats): void } {
  const left = new Map<number, number>();
  let bytes = 0;
  return {
    bytes: () => bytes,
    drop(_, stats) {
      const links = stats.isDirectory() ? 1 : (left.get(stats.ino) ?? stats.nlink);
      if (links === 1) bytes += stats.blocks * 512;
      else left.set(stats.ino, links - 1);
    },
  };
}

/** The folders that things lie in directly: 256 where they are fanned out, else the folder itself. */
export function groupsOf(folder: string, kind: Kind): readonly string[] {
  const fanned = kind === "blobs" || kind === "trees" || kind === "results" || kind === "logs";
  return fanned ? namesIn(folder).map((fan) => `${folder}/${fan}`) : [folder];
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
