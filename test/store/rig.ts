// What the store's tests share: a real store in a scratch folder, trees written as a few lines, and a look at a
// folder that knows nothing of the store's own code.
// Knows how a folder is observed; does not know what any test expects.

import { spawnSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  type Stats,
} from "node:fs";
import { inject } from "vitest";
import { beginCheckout, type CheckoutMethod, type CheckoutTools, placeFiles } from "../../store/checkout.ts";
import { prepareStore } from "../../store/format.ts";
import { noHolds } from "../../store/holds.ts";
import { type Layout, layoutOf } from "../../store/layout.ts";
import type { Digest } from "../../store/model/digest.ts";
import { parseTreePath, rootPath } from "../../store/model/path.ts";
import { type Entry, type FileEntry, makeTree, type Tree } from "../../store/model/tree.ts";
import { openPool, type Pool } from "../../store/pool.ts";
import { openRecords, type RecordWriter } from "../../store/records.ts";
import { openSystem, type System } from "../../store/system.ts";

export const system: System = openSystem();
export const isRoot = process.getuid?.() === 0;

export interface TestStore {
  readonly layout: Layout;
  readonly pool: Pool;
  readonly records: RecordWriter;
  readonly staging: string;
  tools(method: CheckoutMethod): CheckoutTools;
  /** The checkout of a tree. */
  checkout(tree: Tree, method?: CheckoutMethod): string;
  /** A new empty folder on the store's file system. */
  folder(): string;
}

/** A store of its own; `place` is a folder on another file system than the scratch folder's. */
export function openTestStore(place?: string): TestStore {
  const root = mkdtempSync(`${place ?? inject("scratch")}/store-`);
  const layout = layoutOf(root);
  system.umask(0o022);
  prepareStore(layout, system);
  const staging = `${layout.staging}/test`;
  mkdirSync(staging);
  const pool = openPool(layout, system, staging, noHolds);
  const records = openRecords(layout, { hasBlob: (blob) => pool.find(blob) !== undefined, holds: noHolds });
  const tools = (method: CheckoutMethod) => ({ layout, pool, system, method, staging });
  return {
    layout,
    pool,
    records,
    staging,
    tools,
    checkout: (tree, method = "hardlink") => checkout(records.writeTree(tree), records.tree, tools(method)),
    folder: () => mkdtempSync(`${layout.failed}/folder-`),
  };
}

/** A checkout made by this thread alone. */
export function checkout(digest: Digest, read: (digest: Digest) => Tree, tools: CheckoutTools): string {
  const begun = beginCheckout(digest, read, { ...tools, holds: noHolds });
  if (typeof begun === "string") return begun;
  try {
    placeFiles(begun.files, begun.folder, tools);
  } catch (error) {
    return begun.giveUp(error);
  }
  return begun.finish();
}

export type Owner = {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly xattrs?: Readonly<Record<string, string>>;
};
/** A file's text with what differs from root's 0644; its link group by name; a link's target; a folder. */
export type Spec = Readonly<
  Record<
    string,
    | string
    | (Owner &
        (
          | { readonly text: string; readonly group?: number }
          | { readonly to: string }
          | { readonly folder: true }
          | { readonly fifo: true }
        ))
  >
>;

/** A tree of a few lines, its blobs in the pool. */
export function plant(pool: Pool, spec: Spec): Tree {
  return makeTree(
    Object.entries(spec).map(([path, value]): Entry => {
      const item = typeof value === "string" ? { text: value } : value;
      const { mode, uid = 0, gid = 0, xattrs } = item as Owner;
      const owned = {
        path: path === "" ? rootPath : parseTreePath(path),
        uid,
        gid,
        ...(xattrs && { xattrs }),
      };
      if ("to" in item) return { type: "symlink", ...owned, mode: 0o777, target: item.to };
      if ("folder" in item) return { type: "directory", ...owned, mode: mode ?? 0o755 };
      if ("fifo" in item) return { type: "fifo", ...owned, mode: mode ?? 0o644 };
      const bytes = Buffer.from(item.text);
      const attributes = { ...owned, mode: mode ?? 0o644 };
      return {
        type: "file",
        ...attributes,
        size: bytes.length,
        blob: pool.put(bytes, attributes),
        ...(item.group !== undefined && { link: item.group }),
      };
    }),
  );
}

