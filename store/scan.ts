// Scanning: a folder, or what a sandbox left in its overlay's upper layer, becomes a tree.
// Knows overlayfs's marks and moves files into the pool; does not know what made them.

import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { Fault } from "./model/fault.ts";
import type { Layer } from "./model/overlay.ts";
import { parseTreePath, type TreePath } from "./model/path.ts";
import { directoryAt, type Entry, type FileEntry, makeTree, type Tree } from "./model/tree.ts";
import type { Pool } from "./pool.ts";
import type { System } from "./system.ts";

export interface ScanTools {
  readonly pool: Pool;
  readonly system: System;
}

export interface Scan {
  readonly tree: Tree;
  /** Sockets: no part of a tree, worth a word in the log. */
  readonly dropped: readonly string[];
}

export interface UpperScan extends Layer {
  readonly dropped: readonly string[];
}

/** Takes a folder's files into the pool: they are gone from the folder afterwards. */
export function scanFolder(folder: string, tools: ScanTools): Scan {
  const walk = walker(tools);
  walk.directory(folder, "");
  return { tree: makeTree(walk.entries), dropped: walk.dropped };
}

/** What an overlay's upper folder changes in what lies below it. Its files move into the pool. */
export function scanUpper(upper: string, tools: ScanTools): UpperScan {
  const { entries, hidden, dropped, directory } = walker(tools);
  directory(upper, "");
  return { entries, hidden, dropped };
}

function walker({ pool, system }: ScanTools) {
  const entries: Entry[] = [];
  const dropped: string[] = [];
  const hidden: TreePath[] = [];
  const linked = new Map<number, FileEntry>();

  const directory = (folder: string, path: string) => {
    const at = parseTreePath(path);
    const stats = lstatSync(folder);
    if (!stats.isDirectory()) throw new Fault("build/no-output", `${folder} is no directory`);
    const attributes = attributesOf(folder, system);
    if (attributes.opaque) hidden.push(at);
    entries.push({
      ...directoryAt(at, stats.mode & 0o7777),
      uid: stats.uid,
      gid: stats.gid,
      ...attributes.kept,
    });
    for (const name of readdirSync(folder, { encoding: "utf8" })) {
      visit(`${folder}/${name}`, path === "" ? name : `${path}/${name}`);
    }
  };
  const visit = (file: string, path: string) => {
    const at = parseTreePath(path);
    const stats = lstatSync(file);
    if (stats.isDirectory()) return directory(file, path);
    if (stats.isSocket()) return void dropped.push(path);
    if (stats.isCharacterDevice() && stats.rdev === 0) return void hidden.push(at);
    const owned = {
      path: at,
      mode: stats.mode & 0o7777,
      uid: stats.uid,
      gid: stats.gid,
      ...attributesOf(file, system).kept,
    };
    if (stats.isFile()) entries.push(regular(file, owned, stats));
    else if (stats.isSymbolicLink())
      entries.push({ type: "symlink", ...owned, mode: 0o777, target: readTarget(file, path) });
    else if (stats.isFIFO()) entries.push({ type: "fifo", ...owned });
    else
      throw new Fault("build/device", `the build made a device node at ${path}`, {
        hint: "devices belong into the manifest's files, not into a build",
      });
  };
  const regular = (
    file: string,
    owned: Omit<FileEntry, "type" | "blob" | "size" | "link">,
    stats: Stats,
  ): FileEntry => {
    // Not by its count of links: that fell to 1 where the pool had the bytes and dropped the first of two.
    const known = linked.get(stats.ino);
    if (known !== undefined) return { ...known, path: owned.path };
    const { blob, size } = pool.adopt(file, owned);
    const entry: FileEntry = {
      type: "file",
      ...owned,
      blob,
      size,
      ...(stats.nlink > 1 && { link: linked.size + 1 }),
    };
    if (stats.nlink > 1) linked.set(stats.ino, entry);
    return entry;
  };
  return { entries, dropped, hidden, directory };
}

function readTarget(file: string, path: string): string {
  const target = readlinkSync(file, "buffer");
  const text = target.toString("utf8");
  if (Buffer.from(text).equals(target)) return text;
  throw new Fault("digest/unsafe-path", `the symbolic link ${path} points to a name that is no UTF-8`);
}

/** Attributes kit keeps: capabilities, access lists and what users set; overlayfs's own marks are read and left. */
function attributesOf(
  file: string,
  system: System,
): { opaque: boolean; kept: { xattrs?: Record<string, string> } } {
  const names = system.listAttributes(file);
  if (names.length === 0) return { opaque: false, kept: {} };
  const kept = names.filter((name) => !name.includes(".overlay.") && name !== "security.selinux");
  const opaque =
    names.includes("user.overlay.opaque") &&
    system.getAttribute(file, "user.overlay.opaque").toString() === "y";
  if (kept.length === 0) return { opaque, kept: {} };
  const xattrs = Object.fromEntries(
    kept.map((name) => [name, system.getAttribute(file, name).toString("base64")]),
  );
  return { opaque, kept: { xattrs } };
}
