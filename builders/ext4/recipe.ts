// How an ext4 image is planned: its size, its identifiers, the command that writes it.
// Pure: decides; does not run mke2fs.

import * as z from "zod/mini";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import { type Digest, hexOf } from "../../store/model/digest.ts";
import type { Tree } from "../../store/model/tree.ts";
import { sandboxVersion } from "../sandbox/spec.ts";

export const ext4Versions = { ext4: "1", sandbox: sandboxVersion } as const;

export interface Ext4Parameters {
  readonly file: string;
  readonly epoch: number;
  readonly label?: string;
  /** Bytes; absent: as the content needs. */
  readonly size?: number;
}

/** Output `image`: a tree of one file. `tools` holds mke2fs 1.47.1 or later, built with libarchive. */
export function ext4Derivation(
  label: string,
  inputs: { root: Input; tools: Input; launcher: Input },
  parameters: Ext4Parameters,
): Derivation {
  return derivation({ builder: "ext4", label, parameters: { ...parameters }, inputs, outputs: ["image"] });
}

const shape = z.object({
  file: z.string(),
  epoch: z.number(),
  label: z.optional(z.string()),
  size: z.optional(z.number()),
});

export function ext4Parameters(parameters: unknown): Ext4Parameters {
  return z.parse(shape, parameters) as Ext4Parameters;
}

const block = 4096;

/** What a root needs: its blocks, its inodes of 256 bytes, a journal, and room to work in. In bytes. */
export function sizeFor(root: Tree): { readonly size: number; readonly inodes: number } {
  let blocks = 0;
  const linked = new Set<number>();
  for (const entry of root.entries) {
    if (entry.type === "directory") blocks += 1;
    if (entry.type !== "file") continue;
    if (entry.link !== undefined && linked.has(entry.link)) continue;
    if (entry.link !== undefined) linked.add(entry.link);
    // One block in 128 for the extent tree of large files, rounded up.
    const own = Math.ceil(entry.size / block);
    blocks += own + (own > 512 ? Math.ceil(own / 128) : 0);
  }
  const inodes = Math.ceil((root.entries.length * 1.1) / 1024) * 1024 + 1024;
  const content = blocks * block + inodes * 256;
  const journal = 16 << 20;
  const size = content * 1.03 + journal + (8 << 20);
  return { size: Math.ceil(size / (1 << 20)) * (1 << 20), inodes };
}

/** Identifiers come from the root they name: the same root, the same file system. */
export function uuidOf(root: Digest, purpose: string): string {
  const hex = hexOf(root).slice(purpose === "hash" ? 32 : 0, purpose === "hash" ? 64 : 32);
  const variant = ((Number.parseInt(hex.slice(16, 17), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** mke2fs reading the root as a tar from standard input (mke2fs(8), `-d -`). */
export function makeCommand(target: string, root: Digest, tree: Tree, parameters: Ext4Parameters): string[] {
  const fit = sizeFor(tree);
  const size = parameters.size ?? fit.size;
  return [
    "/usr/sbin/mke2fs",
    "-q",
    "-F",
    "-t",
    "ext4",
    "-d",
    "-",
    "-b",
    String(block),
    "-I",
    "256",
    "-m",
    "0",
    "-U",
    uuidOf(root, "file system"),
    "-E",
    `hash_seed=${uuidOf(root, "hash")},lazy_itable_init=0,lazy_journal_init=0,nodiscard,root_owner=0:0`,
    ...(parameters.size === undefined ? ["-N", String(fit.inodes), "-J", "size=16"] : []),
    ...(parameters.label === undefined ? [] : ["-L", parameters.label]),
    target,
    `${Math.floor(size / 1024)}k`,
  ];
}
