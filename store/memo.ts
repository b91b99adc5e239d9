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
  /** Of files that count by what they mean, and not by their bytes: some digest of that. */
  readonly meanings?: Readonly<Record<string, string>>;
  readonly value: T;
}

/** What was remembered; it holds where all that is doubted means what it meant. */
export interface Recalled<T> {
  readonly value: T;
  readonly doubted: readonly { readonly file: string; readonly meaning: string }[];
}

/** Absent where a file has changed since, or nothing can be read. */
export function recall<T>(place: string): Recalled<T> | undefined {
  try {
    const { files, meanings = {}, value } = JSON.parse(readFileSync(place, "utf8")) as Memo<T>;
    const doubted: Recalled<T>["doubted"][number][] = [];
    for (const [file, stamp] of Object.entries(files)) {
      const now = stampOf(file);
      if (now === stamp) continue;
      const meaning = meanings[file];
      if (meaning === undefined || now === "-") return undefined;
      doubted.push({ file, meaning });
    }
    return { value, doubted };
  } catch {
    return undefined;
  }
}

/**
 * Remembers a value for these files and all below those that are folders. Nothing is written where one of them
 * changed within the last two seconds (`now`, in milliseconds): it could change again without its times showing it. One
 * of `meanings`, which say what files meant when they were read, is doubted from the beginning then.
 */
export function remember<T>(
  place: string,
  files: Iterable<string>,
  value: T,
  { now, meanings }: { readonly now: number; readonly meanings: ReadonlyMap<string, string> },
): void {
  const stamps: Record<string, Stamp> = {};
  for (const file of files) {
    for (const path of withContents(file)) {
      const stats = statsOf(path);
      const isRacy = stats && Math.max(stats.mtimeMs, stats.ctimeMs) > now - racyMs;
      if (isRacy && !meanings.has(path)) return;
      stamps[path] = isRacy ? doubtful : stampOf(path);
    }
  }
  write(
    place,
    JSON.stringify({ files: stamps, meanings: Object.fromEntries(meanings), value } satisfies Memo<T>),
  );
}

/** What it leads to; the link itself where that is none but links. */
function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return lstatSync(path, { throwIfNoEntry: false });
  }
}

/** No file's. */
const doubtful: Stamp = "?";

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
