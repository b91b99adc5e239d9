// Tables from texts to ascending numbers, as bytes that are looked into where they lie.
// Knows their encoding; does not know what the texts or the numbers stand for, nor how a table is filled (lists.ts).
//
// A table is little-endian 32-bit words, then the keys' UTF-8 bytes without anything between them, padded to a word:
//   keys k, values v, slots m (a power of two), end of each key in the bytes (k), end of each key's values (k),
//   the values (v), the slots (m).
// Keys stand in the order in which they came in, each is there once. A slot is 0 or a key's number, counted from 1: the
// key lies in the first slot from its hash on (FNV-1a, folded, of which the slots' number takes the lowest bits) that
// was free when it came in.

import { Fault } from "../store/model/fault.ts";

export interface Table {
  /** Ascending; empty where the key is not there. */
  get(key: string): readonly number[];
  /** How many keys came in before this one. */
  rank(key: string): number | undefined;
  /** In the order in which they came in. */
  keys(): Iterable<string>;
}

/** @throws {Fault} `store/corrupt` where the bytes are no table */
export function openTable(encoded: Uint8Array): Table {
  const [keyCount = 0, valueCount = 0, slotCount = 0] = wordsOfBytes(encoded, 0, 3);
  const wordCount = 3 + 2 * keyCount + valueCount + slotCount;
  const words = wordsOfBytes(encoded, 0, wordCount);
  const keyEnds = words.subarray(3, 3 + keyCount);
  const valueEnds = words.subarray(3 + keyCount, 3 + 2 * keyCount);
  const values = words.subarray(3 + 2 * keyCount, 3 + 2 * keyCount + valueCount);
  const slots = words.subarray(wordCount - slotCount);
  const bytes = Buffer.from(
    encoded.buffer,
    encoded.byteOffset + wordCount * 4,
    encoded.length - wordCount * 4,
  );
  if ((keyEnds.at(-1) ?? 0) > bytes.length || (valueEnds.at(-1) ?? 0) > values.length) throw damaged();
  const rank = (key: string): number | undefined => {
    const wanted = Buffer.from(key);
    const from = hashBytes(wanted, 0, wanted.length);
    // Bounded, since a damaged table may have no free slot.
    for (let probe = 0; probe < slotCount; probe++) {
      const number = (slots[(from + probe) & (slotCount - 1)] ?? 0) - 1;
      if (number < 0) return undefined;
      if (hasBytes(bytes, keyEnds[number - 1] ?? 0, keyEnds[number] ?? 0, wanted)) return number;
    }
    return undefined;
  };
  return {
    rank,
    get(key) {
      const at = rank(key);
      return at === undefined ? [] : [...values.subarray(valueEnds[at - 1] ?? 0, valueEnds[at])];
    },
    *keys() {
      for (let i = 0; i < keyCount; i++) yield bytes.toString("utf8", keyEnds[i - 1] ?? 0, keyEnds[i]);
    },
  };
}

/** FNV-1a, its upper half folded into the lower one. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** By hand: keys are short, and a call of `Buffer.compare` takes longer than it looks at them. */
function hasBytes(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): boolean {
  if (end - start !== wanted.length) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[start + i] !== wanted[i]) return false;
  return true;
}

/** Little-endian, whatever the machine is. */
export function bytesOfWords(words: Uint32Array): Uint8Array {
  const bytes = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
  return isLittleEndian ? bytes : Buffer.from(bytes).swap32();
}

/** A view where it can be one. @throws {Fault} `store/corrupt` where there are fewer bytes */
export function wordsOfBytes(bytes: Uint8Array, start: number, count: number): Uint32Array {
  if (start + count * 4 > bytes.length) throw damaged();
  const at = bytes.byteOffset + start;
  if (isLittleEndian && at % 4 === 0) return new Uint32Array(bytes.buffer, at, count);
  const copy = new Uint8Array(bytes.subarray(start, start + count * 4));
  if (!isLittleEndian) Buffer.from(copy.buffer).swap32();
  return new Uint32Array(copy.buffer);
}

const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** What is read out of a store is not as it was written. */
export function damaged(): Fault {
  return new Fault("store/corrupt", "a package list's compact form is damaged", {
    hint: "run `kit store verify --repair`",
  });
}
