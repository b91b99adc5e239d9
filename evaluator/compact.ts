// The compact form of a package list: its stanzas' text behind tables that say which of them speak of what.
// Knows the form; does not know which tables a list has, nor where its bytes lie.
//
// `kit/index/2`: 16 bytes (`kit/index/2`, four spaces, a line break), the head's length as a little-endian 32-bit word
// and a word 0, then the rest of the head, then the text. The head goes on with a JSON object of a length that is
// written before it, and after that come the places of the stanzas and the tables, where the object says.

import { type Lists, newLists } from "./lists.ts";
import { bytesOfWords, damaged, openTable, type Table, wordsOfBytes } from "./table.ts";

/** A list, scanned. Stanzas go by number, from 0 in the order of the text. */
export interface Scanned {
  /** Where each stanza begins, in bytes of the text. */
  readonly starts: readonly number[];
  readonly tables: Readonly<Record<string, Lists>>;
  /** What could not be read. */
  readonly warnings: readonly string[];
}

export interface Compact {
  /** How many stanzas there are. */
  readonly size: number;
  /** Empty where there is none of that name. */
  table(name: string): Table;
  /** The stanza's text, without the empty line after it. */
  text(stanza: number): string;
  readonly warnings: readonly string[];
}

/** Bytes of the form, from one place to another: at most up to its end. */
export type ReadBytes = (start: number, end: number) => Buffer;

/** What stands before the text, of `length` bytes; in pieces, since joining the 9 MB of a large list takes 0.1 s. */
export function encodeHead({ starts, tables, warnings }: Scanned, length: number): readonly Uint8Array[] {
  const parts = [bytesOfWords(Uint32Array.from([...starts, length]))];
  const places: Record<string, readonly [number, number]> = {};
  let at = parts[0]?.length ?? 0;
  for (const [name, lists] of Object.entries(tables)) {
    const encoded = lists.encode();
    const bytes = encoded.reduce((sum, part) => sum + part.length, 0);
    places[name] = [at, bytes];
    parts.push(...encoded);
    at += bytes;
  }
  const about = Buffer.from(JSON.stringify({ size: starts.length, length, tables: places, warnings }));
  const padding = Buffer.alloc(-about.length & 3, " ");
  const aboutLength = about.length + padding.length;
  const lengths = bytesOfWords(Uint32Array.of(headStart + aboutLength + at, aboutLength));
  return [magic, lengths, about, padding, ...parts];
}

/** @throws {Fault} `store/corrupt` where this is not the form, or not of this version */
export function openCompact(read: ReadBytes): Compact {
  const start = read(0, headStart);
  if (start.length < headStart || !start.subarray(0, magic.length).equals(magic)) throw damaged();
  const [headLength = 0, aboutLength = 0] = wordsOfBytes(start, magic.length, 2);
  const head = read(headStart, headLength);
  if (head.length !== headLength - headStart) throw damaged();
  const about = parseAbout(head.toString("utf8", 0, aboutLength));
  const body = head.subarray(aboutLength);
  const starts = wordsOfBytes(body, 0, about.size + 1);
  const tables = new Map<string, Table>();
  return {
    size: about.size,
    warnings: about.warnings,
    table(name) {
      const [at, length] = about.tables[name] ?? [0, 0];
      const table = tables.get(name) ?? (length === 0 ? none : openTable(body.subarray(at, at + length)));
      tables.set(name, table);
      return table;
    },
    text(stanza) {
      const [from = about.length, to = about.length] = starts.subarray(stanza, stanza + 2);
      return read(headLength + from, headLength + to)
        .toString()
        .trimEnd();
    },
  };
}

/** The same of what is in memory. */
export function compactInMemory(scanned: Scanned, text: Buffer): Compact {
  const whole = Buffer.concat([...encodeHead(scanned, text.length), text]);
  return openCompact((start, end) => whole.subarray(start, end));
}

const magic = Buffer.from("kit/index/2    \n");
const headStart = magic.length + 8;
const none: Table = openTable(Buffer.concat(newLists().encode()));

interface About {
  readonly size: number;
  /** Of the text. */
  readonly length: number;
  /** Where each table begins behind the object, and its bytes. */
  readonly tables: Readonly<Record<string, readonly [number, number]>>;
  readonly warnings: readonly string[];
}

function parseAbout(text: string): About {
  try {
    return JSON.parse(text) as About;
  } catch {
    throw damaged();
  }
}
