// Whether a checkout, or what users see of an output, is still what its tree says.
// Knows one folder and its record; does not know who uses it, nor whether pool members are sound.

import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { openFileHash } from "./filehash.ts";
import type { Layout } from "./layout.ts";
import { digestFromHex } from "./model/digest.ts";
import { Fault } from "./model/fault.ts";
import { decodeTree, type Entry, type FileEntry, type Tree } from "./model/tree.ts";

/**
 * What of `checkouts/TREE` or `outputs/TREE`, relative to the store, is not as the tree says: kinds, modes, owners,
 * targets, bytes, names that are missing or too many. Undefined where all is, or where the folder is gone. A file that
 * is the pool's own needs no look at its bytes: members are checked by themselves.
 */
export function flawOfShown(layout: Layout, place: string): string | undefined {
  const folder = `${layout.root}/${place}`;
  try {
    const record = layout.tree(digestFromHex(place.slice(-64)));
    const flaw = flawOf(decodeTree(readFileSync(record)), folder, layout);
    return flaw !== undefined && existsSync(folder) ? flaw : undefined;
  } catch (error) {
    if (!(error instanceof Fault) && (error as NodeJS.ErrnoException).code === undefined) throw error;
    return existsSync(folder)
      ? `it cannot be compared with its tree: ${(error as Error).message}`
      : undefined;
  }
}

function flawOf(tree: Tree, folder: string, layout: Layout): string | undefined {
  const hash = openFileHash();
  const entries = tree.entries.filter(isMade);
  const names = namesByFolder(entries);
  for (const entry of entries) {
    const place = entry.path === "" ? folder : `${folder}/${entry.path}`;
    const stats = lstatSync(place, { throwIfNoEntry: false });
    if (stats === undefined) return `/${entry.path} is gone`;
    if (!isAlike(entry, stats, place)) return `/${entry.path} is something else`;
    if (entry.type === "file" && !isSame(entry, stats, place, { layout, hash }))
      return `/${entry.path} holds other bytes`;
    const known = names.get(entry.path);
    const stray = known && readdirSync(place).find((name) => !known.has(name));
    if (stray !== undefined) return `/${entry.path && `${entry.path}/`}${stray} does not belong there`;
  }
  return undefined;
}

/** Devices are in no checkout: a user namespace may not make them. */
function isMade({ type }: Entry): boolean {
  return type !== "character" && type !== "block";
}

function namesByFolder(entries: readonly Entry[]): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>();
  for (const { path, type } of entries) {
    if (type === "directory") names.set(path, new Set());
    const slash = path.lastIndexOf("/");
    if (path !== "") names.get(path.slice(0, Math.max(0, slash)))?.add(path.slice(slash + 1));
  }
  return names;
}

function isAlike(entry: Entry, stats: Stats, place: string): boolean {
  if (stats.uid !== entry.uid || stats.gid !== entry.gid) return false;
  if (entry.type === "symlink") return stats.isSymbolicLink() && readlinkSync(place) === entry.target;
  if ((stats.mode & 0o7777) !== entry.mode) return false;
  if (entry.type === "file") return stats.isFile();
  return entry.type === "directory" ? stats.isDirectory() : stats.isFIFO();
}

function isSame(
  entry: FileEntry,
  { size, ino }: Stats,
  place: string,
  { layout, hash }: { readonly layout: Layout; readonly hash: ReturnType<typeof openFileHash> },
): boolean {
  if (size !== entry.size) return false;
  const member = lstatSync(layout.member(entry.blob, entry), { throwIfNoEntry: false });
  return member?.ino === ino || hash(place, size).digest === entry.blob;
}
