// Packing on a thread: blobs of the pool become frames.
// Knows chunks and frames; does not know packs, nor what is in a cache already.

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { openChunker } from "../../store/cache/chunker.ts";
import { type Frame, frameOf, packLimits } from "../../store/cache/pack.ts";
import type { Zstd } from "../../store/cache/zstd.ts";
import { hashFile } from "../../store/filehash.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Pool } from "../../store/pool.ts";

/** A blob from an offset on at which a chunk begins, 0 first. */
export interface BlobPart {
  readonly blob: Digest;
  readonly from: number;
}

/** Frames that follow each other. Plain data: threads send it. */
export interface PackedPart extends BlobPart {
  /** Bytes of the whole blob. */
  readonly size: number;
  readonly frames: readonly Frame[];
  /** Where the next part begins; absent where this is the last. */
  readonly next?: number;
}

export interface PackTools {
  readonly pool: Pick<Pool, "find">;
  readonly zstd: Pick<Zstd, "pack">;
}

/** Bytes of a large blob that are packed at once. */
const stretch = 16 << 20;

/** @throws {Fault} `store/corrupt` where a blob is not what its name says: nothing damaged is passed on */
export function packBlobs(parts: readonly BlobPart[], { pool, zstd }: PackTools): PackedPart[] {
  const room = Buffer.allocUnsafeSlow(packLimits.content);
  return parts.map((part) => packPart(part, memberOf(part.blob, pool), room, zstd));
}

function memberOf(blob: Digest, pool: Pick<Pool, "find">): string {
  const member = pool.find(blob);
  if (member !== undefined) return member;
  throw new Fault("store/missing-blob", `the store lacks the blob ${blob}`, {
    hint: "run `kit store verify --repair`",
  });
}

function packPart(part: BlobPart, member: string, room: Buffer, zstd: PackTools["zstd"]): PackedPart {
  const fd = openSync(member, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { size } = fstatSync(fd);
    if (size <= packLimits.content) {
      const frame = frameOf(room.subarray(0, readSync(fd, room, 0, size, 0)), zstd.pack);
      if (frame.digest !== part.blob) throw damaged(part.blob);
      return { ...part, size, frames: [frame] };
    }
    if (part.from === 0 && hashFile(member).digest !== part.blob) throw damaged(part.blob);
    return { ...part, size, ...framesFrom(fd, part.from, size, zstd) };
  } finally {
    closeSync(fd);
  }
}

/** The chunks of a stretch; the one that goes on behind it is the next part's, unless the blob ends here. */
function framesFrom(
  fd: number,
  from: number,
  size: number,
  { pack }: PackTools["zstd"],
): Pick<PackedPart, "frames" | "next"> {
  const bytes = Buffer.allocUnsafe(Math.min(stretch, size - from));
  const count = readSync(fd, bytes, 0, bytes.length, from);
  const chunker = openChunker();
  const isLast = from + count >= size;
  const chunks = [...chunker.push(bytes.subarray(0, count)), ...(isLast ? chunker.end() : [])];
  const frames = chunks.map((chunk) => frameOf(chunk, pack));
  const packed = frames.reduce((sum, frame) => sum + frame.size, 0);
  return isLast ? { frames } : { frames, next: from + packed };
}

function damaged(blob: Digest): Fault {
  return new Fault("store/corrupt", `the pool member of ${blob} holds other bytes`, {
    hint: "run `kit store verify --repair`, then repeat the command",
  });
}
