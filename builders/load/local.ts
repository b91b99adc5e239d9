// Local files and folders: their digests, and their bytes on the way to the keeper.
// Knows how the disk is walked; does not know which manifest names them.

import {
  closeSync,
  type Dirent,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from "node:fs";
import { hashFile } from "../../store/filehash.ts";
import { type Content, contentOf } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { digestOfTree, type Tree } from "../../store/model/tree.ts";
import { localTree } from "../keeper/local.ts";
import type { LocalEntry } from "../keeper/protocol.ts";
import { type IgnoreRules, isIgnored, rulesAbove, rulesWithin } from "./ignored.ts";

/**
 * A file as a blob, a folder as a tree; undefined where there is nothing.
 *
 * @throws {Fault} `manifest/wrong-type`, `manifest/too-large`, `digest/unsafe-path`
 */
export function digestLocal(
  path: string,
): { readonly content: Content; readonly executable: boolean } | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (stats.isFile()) refuseLarge(path, stats.size);
  if (stats.isFile())
    // What a link leads to is what is named.
    return {
      content: contentOf("blob", hashFile(realpathSync(path)).digest),
      executable: (stats.mode & 0o100) !== 0,
    };
  if (!stats.isDirectory())
    throw new Fault("manifest/wrong-type", `${path} is neither a file nor a folder`, {
      hint: "a pipe, a socket or a device is nothing to build from",
    });
  return { content: contentOf("tree", digestOfTree(localTreeAt(path))), executable: false };
}

/** A folder as the tree that it is in the store. */
export function localTreeAt(path: string): Tree {
  return localTree(walkFolder(path), (entry) => hashFile(`${path}/${entry.path}`));
}

/** A folder's entries with their bytes, as the keeper takes them. */
export function readFolder(path: string): LocalEntry[] {
  return walkFolder(path).map((entry) =>
    entry.kind === "file" ? { ...entry, bytes: readFileSync(`${path}/${entry.path}`) } : entry,
  );
}

/**
 * The folder itself and everything below it but `.git`, and what .gitignore files leave out, as in a clean clone. kit's
 * own locks, which lie beside manifests, say what is built and are no part of it.
 */
export function walkFolder(folder: string): LocalEntry[] {
  const entries: LocalEntry[] = [{ path: "", mode: 0o755, kind: "directory" }];
  const visit = (relative: string, above: IgnoreRules) => {
    const path = `${folder}/${relative}`;
    const rules = rulesWithin(path, above);
    for (const found of readdirSync(path, { withFileTypes: true }).sort(byName)) {
      const below = relative === "" ? found.name : `${relative}/${found.name}`;
      if (found.name === ".git" || isIgnored(rules, `${folder}/${below}`, found.isDirectory())) continue;
      refuseOddName(found.name, path);
      if (found.isFile() && found.name.endsWith(".lock") && isLock(`${folder}/${below}`)) continue;
      const entry = entryAt(`${folder}/${below}`, below);
      entries.push(entry);
      if (entry.kind === "directory") visit(below, rules);
    }
  };
  visit("", rulesAbove(folder));
  return entries;
}

/** What Node reads as text has lost the bytes of a name that is none. @throws {Fault} `digest/unsafe-path` */
function refuseOddName(name: string, folder: string): void {
  if (!name.includes("\u{fffd}")) return;
  throw new Fault("digest/unsafe-path", `a name in ${folder} is not UTF-8: ${JSON.stringify(name)}`, {
    hint: "rename it, or leave it out by .gitignore",
  });
}

/** Whether a file begins as kit's locks do. */
function isLock(file: string): boolean {
  const opened = openSync(file, "r");
  try {
    const start = Buffer.alloc(64);
    readSync(opened, start, 0, start.length, 0);
    return start.includes('"format": "kit/lock/');
  } finally {
    closeSync(opened);
  }
}

/** Each goes to the keeper in one piece. */
function refuseLarge(path: string, size: number): void {
  if (size < 2 ** 31) return;
  throw new Fault("manifest/too-large", `${path} has ${(size / 2 ** 30).toFixed(1)} GiB`, {
    hint: "a file beside a manifest has less than 2 GiB; a larger one is fetched: serve it, and name its url and digest",
  });
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

function entryAt(path: string, relative: string): LocalEntry {
  const stats = lstatSync(path);
  const common = { path: relative, mode: stats.mode & 0o777 };
  if (stats.isSymbolicLink()) return { ...common, kind: "symlink", target: readlinkSync(path) };
  if (stats.isFile()) {
    refuseLarge(path, stats.size);
    return { ...common, kind: "file" };
  }
  if (stats.isDirectory()) return { ...common, kind: "directory" };
  throw new Fault("manifest/wrong-type", `${path} is neither a file nor a folder nor a link`, {
    hint: "leave it out of the folder",
  });
}
