// The frame of an .xz stream: what must be so of it, whichever decompressor reads it.
// Knows streams, blocks and LZMA2 chunks (The .xz File Format 1.2.1; lzma2_decoder.c of xz 5.8); unpacks nothing.
//
// liblzma reads more than xz-embedded does: other filters, further streams. dpkg-deb reads the first stream alone. What
// is not read alike by all of them is refused: a package is the same, whoever unpacks it.

import { unreachable } from "../../store/model/fault.ts";
import { badStream } from "./stream.ts";

/** Looks at a stream as it comes, hopping from header to header. */
export interface XzFrame {
  /** @throws {Fault} `digest/bad-stream` */
  push(chunk: Uint8Array): void;
}

export function xzFrame(): XzFrame {
  return new Frame();
}

const damaged = "its data is damaged";
const unknownFeature = "it uses filters other than LZMA2, or a check other than CRC32 and CRC64";

const magic = Buffer.from("fd377a585a00", "hex");
const lzma2 = 0x21;

/** Bytes of the check after a block, by its id: none, CRC32, CRC64. */
const checkSizes: Readonly<Record<number, number>> = { 0: 0, 1: 4, 4: 8 };

/** What is looked at next. */
type Part = "stream" | "block" | "block header" | "chunk" | "copied chunk" | "LZMA chunk" | "index" | "end";

class Frame implements XzFrame {
  #part: Part = "stream";
  /** Bytes of the part that have to be there before it is looked at. */
  #needed = 12;
  #held: Buffer = Buffer.alloc(0);
  /** Bytes before the part that are of no interest. */
  #skip = 0;
  /** Bytes passed since the stream began: everything is aligned to four of them. */
  #passed = 0;
  #checkSize = 0;
  #index = { left: -1, number: 0, shift: 0 };

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const skipped = Math.min(this.#skip, chunk.length - at);
      const piece = chunk.subarray(at + skipped, at + skipped + this.#needed - this.#held.length);
      this.#skip -= skipped;
      this.#passed += skipped + piece.length;
      at += skipped + piece.length;
      if (piece.length === 0) return;
      this.#held = Buffer.concat([this.#held, piece]);
      if (this.#held.length < this.#needed) return;
      const bytes = this.#held;
      this.#held = Buffer.alloc(0);
      this.#take(bytes);
    }
  }

  #expect(part: Part, needed: number, skip = 0): void {
    this.#part = part;
    this.#needed = needed;
    this.#skip = skip;
  }

  #take(bytes: Buffer): void {
    const [first = 0] = bytes;
    switch (this.#part) {
      case "stream":
        return this.#takeStream(bytes);
      case "block":
        // A size of 0 is the index's mark.
        if (first === 0) return this.#expect("index", 1);
        this.#held = bytes;
        return this.#expect("block header", (first + 1) * 4);
      case "block header":
        if (!isLzma2Alone(bytes)) throw badStream("xz", unknownFeature);
        return this.#expect("chunk", 1);
      case "chunk":
        return this.#takeControl(first);
      case "copied chunk":
        return this.#expect("chunk", 1, bytes.readUInt16BE(0) + 1);
      case "LZMA chunk":
        // What it is unpacked from begins with a byte that is 0, though nothing is made of it.
        if (bytes.at(-1) !== 0) throw badStream("xz", damaged);
        return this.#expect("chunk", 1, bytes.readUInt16BE(2));
      case "index":
        return this.#takeIndex(first);
      case "end":
        if (first !== 0) throw badStream("xz", "bytes follow its end");
        return;
      default:
        return unreachable(this.#part);
    }
  }

  #takeStream(bytes: Buffer): void {
    if (!bytes.subarray(0, magic.length).equals(magic)) throw badStream("xz", "it does not start as one");
    const checkSize = checkSizes[bytes[7] ?? 0];
    if (checkSize === undefined) throw badStream("xz", unknownFeature);
    this.#checkSize = checkSize;
    this.#expect("block", 1);
  }

  /** A chunk's first byte: the block's end, bytes as they are, or packed ones with (from 0xc0 on) new properties. */
  #takeControl(control: number): void {
    if (control === 0) this.#expect("block", 1, this.#padding() + this.#checkSize);
    else if (control <= 2) this.#expect("copied chunk", 2);
    else if (control >= 0x80) this.#expect("LZMA chunk", control >= 0xc0 ? 6 : 5);
    else throw badStream("xz", damaged);
  }

  /** How many records there are, then two numbers of each, seven bits a byte; padding, a CRC32, the footer. */
  #takeIndex(byte: number): void {
    const index = this.#index;
    index.number += (byte & 0x7f) * 2 ** index.shift;
    index.shift += 7;
    if (byte >= 0x80) return;
    index.left = index.left < 0 ? 2 * index.number : index.left - 1;
    index.number = index.shift = 0;
    if (index.left === 0) this.#expect("end", 1, this.#padding() + 4 + 12);
  }

  #padding(): number {
    return (4 - (this.#passed % 4)) % 4;
  }
}

/** Whether a block is packed by LZMA2 and nothing else (section 3.1). */
function isLzma2Alone(header: Buffer): boolean {
  const flags = header[1] ?? 0;
  let at = 2;
  // Two numbers that need not be there: the block's sizes.
  for (const present of [0x40, 0x80]) {
    if ((flags & present) === 0) continue;
    while ((header[at] ?? 0) >= 0x80) at++;
    at++;
  }
  return (flags & 3) === 0 && header[at] === lzma2;
}
