// Checkouts: a tree as a folder, its files shared with the pool.
// Knows links, reflinks and copies; does not know who asks or why.

import {
  chmodSync,
  chownSync,
  constants,
  copyFileSync,
  existsSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
} from "node:fs";
import type { Holds } from "./holds.ts";
import { type Layout, poolTime } from "./layout.ts";
import { type Digest, hexOf } from "./model/digest.ts";
import { unreachable } from "./model/fault.ts";
import type { Entry, FileEntry, Tree } from "./model/tree.ts";
import type { Pool } from "./pool.ts";
import { fileTypes, type System } from "./system.ts";

/** How files get into a checkout; all three look alike from inside. */
export type CheckoutMethod = "hardlink" | "reflink" | "copy";

export interface CheckoutTools {
  readonly layout: Layout;
  readonly pool: Pool;
  readonly system: System;
  readonly method: CheckoutMethod;
  /** A folder of this thread alone, on the store's file system. */
  readonly staging: string;
}

/** A checkout that is being made: its folders are there, its files can be placed by whoever likes. */
export interface CheckoutBegun {
  readonly folder: string;
  readonly files: readonly FileEntry[];
  /** Shows what was made; returns where it is. */
  finish(): string;
  /** Removes what was made. @throws the error, unless another process made the same checkout meanwhile */
  giveUp(error: unknown): string;
}

/** For builds, or for people to see: each tree once there. */
export type CheckoutKind = "checkouts" | "outputs";

/**
 * The folder that holds the tree, or the beginning of it; only then is the tree read (85 ms for a root of 9,000
 * entries, the first time). Read the folder only: its files are the pool's.
 */
export function beginCheckout(
  digest: Digest,
  read: (digest: Digest) => Tree,
  {
    layout,
    system,
    staging,
    holds,
  }: Pick<CheckoutTools, "layout" | "system" | "staging"> & {
    readonly holds: Holds;
  },
  kind: CheckoutKind = "checkouts",
): string | CheckoutBegun {
  holds.take("tree", [hexOf(digest)]);
  const place = `${layout[kind]}/${hexOf(digest)}`;
  if (existsSync(place)) return place;
  const folder = `${staging}/${kind}-${digest.slice(-16)}`;
  const giveUp = (error: unknown) => {
    // What is half made must not be in the way of the next attempt.
    rmSync(folder, { recursive: true, force: true });
    // Another process made the same checkout between the look and the rename: theirs is as good.
    if (!existsSync(place)) throw error;
    return place;
  };
  try {
    const tree = read(digest);
    makeFolders(tree, folder, system);
    return {
      folder,
      files: filesOf(tree),
      finish() {
        try {
          finishFolders(tree, folder, system);
          renameSync(folder, place);
          return place;
        } catch (error) {
          return giveUp(error);
        }
      },
      giveUp,
    };
  } catch (error) {
    return giveUp(error);
  }
}

/**
 * Places files of one tree below a folder. Within one checkout an inode stands at one path, unless the record says
 * hard link: files of equal content take different members (otherwise `cp a b` says they are the same file, and
 * dpkg-deb writes hard links). So entries of one blob are placed by one call.
 */
export function placeFiles(files: readonly FileEntry[], folder: string, tools: CheckoutTools): void {
  const place = placer(tools);
  for (const entry of files) place(entry, `${folder}/${entry.path}`);
}

function filesOf(tree: Tree): FileEntry[] {
  return tree.entries.filter((entry) => entry.type === "file");
}

/** Everything but files. */
function makeFolders(tree: Tree, folder: string, system: System): void {
  for (const entry of tree.entries) {
    const path = entry.path === "" ? folder : `${folder}/${entry.path}`;
    if (entry.type === "directory") mkdirSync(path, 0o700);
    else if (entry.type !== "file") makeSpecial(entry, path, system);
  }
}

