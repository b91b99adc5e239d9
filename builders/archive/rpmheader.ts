// The header of an .rpm: its tags, as numbers and strings.
// Knows the file format (rpm's docs/manual/format_v4.md: lead, signature, header); does not know what a tag means.

import { Fault } from "../../store/model/fault.ts";

export interface RpmHeader {
  /** The first string under a tag; undefined where there is none. */
  text(tag: number): string | undefined;
  texts(tag: number): readonly string[];
  numbers(tag: number): readonly number[];
  /** Where in the file it ends, and the payload begins. */
  readonly end: number;
}

const leadSize = 96;
const introSize = 16;
const entrySize = 16;
/** Entries and bytes of a header; the largest of Fedora, a kernel's debuginfo, has 2.6 MB. */
const limits = { entries: 65_536, bytes: 128 << 20 } as const;

/** Types of a tag's value (rpmtag.h) and the bytes that one number of it takes. */
const widths: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8 };
const stringTypes: readonly number[] = [6, 8, 9];

/** @param bytes of the file, to the end of its header at least @throws {Fault} `digest/bad-rpm` */
export function parseRpmHeader(bytes: Buffer): RpmHeader {
  if (bytes.length < leadSize || bytes.readUInt32BE(0) !== 0xedabeedb) throw bad("it does not begin as one");
  const signature = introAt(bytes, leadSize);
  // Padded to eight bytes, the only one that is.
  const intro = signature && introAt(bytes, Math.ceil(signature.end / 8) * 8);
  if (intro === undefined || bytes.length < intro.end) throw bad("it is cut off");
  const data = bytes.subarray(intro.data, intro.end);
  const tags = new Map<number, { readonly type: number; readonly offset: number; readonly count: number }>();
  for (let at = intro.entries; at < intro.data; at += entrySize) {
    const [tag, type, offset, count] = [0, 4, 8, 12].map((more) => bytes.readUInt32BE(at + more)) as [
      number,
      number,
      number,
      number,
    ];
    if (offset > data.length || count > data.length) throw bad("a tag lies outside of its header");
    if (!tags.has(tag)) tags.set(tag, { type, offset, count });
  }
  const texts = (tag: number): readonly string[] => {
    const found = tags.get(tag);
    if (found === undefined) return [];
    if (!stringTypes.includes(found.type)) throw bad(`its tag ${tag} is no text`);
    return stringsIn(data, found.offset, found.count);
  };
  return {
    end: intro.end,
    texts,
    text: (tag) => texts(tag)[0],
    numbers(tag) {
      const found = tags.get(tag);
      if (found === undefined) return [];
      const width = widths[found.type];
      if (width === undefined) throw bad(`its tag ${tag} is no number`);
      if (found.offset + found.count * width > data.length) throw bad("a tag lies outside of its header");
      return Array.from({ length: found.count }, (_, i) => numberAt(data, found.offset + i * width, width));
    },
  };
}

interface Intro {
  readonly entries: number;
  readonly data: number;
  readonly end: number;
}

function introAt(bytes: Buffer, at: number): Intro | undefined {
  if (bytes.length < at + introSize) return undefined;
  if (bytes.readUInt32BE(at) !== 0x8eade801) throw bad("its header does not begin as one");
  const [count, size] = [bytes.readUInt32BE(at + 8), bytes.readUInt32BE(at + 12)];
  if (count > limits.entries || size > limits.bytes) throw bad("its header is larger than any");
  const entries = at + introSize;
  const data = entries + count * entrySize;
  return { entries, data, end: data + size };
}

function numberAt(data: Buffer, at: number, width: number): number {
  return width === 8 ? Number(data.readBigUInt64BE(at)) : data.readUIntBE(at, width);
}

function stringsIn(data: Buffer, offset: number, count: number): string[] {
  const found: string[] = [];
  let at = offset;
  for (let i = 0; i < count; i++) {
    const end = data.indexOf(0, at);
    if (end < 0) throw bad("a text in its header has no end");
    found.push(data.toString("utf8", at, end));
    at = end + 1;
  }
  return found;
}

function bad(why: string): Fault {
  return new Fault("digest/bad-rpm", `this is no .rpm that can be read: ${why}`, {
    hint: "was it cut off on its way, or is it a file of another kind?",
  });
}
