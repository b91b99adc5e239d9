// zstd for many small frames, one after the other: Node's own library, called directly.
// Knows its calling convention (zstd.h of 1.5) and who owns memory; does not know frames' limits, nor what is in them.

import type { System } from "../system.ts";
import { compress, defaultLevel, maxLength, type Unpack, unpackWith } from "./frame.ts";

/** For one thread. */
export interface Zstd {
  /** Of at most the bytes it was opened for. What it gives is good until the next call. */
  readonly unpack: Unpack;
  /** One frame that says how much it holds; the caller's to keep. */
  readonly pack: (bytes: Uint8Array) => Buffer;
}

/**
 * Packs and unpacks up to `most` bytes at a time. Besides the work itself unpacking takes 1 µs and packing 2, 36 and 43
 * where Node sets up a stream for each. Through Node all the same where it does not have the functions to give, as
 * where a distribution built it with a library of its own.
 */
export function openZstd(system: System, most: number): Zstd {
  try {
    return native(system.library(null), most);
  } catch {
    return { unpack: unpackWith(), pack: (bytes) => compress(bytes) };
  }
}

function native(declare: ReturnType<System["library"]>, most: number): Zstd {
  const unpack = declare("size_t ZSTD_decompressDCtx(void *, void *, size_t, const void *, size_t)");
  const pack = declare("size_t ZSTD_compressCCtx(void *, void *, size_t, const void *, size_t, int)");
  const reason = declare("const char *ZSTD_getErrorName(size_t)");
  // For as long as the thread lives.
  const unpacker = declare("void *ZSTD_createDCtx()")();
  const packer = declare("void *ZSTD_createCCtx()")();
  const [content, frame] = [Buffer.allocUnsafeSlow(most), Buffer.allocUnsafeSlow(maxLength(most))];
  // An error is a length that nothing has: beyond 2^53, so it does not come as a number.
  const lengthOf = (result: unknown): number => {
    if (typeof result === "number") return result;
    throw new Error(String(reason(result)));
  };
  return {
    unpack(bytes, size) {
      const room = Math.min(size, most);
      return content.subarray(0, lengthOf(unpack(unpacker, content, room, bytes, bytes.length)));
    },
    pack(bytes) {
      const length = lengthOf(pack(packer, frame, frame.length, bytes, bytes.length, defaultLevel));
      return Buffer.from(frame.subarray(0, length));
    },
  };
}
