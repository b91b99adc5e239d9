// Frames of a pack on a thread: unpacked, checked, stored.
// Knows the pool and files in the making; does not know where frames come from.

import { closeSync, openSync } from "node:fs";
import { openFrame } from "../../store/cache/pack.ts";
import type { Zstd } from "../../store/cache/zstd.ts";
import type { Attributes } from "../../store/layout.ts";
import type { Digest } from "../../store/model/digest.ts";
import { type Pool, writeFully } from "../../store/pool.ts";

/** Where what a frame holds goes: it is a blob, or a piece of one that is put together in a file. */
export type FrameTarget =
  | { readonly kind: "blob"; readonly attributes: Attributes }
  | { readonly kind: "piece"; readonly file: string; readonly at: number };

/** Frames as they lie in one buffer. Plain data: threads take them. */
export interface FrameBatch {
  /** All of their buffer: it is given away. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly frames: readonly {
    readonly offset: number;
    readonly length: number;
    readonly digest: Digest;
    readonly size: number;
    readonly targets: readonly FrameTarget[];
  }[];
}

export interface FrameTools {
  readonly pool: Pick<Pool, "place">;
  readonly zstd: Pick<Zstd, "unpack">;
}

/**
 * The blobs are those of whoever asks: the session holds them, and the store lacked them.
 *
 * @throws {Fault} `digest/bad-pack` where a frame holds anything but what is named
 */
export function takeFrames({ bytes, frames }: FrameBatch, { pool, zstd }: FrameTools): void {
  for (const { offset, length, digest, size, targets } of frames) {
    const content = openFrame(bytes.subarray(offset, offset + length), size, digest, zstd.unpack);
    for (const target of targets) {
      if (target.kind === "blob") pool.place(content, target.attributes, digest);
      else writePiece(target.file, content, target.at);
    }
  }
}

function writePiece(file: string, content: Uint8Array, at: number): void {
  if (isHole(content)) return;
  const fd = openSync(file, "r+");
  try {
    writeFully(fd, content, at);
  } finally {
    closeSync(fd);
  }
}

/** Whether a file that has its size already, and nothing in it, holds the piece as it is. */
export function isHole(piece: Uint8Array): boolean {
  // Each byte is the one after it, and the last is 0: 1 MiB of zeros takes 30 µs so, anything else under 1.
  return piece.at(-1) === 0 && Buffer.compare(piece.subarray(1), piece.subarray(0, -1)) === 0;
}
