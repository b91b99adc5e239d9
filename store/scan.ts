// Scanning: a folder, or what a sandbox left in its overlay's upper layer, becomes a tree.
// Knows overlayfs's marks and moves files into the pool; does not know what made them.

import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import type { Attributes } from "./layout.ts";
import { Fault } from "./model/fault.ts";
import type { Layer } from "./model/overlay.ts";
import { parseTreePath, type TreePath } from "./model/path.ts";
import { directoryAt, type Entry, makeTree, type Tree } from "./model/tree.ts";
import type { Adopted, Finished, Pool } from "./pool.ts";
import { openRoom } from "./room.ts";
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

/** What was found below a folder, its files not yet in the pool. Plain data. */
export interface Walk {
  /** Everything but files. */
  readonly others: readonly Entry[];
  readonly files: readonly FoundFile[];
  readonly hidden: readonly TreePath[];
  readonly dropped: readonly string[];
}

/** An inode: where its file lies, and all paths it has in the tree. */
export interface FoundFile extends Finished {
  readonly paths: readonly TreePath[];
  /** The number of its group, where it has more paths than one, be they elsewhere. */
  readonly link?: number;
}

/** Takes a folder's files into the pool: they are gone from the folder afterwards. */
export function scanFolder(folder: string, tools: ScanTools): Scan {
  const walk = walkFolder(folder, tools.system);
  return treeOf(walk, tools.pool.adoptAll(walk.files));
}

/** What an overlay's upper folder changes in what lies below it. Its files move into the pool. */
export function scanUpper(upper: string, tools: ScanTools): UpperScan {
  const walk = walkFolder(upper, tools.system);
  return layerOf(walk, tools.pool.adoptAll(walk.files));
}

export function treeOf(walk: Walk, adopted: readonly Adopted[]): Scan {
  return { tree: makeTree(entriesOf(walk, adopted)), dropped: walk.dropped };
}

export function layerOf(walk: Walk, adopted: readonly Adopted[]): UpperScan {
  return { entries: entriesOf(walk, adopted), hidden: walk.hidden, dropped: walk.dropped };
}

/** Entries, once the files are adopted, in their order. */
function entriesOf({ others, files }: Walk, adopted: readonly Adopted[]): Entry[] {
  const found = files.flatMap(({ file: _, paths, ...owned }, index) => {
    const { blob, size } = adopted[index] as Adopted;
    return paths.map((path): Entry => ({ type: "file", ...owned, path, blob, size }));
  });
  return [...others, ...found];
}

/** @throws {Fault} `build/no-output`, `build/device`, `build/output-too-large`, `digest/unsafe-path` */
export function walkFolder(folder: string, system: System): Walk {
  const room = openRoom(folder);
  const others: Entry[] = [];
  const files: (FoundFile & { readonly paths: TreePath[] })[] = [];
  const dropped: string[] = [];
  const hidden: TreePath[] = [];
  const linked = new Map<number, TreePath[]>();

  const directory = (folder: string, path: string) => {
    const at = parseTreePath(path);
    const stats = lstatSync(folder);
    if (!stats.isDirectory()) throw new Fault("build/no-output", `${folder} is no directory`);
    const attributes = attributesOf(folder, system);
    if (attributes.opaque) hidden.push(at);
    others.push({
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
      mode: stats.mode & 0o7777,
      uid: stats.uid,
      gid: stats.gid,
      ...attributesOf(file, system).kept,
    };
    if (stats.isFile()) regular(file, at, owned, stats);
    else if (stats.isSymbolicLink())
      others.push({ type: "symlink", path: at, ...owned, mode: 0o777, target: readTarget(file, path) });
    else if (stats.isFIFO()) others.push({ type: "fifo", path: at, ...owned });
    else
      throw new Fault("build/device", `the build made a device node at ${path}`, {
        hint: "devices belong into the manifest's files, not into a build",
      });
  };
  const regular = (file: string, at: TreePath, owned: Attributes, { ino, nlink, size }: Stats) => {
    const known = linked.get(ino);
    if (known !== undefined) return void known.push(at);
    room.take(size, at);
    const paths = [at];
    if (nlink > 1) linked.set(ino, paths);
    files.push({ ...owned, file, size, paths, ...(nlink > 1 && { link: linked.size }) });
  };
  directory(folder, "");
  return { others, files, dropped, hidden };
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
