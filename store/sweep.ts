// Sweeping: files and folders go, one small step at a time, while sessions go on.
// Knows the gate, and how freed bytes are counted; does not know what is alive.

import { lstatSync, mkdirSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { secondsOf } from "./budget.ts";
import type { Held } from "./held.ts";
import { byKind, foldersOf, groupsOf, type Kind, namesIn, openScale, walk } from "./usage.ts";
import type { Collection, CollectionParts, CollectionWish } from "./wish.ts";

export interface Sweep {
  /** Files, those that may go still when sessions can register no more. */
  remove(files: readonly string[], mayGo: (file: string) => boolean): Promise<void>;
  /** All files of a kind; `isLive` gets the whole name and the digits it begins with. Flushed when it is over. */
  files(kind: Kind, isLive: (name: string, hex: string) => boolean): Promise<void>;
  /** What lies directly in a folder. */
  folders(kind: Kind, folder: string, isLive: (name: string) => boolean): Promise<void>;
  /** Freed so far. */
  bytes(): number;
  outcome(): Pick<Collection, "removed" | "kept" | "bytes">;
}

/** How many files go while the gate is closed once: a session that comes to it then waits for a millisecond. */
const atOnce = 32;

/** Bytes of a file that is only moved aside while the gate is closed: the kernel takes 50 ms to free a gigabyte. */
const large = 16 << 20;

export function openSweep(
  { layout, journals, trash, flush, signal, onProgress }: CollectionParts,
  held: Held,
  { dryRun, usedSince, maxSize, free }: CollectionWish,
): Sweep {
  const scale = openScale();
  const isBounded = maxSize !== undefined || free !== undefined;
  const removed: Record<Kind, number> = byKind(() => 0);
  const kept: Record<Kind, number> = byKind(() => 0);
  let groups = 0;
  /** With the gate closed: what is looked for from now on is gone, and what was before is known to be held. */
  const withHolds = (task: () => void) => {
    if (journals === undefined) return task();
    journals.withGateClosed(() => {
      held.refresh();
      task();
    });
  };
  const moveAside = (place: string, name: string): string => {
    mkdirSync(trash, { recursive: true });
    renameSync(place, `${trash}/${name}`);
    return `${trash}/${name}`;
  };
  // Not by a change: one is a link that comes or goes with a checkout. A size is held to by what results name.
  const isYoung = (file: string) =>
    usedSince !== undefined && !isBounded && secondsOf(file, "birthtimeMs") >= usedSince;
  const sweepGroup = async (kind: Kind, group: string, isLive: (name: string, hex: string) => boolean) => {
    const staying = new Set<string>();
    const going = new Set<string>();
    // Nothing else says when a blob was used, or why a build failed.
    const stays = (name: string) =>
      isLive(name, name.slice(0, 64)) ||
      ((kind === "blobs" || kind === "logs") && isYoung(`${group}/${name}`));
    const candidates = namesIn(group).filter((name) => {
      if (!stays(name)) return true;
      staying.add(name.slice(0, 64));
      return false;
    });
    for (let at = 0; at < candidates.length; at += atOnce) {
      const some = candidates.slice(at, at + atOnce).map((name) => {
        const file = `${group}/${name}`;
        return { name, file, stats: lstatSync(file, { throwIfNoEntry: false }) };
      });
      const aside: string[] = [];
      withHolds(() => {
        for (const { name, file, stats } of some) {
          if (isLive(name, name.slice(0, 64))) {
            staying.add(name.slice(0, 64));
            continue;
          }
          going.add(name.slice(0, 64));
          if (stats !== undefined) scale.drop(file, stats);
          if (dryRun) continue;
          if ((stats?.size ?? 0) < large) removeFile(file);
          else aside.push(moveAside(file, `${kind}-${name}`));
        }
      });
      for (const file of aside) unlinkSync(file);
      if (at % 256 === 0) await setImmediate();
      signal?.throwIfAborted();
    }
    kept[kind] += staying.size;
    removed[kind] += going.size;
  };
  const sweep: Sweep = {
    async remove(files, mayGo) {
      if (dryRun || files.length === 0) return;
      withHolds(() => {
        for (const file of files) if (mayGo(file)) rmSync(file, { force: true });
      });
      await flush();
    },
    async files(kind, isLive) {
      for (const folder of foldersOf(layout, kind)) {
        for (const group of groupsOf(folder, kind)) {
          await sweepGroup(kind, group, isLive);
          onProgress?.(++groups, allGroups);
        }
      }
      if (!dryRun) await flush();
    },
    async folders(kind, folder, isLive) {
      for (const name of namesIn(folder)) {
        const place = `${folder}/${name}`;
        let goes = !isLive(name);
        let aside = place;
        if (goes && !dryRun) {
          withHolds(() => {
            goes = !isLive(name);
            // Out of sight at once: what is half removed would count as complete.
            if (goes) aside = moveAside(place, `${kind}-${name}`);
          });
        }
        (goes ? removed : kept)[kind]++;
        if (!goes) continue;
        walk(aside, scale.drop);
        if (!dryRun) rmSync(aside, { recursive: true, force: true });
        await setImmediate();
        signal?.throwIfAborted();
      }
    },
    bytes: scale.bytes,
    outcome: () => ({ removed, kept, bytes: scale.bytes() }),
  };
  return sweep;
}

/** A log of a build that has just ended may have been moved to its place. */
function removeFile(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/** Results, logs, trees and blobs lie in 256 folders each. */
const allGroups = 4 * 256;
