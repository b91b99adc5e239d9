// A tree as a tar stream into the pool.
// Knows hashing and compressing on the way; does not know tar's format.

import { createHash, type Hash } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { pipeline, Readable } from "node:stream";
import { constants, createZstdCompress } from "node:zlib";
import type { Digest } from "../../store/model/digest.ts";
import type { Entry, Tree } from "../../store/model/tree.ts";
import { type Pool, writeFully } from "../../store/pool.ts";
import type { System } from "../../store/system.ts";
import { type ReadBlob, type Stretch, stretchOf, tarOf } from "../archive/tarwriter.ts";
import type { StretchTarget, TarBlob, TarOptions } from "../builder.ts";

export async function storeTar(tree: Tree, options: TarOptions, pool: Pool): Promise<TarBlob> {
  const plain = options.digests ? createHash("sha256") : undefined;
  const packed = options.compression === "zstd";
  const stored = packed && options.digests ? createHash("sha256") : undefined;
  const writer = pool.writer();
  try {
    const stream = hashed(tarStream(tree, options.epoch, pool), plain);
    for await (const chunk of packed ? compressed(stream) : stream) {
      stored?.update(chunk);
      writer.write(chunk);
    }
  } catch (error) {
    writer.abandon();
    throw error;
  }
  const { blob, size } = writer.finish();
  if (plain === undefined) return { blob, size };
  const diffId = plain.digest("hex");
  return { blob, size, diffId, sha256: stored?.digest("hex") ?? diffId };
}

/** The tree's tar, file contents read from the pool as they are needed. */
export function tarStream(tree: Tree, epoch: number, pool: Pool): AsyncIterable<Uint8Array> {
  return tarOf(tree, reader(tree.entries, pool), { mtime: epoch });
}

/** Writes a stretch of a plain tar to its place in a file that is there. */
export async function writeStretch(
  stretch: Stretch,
  { epoch, file }: StretchTarget,
  { pool, system }: { pool: Pool; system: System },
): Promise<void> {
  const fd = openSync(file, "r+");
  try {
    let at = stretch.offset;
    for await (const chunk of stretchOf(stretch, reader(stretch.entries, pool), { mtime: epoch })) {
      writeFully(fd, chunk, at);
      at += chunk.length;
      // Whoever records the tar waits until it is on the disk: 0.1 s less of 0.6, on a loop device, and 0.2 of 1.4.
      if (at % (1 << 24) < chunk.length) system.startWriting(fd);
    }
  } finally {
    closeSync(fd);
  }
}

function reader(entries: readonly Entry[], pool: Pool): ReadBlob {
  const attributes = new Map<Digest, Entry>();
  for (const entry of entries) if (entry.type === "file") attributes.set(entry.blob, entry);
  // One buffer for all small files: a look at each one's size and memory of its own took 0.1 s of 0.5.
  const buffer = Buffer.allocUnsafeSlow(inMemory + 1);
  return (blob, size) => {
    if (size <= inMemory) {
      // One byte more, so that a file that has grown shows.
      const count = pool.readInto(buffer.subarray(0, size + 1), blob, attributes.get(blob));
      return [buffer.subarray(0, count)];
    }
    return pool.pieces(blob, attributes.get(blob));
  };
}

const inMemory = 1 << 20;

async function* hashed(
  chunks: AsyncIterable<Uint8Array>,
  hash: Hash | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash?.update(chunk);
    yield chunk;
  }
}

/** One frame with its checksum, level 3, one thread: the same bytes whatever the machine. */
function compressed(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const compressor = createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
    chunkSize: 1 << 18,
  });
  // What breaks the source off breaks the compressed stream off too; `pipe` would leave it waiting.
  return pipeline(Readable.from(chunks, { objectMode: true }), compressor, () => {});
}
