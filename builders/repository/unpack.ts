// A compressed file of a repository, unpacked as it is read.
// Knows files and limits; does not know what is in them.

import { open } from "node:fs/promises";
import { decompressor } from "../archive/decompress.ts";
import type { ByteSink, Compression } from "../archive/stream.ts";

/**
 * Gives a file's content to `sink`, piece by piece; a piece is valid until the sink returns.
 *
 * @param limit bytes it may have uncompressed
 * @throws {Fault} `digest/bomb` above the limit; `digest/bad-stream`; what the sink throws
 */
export async function unpackFile(
  file: string,
  compression: Compression,
  limit: number,
  sink: ByteSink,
): Promise<void> {
  const stream = await decompressor(compression, limit, sink);
  const handle = await open(file);
  try {
    for (;;) {
      const chunk = Buffer.allocUnsafe(1 << 18);
      const { bytesRead } = await handle.read(chunk);
      if (bytesRead === 0) break;
      await stream.push(chunk.subarray(0, bytesRead));
    }
    await stream.end();
  } finally {
    stream.close();
    await handle.close();
  }
}
