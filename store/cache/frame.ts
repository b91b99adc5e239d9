// Frames: one zstd frame (RFC 8878), measured and unpacked within bounds.
// Pure. Knows zstd's headers and limits; does not know what is in a frame, nor what a bad one is called.

import { constants, type ZstdOptions, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import type { Fault } from "../model/fault.ts";

/** What a frame says of itself. Bytes. */
export interface Extent {
  /** Of the whole frame. */
  readonly length: number;
  /** Of what it unpacks to. */
  readonly size: number;
}

/** Makes the fault of whoever reads the frame. */
export type Refusal = (why: string) => Fault;

export const defaultLevel = 3;

/** One frame that says how much it holds. */
export function compress(bytes: Uint8Array, level = defaultLevel): Buffer {
  return zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    // The output in one piece.
    chunkSize: maxLength(bytes.length),
  });
}

/**
 * The same, where much of it is in `dictionary` too: raw bytes that may be referred to, all of them from everywhere.
 * A record of 1.06 MB and 9,000 lines, 90 of them changed, takes 4.3 KB and 12 ms; a fourth of 4.3 MB with as many
 * changes 5.5 KB and 80 ms. Left to itself, zstd takes tables and a window for which such a dictionary is too large:
 * 10 KB and 1.4 MB at level 3.
 */
export function compressFrom(bytes: Uint8Array, dictionary: Uint8Array): Buffer {
  const window = Math.min(27, Math.max(16, Math.ceil(Math.log2(bytes.length + dictionary.length + 1))));
  const params = {
    [constants.ZSTD_c_compressionLevel]: 9,
    [constants.ZSTD_c_windowLog]: window,
    [constants.ZSTD_c_hashLog]: Math.min(24, window - 2),
    [constants.ZSTD_c_chainLog]: Math.min(24, window - 2),
    [constants.ZSTD_c_minMatch]: 6,
  };
  return zstdCompressSync(bytes, { params, chunkSize: maxLength(bytes.length), dictionary });
}

/**
 * What the one frame in `frame` holds, of at most `most` bytes. Refused before memory is used: a frame that does not
 * say how much it holds or says more than `most`; and then one that holds anything else, or does not end where the
 * bytes do.
 */
export function decompress(
  frame: Uint8Array,
  most: number,
  refuse: Refusal,
  unpack: Unpack = unpackWith(),
): Buffer {
  const { length, size } = measure(frame, refuse);
  if (length !== frame.length) throw refuse("bytes follow its frame");
  if (size > most) throw refuse(`it says that it holds ${size} bytes, and may hold ${most}`);
  let bytes: Buffer;
  try {
    bytes = unpack(frame, size);
  } catch (error) {
    throw refuse((error as Error).message);
  }
  if (bytes.length !== size) throw refuse(`it holds ${bytes.length} bytes and says ${size}`);
  return bytes;
}

/** What one frame holds, which is `size` bytes as it says itself. @throws where it is damaged, or holds more */
export type Unpack = (frame: Uint8Array, size: number) => Buffer;

/** Where the frame refers to a dictionary, all of it; 20 µs each, nearly all of them Node's to set up. */
export function unpackWith(dictionary?: Uint8Array): Unpack {
  return (frame, size) => {
    const options: ZstdOptions = {
      // With room for all of it zstd unpacks in place, and needs no memory for the frame's window; with a byte more
      // Node does not make room for what might follow.
      chunkSize: Math.max(64, size + 1),
      maxOutputLength: Math.max(1, size),
      ...(dictionary && { dictionary }),
    };
    return zstdDecompressSync(frame, options);
  };
}

/** The most bytes that a frame of so many may take: zstd's own bound. */
export function maxLength(size: number): number {
  return size + (size >> 8) + 64 + (size < 1 << 17 ? ((1 << 17) - size) >> 11 : 0);
}

/**
 * How long the frame is that begins at `from`, by its headers alone (RFC 8878, 3.1.1): in time of its length, and
 * without unpacking. Frames are refused that do not say what they hold, name a dictionary, or are cut off.
 */
export function measure(bytes: Uint8Array, refuse: Refusal, from = 0): Extent {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = headOf(view, from);
  if (typeof head === "string") throw refuse(head);
  for (let at = head.blocks; at + 3 <= bytes.length; ) {
    const block = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    const kind = (block >> 1) & 3;
    if (kind === 3) throw refuse("it has a block of no known kind");
    at += 3 + (kind === 1 ? 1 : block >> 3);
    if ((block & 1) === 0) continue;
    const length = at + head.checksum - from;
    if (from + length > bytes.length) break;
    return { length, size: head.size };
  }
  throw refuse("its frame is cut off");
}

interface Head {
  readonly size: number;
  /** Where the first block begins. */
  readonly blocks: number;
  /** Bytes after the last block. */
  readonly checksum: number;
}

const magic = 0xfd2fb528;
/** Bytes of Frame_Content_Size by its flag; with flag 0 one where there is a single segment, else none. */
const sizeBytes = [1, 2, 4, 8] as const;

function headOf(view: DataView, from: number): Head | string {
  if (from + 6 > view.byteLength || view.getUint32(from, true) !== magic) return "it is no zstd frame";
  const descriptor = view.getUint8(from + 4);
  const single = (descriptor & 0x20) !== 0;
  const flag = descriptor >> 6;
  if ((descriptor & 0x08) !== 0) return "its frame is of a later zstd";
  if ((descriptor & 0x03) !== 0) return "its frame names a dictionary";
  if (flag === 0 && !single) return "its frame does not say how much it holds";
  const at = from + 5 + (single ? 0 : 1);
  const bytes = sizeBytes[flag] as (typeof sizeBytes)[number];
  if (at + bytes > view.byteLength) return "its frame is cut off";
  return { size: sizeAt(view, at, bytes), blocks: at + bytes, checksum: (descriptor & 0x04) === 0 ? 0 : 4 };
}

function sizeAt(view: DataView, at: number, bytes: (typeof sizeBytes)[number]): number {
  switch (bytes) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true) + 256;
    case 4:
      return view.getUint32(at, true);
    case 8:
      return Number(view.getBigUint64(at, true));
    default:
      return bytes satisfies never;
  }
}
