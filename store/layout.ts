// Where things lie in a store (FORMAT.md states it in prose).
// Knows names; does not touch the disk.

import { join } from "node:path";
import { type Digest, digestOf, hexOf } from "./model/digest.ts";
import type { Owned } from "./model/tree.ts";

/** The version of the layout; written to `format` when a store is made. */
export const storeFormat = "kit/store/2";

/** Seconds since 1970 that every pool member and checkout carries: 2000-01-01. Trees hold no time. */
export const poolTime = 946_684_800;

export interface Layout {
  readonly root: string;
  readonly format: string;
  readonly pool: string;
  readonly trees: string;
  readonly checkouts: string;
  readonly results: string;
  readonly logs: string;
  readonly roots: string;
  readonly profiles: string;
  readonly outputs: string;
  readonly staging: string;
  readonly sessions: string;
  readonly locks: string;
  readonly partial: string;
  readonly failed: string;
  /** What was set aside because it was damaged; not there in a store that never had any. */
  readonly corrupt: string;
  /** The index. */
  readonly database: string;
  /** Held shared by sessions, exclusively by who has the store alone. */
  readonly guard: string;
  /** Passed by sessions when they take hold of something, closed by a collection while it deletes. */
  readonly gate: string;
  /** Held by the one that collects. */
  readonly collecting: string;
  /** The pool member that is the `copy`-th inode of a blob with these attributes. */
  member(blob: Digest, owned: Attributes, copy?: number): string;
  /** The folder that all members of a blob lie in. */
  fan(blob: Digest): string;
  tree(digest: Digest): string;
  /** A tree on disk; exists only when it is complete. */
  checkout(digest: Digest): string;
  result(request: Digest): string;
  log(request: Digest): string;
  lock(request: Digest): string;
  /** The journal of a session. */
  session(id: string): string;
}

/** What one inode holds beside its bytes. */
export type Attributes = Pick<Owned, "mode" | "uid" | "gid" | "xattrs">;

export const blobAttributes: Attributes = { mode: 0o644, uid: 0, gid: 0 };

export function layoutOf(root: string): Layout {
  const at = (name: string) => join(root, name);
  const fanned = (folder: string, digest: Digest, suffix = "") => {
    const hex = hexOf(digest);
    return `${root}/${folder}/${hex.slice(0, 2)}/${hex}${suffix}`;
  };
  return {
    root,
    format: at("format"),
    pool: at("pool"),
    trees: at("trees"),
    checkouts: at("checkouts"),
    results: at("results"),
    logs: at("logs"),
    roots: at("roots"),
    profiles: at("profiles"),
    outputs: at("outputs"),
    staging: at("staging"),
    sessions: at("sessions"),
    locks: at("locks"),
    partial: at("partial"),
    failed: at("failed"),
    corrupt: at("corrupt"),
    database: at("index.sqlite"),
    guard: at("locks/store"),
    gate: at("locks/gate"),
    collecting: at("locks/collecting"),
    member: (blob, owned, copy = 0) => fanned("pool", blob, memberSuffix(owned, copy)),
    fan: (blob) => `${root}/pool/${hexOf(blob).slice(0, 2)}`,
    tree: (digest) => fanned("trees", digest),
    checkout: (digest) => `${root}/checkouts/${hexOf(digest)}`,
    result: (request) => fanned("results", request),
    log: (request) => fanned("logs", request),
    lock: (request) => `${root}/locks/${hexOf(request)}`,
    session: (id) => `${root}/sessions/${id}`,
  };
}

/** The folders that are split in 256 by the first two digits of what they hold. */
export const fannedFolders = ["pool", "trees", "results", "logs"] as const;
export const plainFolders = [
  "checkouts",
  "roots",
  "profiles",
  "outputs",
  "staging",
  "sessions",
  "locks",
  "partial",
  "failed",
] as const;

/**
 * Whether a folder that holds these names can become a store: it is empty, or kit was stopped while it made one
 * there, which begins with `format.new-…`.
 */
export function canBecomeStore(names: readonly string[]): boolean {
  const folders: readonly string[] = [...fannedFolders, ...plainFolders];
  const present = names.filter((name) => name !== "lost+found");
  if (present.length === 0) return true;
  return (
    present.some((name) => name.startsWith("format.new-")) &&
    present.every((name) => folders.includes(name) || name.startsWith("format.new-"))
  );
}

/** `.755.0.0`, `.644.0.42.x1a2b3c4d`, and `~2` for a third inode of the same. */
function memberSuffix(owned: Attributes, copy: number): string {
  const xattrs =
    owned.xattrs === undefined
      ? ""
      : `.x${hexOf(digestOf(JSON.stringify(Object.entries(owned.xattrs)))).slice(0, 16)}`;
  return `.${owned.mode.toString(8)}.${owned.uid}.${owned.gid}${xattrs}${copy === 0 ? "" : `~${copy}`}`;
}
