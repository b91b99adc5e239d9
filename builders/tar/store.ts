// A tree as a tar stream into the pool.
// Knows hashing and compressing on the way; does not know tar's format.

import { createHash, type Hash } from "node:crypto";
import { pipeline, Readable } from "node:stream";
import { constants, createZstdCompress } from "node:zlib";
import type { Digest } from "../../store/model/digest.ts";
import type { Tree } from "../../store/model/tree.ts";
import { type Pool, piecesOf } from "../../store/pool.ts";
import { tarOf } from "../archive/tarwriter.ts";
import type { TarBlob, TarOptions } from "../builder.ts";

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
  const attributes = new Map<Digest, (typeof tree.entries)[number]>();
  for (const entry of tree.entries) if (entry.type === "file") attributes.set(entry.blob, entry);
  // One buffer for all small files: a look at each one's size and memory of its own took 0.1 s of 0.5.
  const buffer = Buffer.allocUnsafeSlow(inMemory + 1);
  const read = (blob: Digest, size: number) => {
    if (size <= inMemory) {
      // One byte more, so that a file that has grown shows.
      const count = pool.readInto(buffer.subarray(0, size + 1), blob, attributes.get(blob));
      return [buffer.subarray(0, count)];
    }
    const member = pool.find(blob, attributes.get(blob));
    return member === undefined ? pool.read(blob) : piecesOf(member);
  };
  return tarOf(tree, read, { mtime: epoch });
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