/** One path as the kernel shows it. */
export interface Seen {
  readonly type: Entry["type"];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly text?: string;
  readonly target?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
  /** The first path, by bytes, of the same inode, where there are several. */
  readonly with?: string;
}

/** Everything below a folder, read with plain system calls. */
export function observe(folder: string): Record<string, Seen> {
  const seen: Record<string, Seen> = {};
  const inodes = new Map<string, string[]>();
  const visit = (path: string) => {
    const file = path === "" ? folder : `${folder}/${path}`;
    const stats = lstatSync(file);
    if (stats.isSocket()) return;
    const names = system
      .listAttributes(file)
      .filter((name) => !name.includes(".overlay.") && name !== "security.selinux");
    const xattrs = Object.fromEntries(
      names.map((name) => [name, system.getAttribute(file, name).toString("base64")]),
    );
    seen[path] = {
      type: typeOf(stats),
      mode: stats.mode & 0o7777,
      uid: stats.uid,
      gid: stats.gid,
      ...(stats.isFile() && { text: readFileSync(file, "latin1") }),
      ...(stats.isSymbolicLink() && { target: readlinkSync(file) }),
      ...(names.length > 0 && { xattrs }),
    };
    if (stats.isFile()) {
      const key = `${stats.dev}:${stats.ino}`;
      inodes.set(key, [...(inodes.get(key) ?? []), path]);
    }
    if (stats.isDirectory())
      for (const name of readdirSync(file)) visit(path === "" ? name : `${path}/${name}`);
  };
  visit("");
  for (const paths of inodes.values()) {
    const first = paths.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))[0] ?? "";
    if (paths.length > 1) for (const path of paths) seen[path] = { ...(seen[path] as Seen), with: first };
  }
  return seen;
}

/** A tree as {@link observe} would see it. */
export function expectation(tree: Tree, pool: Pool): Record<string, Seen> {
  const first = new Map<number, string>();
  return Object.fromEntries(
    tree.entries.map((entry): [string, Seen] => {
      const { type, mode, uid, gid, xattrs } = entry;
      const group = entry.type === "file" ? entry.link : undefined;
      if (group !== undefined && !first.has(group)) first.set(group, entry.path);
      const withPath = group === undefined ? undefined : first.get(group);
      return [
        entry.path,
        {
          type,
          mode,
          uid,
          gid,
          ...(entry.type === "file" && { text: pool.readAll(entry.blob, entry).toString("latin1") }),
          ...(entry.type === "symlink" && { target: entry.target }),
          ...(xattrs && { xattrs: { ...xattrs } }),
          ...(withPath !== undefined && { with: withPath }),
        },
      ];
    }),
  );
}

export function fileAt(tree: Tree, path: string): FileEntry {
  const entry = tree.entries.find((item) => item.path === path);
  if (entry?.type !== "file") throw new Error(`${path} is no file of the tree`);
  return entry;
}

/** Every member of a pool whose bytes or attributes are other than its name says; sound pools have none. */
export function unsoundMembers(layout: Layout, digestOf: (bytes: Buffer) => Digest): string[] {
  return readdirSync(layout.pool).flatMap((fan) =>
    readdirSync(`${layout.pool}/${fan}`).filter((name) => {
      const [, hex, mode, uid, gid] =
        /^([0-9a-f]{64})\.(\d+)\.(\d+)\.(\d+)(\.x[0-9a-f]{16})?(~\d+)?$/.exec(name) ?? [];
      const file = `${layout.pool}/${fan}/${name}`;
      const stats = lstatSync(file);
      const isNamed = hex?.startsWith(fan) && digestOf(readFileSync(file)) === `blake3-${hex}`;
      return (
        !isNamed ||
        (stats.mode & 0o7777).toString(8) !== mode ||
        String(stats.uid) !== uid ||
        String(stats.gid) !== gid
      );
    }),
  );
}

/** A file system image mounted by loop device; absent where the host has no way to make or mount one. */
export function mountImage(image: string, place: string): boolean {
  mkdirSync(place, { recursive: true });
  return spawnSync("mount", ["-o", "loop", image, place]).status === 0;
}

function typeOf(stats: Stats): Entry["type"] {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isFIFO()) return "fifo";
  return stats.isBlockDevice() ? "block" : "character";
}
