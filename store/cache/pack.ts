// Packs: many contents in one file, each a frame of its own, and an index at the end.
// Knows a pack's bytes; does no input or output, and does not know which contents belong together.

import { type Digest, digestFromHex, digestOf, hasher, hexOf } from "../model/digest.ts";
import { Fault } from "../model/fault.ts";
import { compress, decompress, maxLength, type Unpack } from "./frame.ts";
import { numberIn } from "./number.ts";

/** Sizes in bytes, but for `frames`. */
export const packLimits = {
  /** What a frame holds. */
  content: 1 << 20,
  /** A frame itself. */
  frame: maxLength(1 << 20),
  /** All frames of a pack. */
  body: 64 << 20,
  /** How many frames a pack has. */
  frames: 1 << 18,
  /** The text of an index. */
  index: 32 << 20,
} as const;

/** A blob of at most 1 MiB or a chunk, packed. Plain data: threads make them. */
export interface Frame {
  /** Of what it holds. */
  readonly digest: Digest;
  /** Bytes of what it holds. */
  readonly size: number;
  readonly bytes: Uint8Array;
}

/** Where a frame lies in its pack. */
export interface FramePlace {
  readonly digest: Digest;
  readonly size: number;
  readonly offset: number;
  readonly length: number;
}

/** @throws {RangeError} on more than 1 MiB */
export function frameOf(bytes: Uint8Array, pack: (bytes: Uint8Array) => Buffer = compress): Frame {
  if (bytes.length > packLimits.content) throw new RangeError(`a frame of ${bytes.length} bytes`);
  return { digest: digestOf(bytes), size: bytes.length, bytes: pack(bytes) };
}

/**
 * What a frame holds, checked.
 *
 * @throws {Fault} `digest/bad-pack` where that is not exactly what is named
 */
export function openFrame(frame: Uint8Array, size: number, digest: Digest, unpack?: Unpack): Buffer {
  const refuse = (why: string) => bad(`${digest}: ${why}`);
  const bytes = decompress(frame, Math.min(size, packLimits.content), refuse, unpack);
  if (bytes.length !== size) throw bad(`${digest}: it holds ${bytes.length} bytes, not ${size}`);
  const found = digestOf(bytes);
  if (found !== digest) throw bad(`${digest}: its frame holds ${found}`);
  return bytes;
}

export interface PackBuilder {
  /** Bytes of the frames so far. */
  readonly length: number;
  /** Where the content lies that was added already. */
  find(digest: Digest): FramePlace | undefined;
  /** Whether another frame of so many bytes fits into this pack; where it does not, another pack is begun. */
  takes(length: number): boolean;
  /** Content that is in the pack already is not added again. The bytes are kept, and must not change. */
  add(frame: Frame): FramePlace;
  /** Called once, when all is added. */
  finish(): Pack;
}

export interface Pack {
  readonly digest: Digest;
  /** Bytes of the whole file. */
  readonly size: number;
  /** The file, in parts that follow each other. */
  readonly parts: readonly Uint8Array[];
  /** In the order of the file. */
  readonly frames: readonly FramePlace[];
}

const header = Buffer.from("kit/pack/1\n");
const mark = Buffer.from("kit/pack");
/** Bytes: offset, length, mark. */
export const trailerLength = 24;
/** Where the first frame of a pack begins. */
export const firstOffset = header.length;

/** A pack in the making, of at most 64 MiB of frames, in memory. */
export function openPack(): PackBuilder {
  const places = new Map<Digest, FramePlace>();
  const parts: Uint8Array[] = [header];
  let end = header.length;
  const builder: PackBuilder = {
    get length() {
      return end - header.length;
    },
    find: (digest) => places.get(digest),
    takes: (length) => builder.length + length <= packLimits.body && places.size < packLimits.frames,
    add({ digest, size, bytes }) {
      const known = places.get(digest);
      if (known !== undefined) return known;
      if (!builder.takes(bytes.length)) throw new RangeError("the pack is full");
      const place = { digest, size, offset: end, length: bytes.length };
      places.set(digest, place);
      parts.push(bytes);
      end += bytes.length;
      return place;
    },
    finish() {
      const frames = [...places.values()];
      const index = compress(Buffer.from(frames.map(encodePlace).join("")));
      parts.push(index, trailerOf(end, index.length));
      const hash = hasher();
      for (const part of parts) hash.update(part);
      return { digest: hash.digest(), size: end + index.length + trailerLength, parts, frames };
    },
  };
  return builder;
}

