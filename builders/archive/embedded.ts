// Streams in the middle of other bytes: what they hold is given out in full, and then told what follows them.
// Knows where each kind begins to be compressed; does not know what holds it.

import { decompressor, inflater } from "./decompress.ts";
import { type ByteSink, badStream, type Compression, type Decompressor } from "./stream.ts";
import { xzDecompressor } from "./xz.ts";

/**
 * A decompressor of a stream that something may follow: that is `digest/bad-stream` as any damage is, after all that the
 * stream holds went to the sink.
 */
export async function embedded(
  compression: Exclude<Compression, "none">,
  limit: number,
  sink: ByteSink,
): Promise<Decompressor> {
  if (compression === "gz") return behindHead(inflater(limit, sink));
  // Without what is asked of the frame of a package, which would be told before the last bytes are there.
  return compression === "xz" ? await xzDecompressor(sink) : await decompressor(compression, limit, sink);
}

/** Gives a stream what follows the head of a gzip member, once all of that is there. */
function behindHead(stream: Decompressor): Decompressor {
  let head: Buffer | undefined = Buffer.alloc(0);
  return {
    push(chunk) {
      if (head === undefined) return stream.push(chunk);
      head = Buffer.concat([head, chunk]);
      const end = endOfHead(head);
      if (end === undefined) {
        if (head.length > longestHead) throw badStream("gzip", "its head has no end");
        return;
      }
      const rest = head.subarray(end);
      head = undefined;
      return rest.length === 0 ? undefined : stream.push(rest);
    },
    end: () => stream.end(),
    close: () => stream.close(),
  };
}

/** Bytes: names and comments have no limit of their own. */
const longestHead = 1 << 17;

/** RFC 1952, 2.3. Undefined where it goes on behind these bytes. */
function endOfHead(bytes: Buffer): number | undefined {
  const flags = bytes[3] ?? 0;
  let end = 10;
  if (flags & flag.extra) end += 2 + (bytes.length < 12 ? 0 : bytes.readUInt16LE(10));
  for (const text of [flag.name, flag.comment]) {
    if (!(flags & text)) continue;
    const zero = bytes.indexOf(0, end);
    if (zero < 0) return undefined;
    end = zero + 1;
  }
  if (flags & flag.check) end += 2;
  return bytes.length < end ? undefined : end;
}

const flag = { check: 2, extra: 4, name: 8, comment: 16 } as const;
