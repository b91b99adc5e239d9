// Maps: which frames of which packs make up a blob.
// Pure. Knows the text of a map and how places are looked up; does not know trees, nor how ranges are fetched.

import { type Digest, digestFromHex, hexOf } from "../model/digest.ts";
import { Fault } from "../model/fault.ts";
import { chunkSizes } from "./chunker.ts";
import { numberIn } from "./number.ts";
import { type FramePlace, firstOffset, fitsFrame, packLimits, trailerLength } from "./pack.ts";

export interface PackName {
  readonly digest: Digest;
  /** Bytes of the whole pack. */
  readonly size: number;
}

/** A frame and the pack it lies in. */
export interface Located extends FramePlace {
  readonly pack: PackName;
}

/** A blob's content, as what its frames hold, one after the other. */
export interface BlobPlace {
  readonly blob: Digest;
  readonly size: number;
  /** One, of the blob's own digest; or two or more chunks. */
  readonly frames: readonly Located[];
}

export type LocationMap = ReadonlyMap<Digest, BlobPlace>;

export const mapLimits = {
  /** Lines. */
  entries: 4_000_000,
  /** Bytes of a line, its line feed included. */
  line: 128,
  /** Bytes of a pack. */
  pack: packLimits.body + 2 * packLimits.index,
} as const;

const header = "kit/map/1";

/** The blobs in the order of the map, the packs in the order they are met. */
export function encodeMap(map: LocationMap): Buffer {
  const numbers = new Map<Digest, number>();
  const packs: string[] = [];
  const numberOf = ({ digest, size }: PackName) => {
    const known = numbers.get(digest);
    if (known !== undefined) return known;
    numbers.set(digest, packs.length);
    return packs.push(`p ${hexOf(digest)} ${size}`) - 1;
  };
  const line = (kind: "b" | "k", { digest, size, pack, offset, length }: Located) =>
    `${kind} ${hexOf(digest)} ${size} ${numberOf(pack)} ${offset} ${length}`;
  const blobs = [...map.values()].flatMap((place) => {
    if (isWhole(place)) return place.frames.map((frame) => line("b", frame));
    const head = `c ${hexOf(place.blob)} ${place.size} ${place.frames.length}`;
    return [head, ...place.frames.map((frame) => line("k", frame))];
  });
  return Buffer.from(`${[header, ...packs, ...blobs].join("\n")}\n`);
}

/**
 * Reads a map, whose bytes the caller has bounded. Each blob occurs once, lies within packs that are named before it,
 * and is as large as its chunks. Takes some four times the memory of the bytes; 2 µs a line.
 *
 * @throws {Fault} `digest/bad-map`
 */
export function decodeMap(bytes: Uint8Array): Map<Digest, BlobPlace> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const lines = text.split("\n", mapLimits.entries + 2);
  if (lines[0] !== header) throw bad("it is of no version that this kit knows");
  if (lines.length > mapLimits.entries + 1) throw bad(`it has more than ${mapLimits.entries} lines`);
  if (lines.pop() !== "") throw bad("it is cut off");
  const packs: PackName[] = [];
  const map = new Map<Digest, BlobPlace>();
  for (let at = 1; at < lines.length; ) {
    if (lines[at]?.startsWith("p ")) {
      if (map.size > 0) throw bad("a pack is named after a blob");
      packs.push(parsePack(lines[at++] as string));
      continue;
    }
    const place = parseBlob(lines, at, packs);
    if (map.has(place.blob)) throw bad(`it names ${place.blob} twice`);
    map.set(place.blob, place);
    at += isWhole(place) ? 1 : 1 + place.frames.length;
  }
  if (new Set(packs.map(({ digest }) => digest)).size < packs.length) throw bad("it names a pack twice");
  return map;
}

/** Whether the blob lies in one frame. */
export function isWhole({ blob, frames }: BlobPlace): boolean {
  return frames.length === 1 && frames[0]?.digest === blob;
}

/** How many lines a map takes at most, but for its packs, in which a blob of so many bytes is. */
export function linesFor(size: number): number {
  return size <= packLimits.content ? 1 : 2 + Math.floor(size / chunkSizes.least);
}

function parsePack(line: string): PackName {
  const [, hex, size] = match(/^p ([0-9a-f]{64}) (\d+)$/, line);
  const pack = { digest: digestFromHex(hex ?? ""), size: count(size, line) };
  if (pack.size > mapLimits.pack) throw bad(`a pack is too large: ${line}`);
  return pack;
}

function parseBlob(lines: readonly string[], at: number, packs: readonly PackName[]): BlobPlace {
  const line = lines[at] ?? "";
  if (line.startsWith("b ")) {
    const frame = parseFrame("b", line, packs);
    return { blob: frame.digest, size: frame.size, frames: [frame] };
  }
  const [, hex, size, chunks] = match(/^c ([0-9a-f]{64}) (\d+) (\d+)$/, line);
  const place = { blob: digestFromHex(hex ?? ""), size: count(size, line) };
  const all = count(chunks, line);
  if (place.size <= packLimits.content) throw bad(`it is too small to be cut: ${line}`);
  if (all < 2 || all > lines.length - at - 1) throw bad(`it has not as many chunks as it says: ${line}`);
  const frames = lines.slice(at + 1, at + 1 + all).map((chunk) => parseFrame("k", chunk, packs));
  if (frames.slice(0, -1).some((frame) => frame.size < chunkSizes.least) || frames.at(-1)?.size === 0)
    throw bad(`a chunk is too small: ${line}`);
  if (frames.reduce((sum, frame) => sum + frame.size, 0) !== place.size)
    throw bad(`its chunks are not as large as it is: ${line}`);
  return { ...place, frames };
}

const framed = /^([bk]) ([0-9a-f]{64}) (\d+) (\d+) (\d+) (\d+)$/;

function parseFrame(kind: "b" | "k", line: string, packs: readonly PackName[]): Located {
  const [, found, hex, ...numbers] = match(framed, line);
  const [size = 0, number = 0, offset = 0, length = 0] = numbers.map((text) => count(text, line));
  const pack = packs[number];
  if (found !== kind || pack === undefined) throw bad(`not a line that may stand here: ${line}`);
  if (!fitsFrame(size, length)) throw bad(`a frame is too large: ${line}`);
  if (offset < firstOffset || offset + length > pack.size - trailerLength)
    throw bad(`a place outside its pack: ${line}`);
  return { digest: digestFromHex(hex ?? ""), size, offset, length, pack };
}

function match(form: RegExp, line: string): RegExpExecArray {
  const found = form.exec(line);
  if (found === null) throw bad(`not a line of a map: ${JSON.stringify(line.slice(0, 160))}`);
  return found;
}

function count(text: string | undefined, line: string): number {
  const number = numberIn(text);
  if (number === undefined) throw bad(`not a number: ${JSON.stringify(line.slice(0, 160))}`);
  return number;
}

function bad(why: string): Fault {
  return new Fault("digest/bad-map", `damaged map: ${why}`);
}