/** Where a pack's index lies. */
export interface Trailer {
  readonly offset: number;
  readonly length: number;
}

/**
 * Reads the last 24 bytes of a pack of `size` bytes.
 *
 * @throws {Fault} `digest/bad-pack` where the index would not lie right before them
 */
export function readTrailer(tail: Uint8Array, size: number): Trailer {
  if (tail.length !== trailerLength || !mark.equals(tail.subarray(16)))
    throw bad("it does not end as a pack");
  const view = new DataView(tail.buffer, tail.byteOffset, trailerLength);
  const offset = Number(view.getBigUint64(0, true));
  const length = Number(view.getBigUint64(8, true));
  if (offset < header.length || offset - header.length > packLimits.body)
    throw bad("its index is out of place");
  if (length > maxLength(packLimits.index) || offset + length + trailerLength !== size)
    throw bad("its index is out of place");
  return { offset, length };
}

/**
 * Reads an index: `bytes` are those the trailer tells of.
 *
 * @throws {Fault} `digest/bad-pack` on one that does not tell of every byte before it exactly once
 */
export function readIndex(bytes: Uint8Array, trailer: Trailer): FramePlace[] {
  const text = decompress(bytes, packLimits.index, (why) => bad(`its index: ${why}`)).toString("latin1");
  const lines = text.split("\n", packLimits.frames + 2);
  if (lines.length > packLimits.frames + 1) throw bad(`its index has more than ${packLimits.frames} lines`);
  if (lines.pop() !== "") throw bad("its index is cut off");
  let end = header.length;
  const seen = new Set<Digest>();
  const frames = lines.map((line) => {
    const place = decodePlace(line);
    if (place.offset !== end) throw bad(`its index has a gap or an overlap at ${end}`);
    end += place.length;
    seen.add(place.digest);
    return place;
  });
  if (end !== trailer.offset) throw bad("its index tells of more or fewer bytes than there are");
  if (seen.size !== frames.length) throw bad("its index names a content twice");
  return frames;
}

function encodePlace({ digest, size, offset, length }: FramePlace): string {
  return `${hexOf(digest)} ${size} ${offset} ${length}\n`;
}

function decodePlace(line: string): FramePlace {
  const [hex = "", size, offset, length, ...rest] = line.split(" ");
  const numbers = [numberIn(size), numberIn(offset), numberIn(length)] as const;
  if (!/^[0-9a-f]{64}$/.test(hex) || numbers.includes(undefined) || rest.length > 0)
    throw bad(`not a line of an index: ${JSON.stringify(line.slice(0, 120))}`);
  const place = {
    digest: digestFromHex(hex),
    size: numbers[0] ?? 0,
    offset: numbers[1] ?? 0,
    length: numbers[2] ?? 0,
  };
  if (!fitsFrame(place.size, place.length)) throw bad(`a frame is too large: ${line}`);
  return place;
}

/** Whether a frame can hold so much in so many bytes. */
export function fitsFrame(size: number, length: number): boolean {
  return size <= packLimits.content && length > 0 && length <= packLimits.frame;
}

function trailerOf(offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(trailerLength);
  bytes.writeBigUInt64LE(BigInt(offset), 0);
  bytes.writeBigUInt64LE(BigInt(length), 8);
  mark.copy(bytes, 16);
  return bytes;
}

function bad(why: string): Fault {
  return new Fault("digest/bad-pack", `damaged pack: ${why}`);
}