/** Directories get their modes and times last. */
function finishFolders(tree: Tree, folder: string, system: System): void {
  for (let i = tree.entries.length - 1; i >= 0; i--) {
    const entry = tree.entries[i];
    if (entry?.type !== "directory") continue;
    const path = entry.path === "" ? folder : `${folder}/${entry.path}`;
    if (entry.uid !== 0 || entry.gid !== 0) chownSync(path, entry.uid, entry.gid);
    chmodSync(path, entry.mode);
    setAttributes(entry, path, system);
    utimesSync(path, poolTime, poolTime);
  }
}

function placer({
  layout,
  pool,
  system,
  method,
  staging,
}: CheckoutTools): (entry: FileEntry, path: string) => void {
  const used = new Map<string, number>();
  const groups = new Map<number, string[]>();
  const copy = (entry: FileEntry, path: string) => {
    copyFileSync(pool.require(entry.blob, entry), path, method === "copy" ? 0 : constants.COPYFILE_FICLONE);
    chownSync(path, entry.uid, entry.gid);
    chmodSync(path, entry.mode);
    setAttributes(entry, path, system);
    utimesSync(path, poolTime, poolTime);
  };
  const link = (entry: FileEntry, path: string) => {
    const member = layout.member(entry.blob, entry);
    const nth = used.get(member) ?? 0;
    used.set(member, nth + 1);
    try {
      // The member is nearly always there: linking first saves a look (2 µs of 12 a file).
      linkSync(nth === 0 ? member : pool.require(entry.blob, entry, nth), path);
    } catch (error) {
      if (!isCode(error, "ENOENT")) throw error;
      linkSync(pool.require(entry.blob, entry, nth), path);
    }
  };
  const place = (entry: FileEntry, path: string) => {
    if (method !== "hardlink") return copy(entry, path);
    try {
      link(entry, path);
    } catch (error) {
      // An inode takes 65,000 links on ext4; past that the file is this checkout's own.
      if (!isCode(error, "EMLINK")) throw error;
      copy(entry, path);
    }
  };
  /** A further path of a hard link group; where its inode takes no more, the whole group moves to one of its own. */
  const join = (entry: FileEntry, path: string, group: string[]) => {
    try {
      linkSync(group[0] ?? "", path);
    } catch (error) {
      if (!isCode(error, "EMLINK")) throw error;
      const own = `${staging}/group`;
      copy(entry, own);
      for (const member of group) {
        unlinkSync(member);
        linkSync(own, member);
      }
      renameSync(own, path);
    }
  };
  return (entry, path) => {
    const group = entry.link === undefined ? undefined : groups.get(entry.link);
    if (group === undefined) place(entry, path);
    else join(entry, path, group);
    if (group !== undefined) group.push(path);
    else if (entry.link !== undefined) groups.set(entry.link, [path]);
  };
}

function isCode(error: unknown, code: string): boolean {
  return (error as NodeJS.ErrnoException).code === code;
}

function makeSpecial(
  entry: Exclude<Entry, FileEntry | { type: "directory" }>,
  path: string,
  system: System,
): void {
  switch (entry.type) {
    case "symlink":
      symlinkSync(entry.target, path);
      break;
    case "fifo":
      system.makeNode(path, fileTypes.fifo | 0o600, 0, 0);
      break;
    case "character":
    case "block":
      // A user namespace may not make devices. The record keeps them, image writers take them from there, and
      // nothing that runs over a checkout needs them: a sandbox has its own /dev.
      return;
    default:
      unreachable(entry);
  }
  lchownSync(path, entry.uid, entry.gid);
  if (entry.type === "fifo") chmodSync(path, entry.mode);
  setAttributes(entry, path, system);
  lutimesSync(path, poolTime, poolTime);
}

function setAttributes(entry: Entry, path: string, system: System): void {
  for (const [name, value] of Object.entries(entry.xattrs ?? {})) {
    system.setAttribute(path, name, Buffer.from(value, "base64"));
  }
}
