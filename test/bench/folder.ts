// A folder of files as a root file system has them, the same in every run.
// Knows sizes and their spread; does not know who reads it.

import { createCipheriv } from "node:crypto";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";

export interface FolderWish {
  readonly files: number;
  /** Of all files together. */
  readonly bytes: number;
  /** Another one makes other contents of the same sizes. */
  readonly salt?: number;
}

/** Files in folders of sixteen, one link to each tenth; one file in twenty has another one's content. */
export function makeFolder(folder: string, wish: FolderWish): void {
  mkdirSync(folder, { recursive: true });
  const contents = contentsOf(wish);
  for (const [index, size] of sizesOf(wish).entries()) {
    const within = `${folder}/${Math.floor(index / 1024)}/${Math.floor(index / 16)}`;
    if (index % 16 === 0) mkdirSync(within, { recursive: true });
    const file = `${within}/file-${index}`;
    writeFileSync(file, contents(index % 20 === 19 ? index - 1 : index, size));
    chmodSync(file, index % 8 === 0 ? 0o755 : 0o644);
    if (index % 10 === 0) symlinkSync(`file-${index}`, `${within}/link-${index}`);
  }
}

/** Log-normal: of 180 MB in 9,000 files half are below 2.5 kB, and the largest has 10 MB. */
export function sizesOf({ files, bytes }: FolderWish): number[] {
  const random = randomFrom(files);
  const spread = 2.04;
  const raw = Array.from({ length: files }, () => {
    const [u, v] = [1 - random(), random()];
    return Math.exp(spread * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v));
  });
  // A duplicate has its original's size.
  for (let index = 19; index < files; index += 20) raw[index] = raw[index - 1] ?? 0;
  const scale = bytes / raw.reduce((sum, size) => sum + size, 0);
  return raw.map((size) => Math.ceil(size * scale));
}

/** Bytes that no other file has. */
export function contentsOf({ files, salt = 0 }: FolderWish): (index: number, size: number) => Buffer {
  const common = noise(salt, 32 << 20);
  return (index, size) => {
    const content = Buffer.alloc(size);
    for (let at = 0; at < size; at += common.length) common.copy(content, at, 0, size - at);
    if (size >= 8) content.writeBigUInt64LE(BigInt(salt * files + index));
    return content;
  };
}

/** Numbers from 0 to 1. */
function randomFrom(seed: number): () => number {
  const bytes = noise(seed, 1 << 20);
  let at = 0;
  return () => bytes.readUInt32LE((4 * at++) % bytes.length) / 2 ** 32;
}

function noise(seed: number, size: number): Buffer {
  return createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(size));
}
