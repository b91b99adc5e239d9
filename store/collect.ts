// Collection: what no root keeps alive goes.
// Knows what a root keeps and in which order things may go; does not know whether a root's link is still there.

import { renameSync, rmSync, unlinkSync } from "node:fs";
import type { History } from "./history.ts";
import type { Layout } from "./layout.ts";
import { type Content, splitContent } from "./model/derivation.ts";
import { hexOf } from "./model/digest.ts";
import { blobsOf } from "./model/tree.ts";
import type { RecordReader } from "./records.ts";
import { type Root, readRoots } from "./roots.ts";
import { byKind, type Counts, foldersOf, groupsOf, type Kind, namesIn, openScale, walk } from "./usage.ts";

export interface CollectionOptions {
  /** Links that are gone or lead elsewhere: their roots keep nothing alive and go. */
  readonly dead: ReadonlySet<string>;
  /** Only tells; may run beside sessions, whose work under way it then takes for garbage. */
  readonly dryRun: boolean;
  /** Everything removed so far is removed on disk when this returns. */
  readonly flush: () => void;
}

export interface Collection {
  readonly removed: Counts;
  readonly kept: Counts;
  /** What the disk gives back, by its own blocks. */
  readonly bytes: number;
  readonly roots: { readonly kept: number; readonly dropped: readonly string[] };
}

/**
 * Removes all that no root keeps; unless it is a dry run the caller has the store for itself ({@link openHold}).
 *
 * May be killed at any point: statements go before the trees they name, trees before their blobs, with a flush in
 * between, so a power cut cannot undo the first and keep the second either. Checkouts and outputs are renamed away
 * before they are taken apart, because one that is there counts as complete.
 *
 * @throws {Fault} `store/corrupt` where a record that is kept cannot be read: nothing is removed then
 */
export function collect(
  layout: Layout,
  records: RecordReader,
  history: Pick<History, "retain">,
  options: CollectionOptions,
): Collection {
  const roots = readRoots(layout);
  const live = mark(
    records,
    roots.map(({ root }) => root).filter(({ link }) => !options.dead.has(link)),
  );
  const dropped = roots.filter(({ root }) => options.dead.has(root.link));
  const sweep = sweeper(layout, options.dryRun);
  const steps: readonly (() => void)[] = [
    () => void (options.dryRun || dropped.forEach(({ file }) => unlinkSync(file))),
    () =>
      sweep.files("results", layout.results, ({ length }, hex) => length === 64 && live.requests.has(hex)),
    () => {
      if (!options.dryRun) history.retain((hex) => live.requests.has(hex));
      sweep.files("logs", layout.logs, ({ length }, hex) => length === 64 && live.requests.has(hex));
      sweep.folders("checkouts", layout.checkouts, (name) => live.trees.has(name));
      sweep.folders("outputs", layout.outputs, (name) => live.trees.has(name));
      sweep.files("trees", layout.trees, ({ length }, hex) => length === 64 && live.trees.has(hex));
    },
    () => {
      sweep.files("blobs", layout.pool, (name, hex) => name[64] === "." && live.blobs.has(hex));
      for (const folder of foldersOf(layout, "rest")) sweep.folders("rest", folder, () => false);
      // Nobody waits for a request's lock while the store is one's own.
      if (!options.dryRun)
        for (const name of namesIn(layout.locks)) if (name !== "store") unlinkSync(`${layout.locks}/${name}`);
    },
  ];
  for (const step of steps) {
    step();
    if (!options.dryRun) options.flush();
  }
  return {
    ...sweep.outcome(),
    roots: { kept: roots.length - dropped.length, dropped: dropped.map(({ root }) => root.link) },
  };
}

/** Everything that is kept, as hex digits. */
interface Live {
  readonly requests: ReadonlySet<string>;
  readonly trees: ReadonlySet<string>;
  readonly blobs: ReadonlySet<string>;
}

/** What roots keep: their contents, and the results of their requests with all these name. What is not there is no loss. */
function mark(records: RecordReader, roots: readonly Root[]): Live {
  const [requests, trees, blobs] = [new Set<string>(), new Set<string>(), new Set<string>()];
  const keep = (content: Content) => {
    const { kind, digest } = splitContent(content);
    const hex = hexOf(digest);
    if (kind === "blob") return void blobs.add(hex);
    if (trees.has(hex) || !records.has(content)) return;
    trees.add(hex);
    for (const blob of blobsOf(records.tree(digest))) blobs.add(hexOf(blob));
  };
  for (const root of roots) {
    root.contents.forEach(keep);
    for (const request of root.requests) {
      const hex = hexOf(request);
      if (requests.has(hex)) continue;
      requests.add(hex);
      const result = records.result(request);
      if (result !== undefined) [...Object.values(result.outputs), ...result.references].forEach(keep);
    }
  }
  return { requests, trees, blobs };
}

function sweeper(layout: Layout, dryRun: boolean) {
  const scale = openScale();
  const removed: Record<Kind, number> = byKind(() => 0);
  const kept: Record<Kind, number> = byKind(() => 0);
  return {
    /** Files of fanned folders; `isLive` gets the whole name and the digits it begins with. */
    files(kind: Kind, folder: string, isLive: (name: string, hex: string) => boolean) {
      for (const group of groupsOf(folder, kind)) {
        const [staying, going] = [new Set<string>(), new Set<string>()];
        for (const name of namesIn(group)) {
          const hex = name.slice(0, 64);
          const keeps = isLive(name, hex);
          (keeps ? staying : going).add(hex);
          if (keeps) continue;
          walk(`${group}/${name}`, scale.drop);
          if (!dryRun) unlinkSync(`${group}/${name}`);
        }
        kept[kind] += staying.size;
        removed[kind] += going.size;
      }
    },
    folders(kind: Kind, folder: string, isLive: (name: string) => boolean) {
      for (const name of namesIn(folder)) {
        const keeps = isLive(name);
        (keeps ? kept : removed)[kind]++;
        if (keeps) continue;
        walk(`${folder}/${name}`, scale.drop);
        if (!dryRun) remove(layout, folder, name);
      }
    },
    outcome() {
      return { removed, kept, bytes: scale.bytes() };
    },
  };
}

/** Out of sight first; what a kill leaves in staging goes with the next session. */
function remove(layout: Layout, folder: string, name: string): void {
  const trash = `${layout.staging}/trash-${name}`;
  renameSync(`${folder}/${name}`, trash);
  rmSync(trash, { recursive: true, force: true });
}
