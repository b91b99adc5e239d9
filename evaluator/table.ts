// Tables from texts to ascending numbers, as bytes that are looked into where they lie.
// Knows their encoding; does not know what the texts or the numbers stand for.
//
// A table is little-endian 32-bit words, then the keys' UTF-8 bytes without anything between them, padded to a word:
//   keys k, values v, end of each key in the bytes (k), end of each key's values (k), the values (v).
// Keys are sorted by their bytes, each is there once.

import { Fault } from "../store/model/fault.ts";

/** Most keys have one number: it stands there itself, a list of one would take 5 MB more in memory for trixie's main. */
export type Lists = Map<string, number | number[]>;

export interface Table {
  /** Ascending; empty where the key is not there. */
  get(key: string): readonly number[];
  /** Sorted by their bytes. */
  keys(): Iterable<string>;
}

/** Numbers have to come in ascending order; the same one twice counts once. */
export function addTo(lists: Lists, key: string, number: number): void {
  const known = lists.get(key);
  if (known === undefined) lists.set(key, number);
  else if (typeof known === "number") {
    if (known !== number) lists.set(key, [known, number]);
  } else if (known.at(-1) !== number) known.push(number);
}

export function encodeTable(lists: Lists): Uint8Array {
  const text = [...lists.keys()].join("");
  const isAscii = Buffer.byteLength(text) === text.length;
  const keys = sortedKeys(lists, isAscii);
  const bytes = Buffer.from(keys.join(""));
  const ends = new Uint32Array(2 * keys.length);
  const values: number[] = [];
  let keyEnd = 0;
  for (const [i, key] of keys.entries()) {
    const known = lists.get(key) ?? [];
    if (typeof known === "number") values.push(known);
    else values.push(...known);
    ends[i] = keyEnd += isAscii ? key.length : Buffer.byteLength(key);
    ends[keys.length + i] = values.length;
  }
  const words = [Uint32Array.of(keys.length, values.length), ends, Uint32Array.from(values)].map(
    bytesOfWords,
  );
  return Buffer.concat([...words, bytes, Buffer.alloc(-bytes.length & 3)]);
}

/** @throws {Fault} `store/corrupt` where the bytes are no table */
export function openTable(encoded: Uint8Array): Table {
  const [keyCount = 0, valueCount = 0] = wordsOfBytes(encoded, 0, 2);
  const wordCount = 2 + 2 * keyCount + valueCount;
  const words = wordsOfBytes(encoded, 0, wordCount);
  const keyEnds = words.subarray(2, 2 + keyCount);
  const valueEnds = words.subarray(2 + keyCount, 2 + 2 * keyCount);
  const values = words.subarray(2 + 2 * keyCount);
  const bytes = Buffer.from(
    encoded.buffer,
    encoded.byteOffset + wordCount * 4,
    encoded.length - wordCount * 4,
  );
  if ((keyEnds.at(-1) ?? 0) > bytes.length || (valueEnds.at(-1) ?? 0) > values.length) throw damaged();
  const find = (key: string): number => {
    const wanted = Buffer.from(key);
    let low = 0;
    for (let high = keyCount - 1; low <= high; ) {
      const middle = (low + high) >> 1;
      const order = compareBytes(bytes, keyEnds[middle - 1] ?? 0, keyEnds[middle] ?? 0, wanted);
      if (order === 0) return middle;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  };
  return {
    get(key) {
      const at = find(key);
      return at < 0 ? [] : [...values.subarray(valueEnds[at - 1] ?? 0, valueEnds[at])];
    },
    *keys() {
      for (let i = 0; i < keyCount; i++) yield bytes.toString("utf8", keyEnds[i - 1] ?? 0, keyEnds[i]);
    },
  };
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

/** ASCII sorts by UTF-16 units as it does by bytes, in a third of the time. */
function sortedKeys(lists: Lists, isAscii: boolean): string[] {
  const keys = [...lists.keys()];
  return isAscii ? keys.sort() : keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** By hand: a lookup takes 17 of these, and `Buffer.compare` would take four times as long. */
function compareBytes(bytes: Uint8Array, start: number, end: number, wanted: Uint8Array): number {
  const most = Math.min(end - start, wanted.length);
  for (let i = 0; i < most; i++) {
    const order = (bytes[start + i] ?? 0) - (wanted[i] ?? 0);
    if (order !== 0) return order;
  }
  return end - start - wanted.length;
}
