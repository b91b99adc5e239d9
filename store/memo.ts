// Memos: an answer that holds as long as the files it was made from are untouched.
// Knows files' stamps and the memo's own file; does not know what is remembered.
//
// This is the stat cache that lets a command with nothing to do end before it has read a manifest. A memo can be
// lost or deleted at any time; a wrong one would hide a change, so every doubt counts as a change.

import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";

/** `inode:size:mtime:ctime`, times in nanoseconds; `-` where there is no file. A folder's stands for its list of names. */
export type Stamp = string;

export interface Memo<T> {
  readonly files: Readonly<Record<string, Stamp>>;
  readonly value: T;
}

/** What was remembered; absent where a file has changed since, or nothing can be read. */
export function recall<T>(place: string): T | undefined {
  try {
    const memo = JSON.parse(readFileSync(place, "utf8")) as Memo<T>;
    for (const [file, stamp] of Object.entries(memo.files)) if (stampOf(file) !== stamp) return undefined;
    return memo.value;
  } catch {
    return undefined;
  }
}

/**
 * Remembers a value for these files and all below those that are folders. Nothing is written where one of them
 * changed within the last two seconds (`now`, in milliseconds): it could change again without its times showing it.
 */
export function remember<T>(place: string, files: Iterable<string>, value: T, now: number): void {
  const stamps: Record<string, Stamp> = {};
  for (const file of files) {
    for (const path of withContents(file)) {
      const stats = statSync(path, { throwIfNoEntry: false });
      if (stats && Math.max(stats.mtimeMs, stats.ctimeMs) > now - racyMs) return;
      stamps[path] = stampOf(path);
    }
  }
  write(place, JSON.stringify({ files: stamps, value } satisfies Memo<T>));
}

/** As well as it can be: what is remembered nowhere is found out again. */
function write(place: string, text: string): void {
  const temporary = `${place}.${process.pid}`;
  try {
    mkdirSync(dirname(place), { recursive: true });
    try {
      writeFileSync(temporary, text);
      renameSync(temporary, place);
    } finally {
      rmSync(temporary, { force: true });
    }
  } catch {
    // A full disk, a folder of somebody else's.
  }
}

const racyMs = 2000;

function stampOf(path: string): Stamp {
  const stats = lstatSync(path, { throwIfNoEntry: false, bigint: true });
  return stats === undefined ? "-" : `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`;
}

/** The path and, below a folder, everything; a link with what it leads to. */
function withContents(path: string, seen = new Set<string>()): string[] {
  // Links may lead in a circle.
  if (seen.has(path)) return [];
  seen.add(path);
  const stats: Stats | undefined = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isSymbolicLink()) {
    return [path, ...withContents(resolve(dirname(path), readlinkSync(path)), seen)];
  }
  if (!stats?.isDirectory()) return [path];
  const names = readdirSync(path).filter((name) => name !== ".git");
  return [path, ...names.flatMap((name) => withContents(`${path}/${name}`, seen))];
}
