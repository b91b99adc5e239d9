// An index over a Packages file, whose stanzas stay unparsed until somebody asks for one.
// Knows where each stanza lies and who provides what; does not know what else a stanza says, nor any other index.

import { type Compact, compactInMemory, type Scanned } from "../compact.ts";
import { addTo, type Lists } from "../table.ts";
import { mentionRanks } from "./mention.ts";
import { occurrences, stanzasAt } from "./scan.ts";
import { fieldOf, parseStanza, type Stanza } from "./stanza.ts";

/** Stanzas go by number, from 0 in the order of the text. */
export interface PackagesIndex {
  /** How many stanzas there are. */
  readonly size: number;
  /** Sorted by their bytes. */
  names(): Iterable<string>;
  /** Stanzas whose `Package` is this. */
  named(name: string): readonly number[];
  /** Stanzas whose `Provides` holds this name, whatever version they give it. */
  providing(name: string): readonly number[];
  /** Stanzas with one of {@link baseLines}. */
  withLine(line: string): readonly number[];
  /** A number that is the lower the earlier the archive speaks of a name ({@link mentionRanks}). */
  mention(name: string): number | undefined;
  /** Empty for a stanza that cannot be read. */
  nameAt(stanza: number): string;
  /** The stanza's text, without the empty line after it. */
  text(stanza: number): string;
  /** What could not be read: a stanza without a name. */
  readonly warnings: readonly string[];
}

/** The lines by which a base may name its packages. */
export const baseLines = [
  "Essential: yes",
  "Priority: required",
  "Priority: important",
  "Priority: standard",
] as const;

export function openPackages(compact: Compact): PackagesIndex {
  const [named, providing, lines, mentions] = ["named", "providing", "lines", "mentions"].map(compact.table);
  if (!named || !providing || !lines || !mentions) throw new Error("a map is as long as its list");
  return {
    size: compact.size,
    warnings: compact.warnings,
    text: compact.text,
    names: named.keys,
    named: named.get,
    providing: providing.get,
    withLine: lines.get,
    mention: (name) => mentions.get(name)[0],
    nameAt: (stanza) => nameIn(compact.text(stanza)) ?? "",
  };
}

/** Of a list that is in memory. */
export function packagesIndex(bytes: Uint8Array): PackagesIndex {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return openPackages(compactInMemory(scanPackages(text), text));
}

/**
 * Reads nothing but what the tables need: names, what is provided, some whole lines, and who is spoken of. Names of
 * fields must be written as the archive tools write them.
 *
 * @param bytes an uncompressed Packages file, UTF-8
 */
export function scanPackages(bytes: Buffer): Scanned {
  const starts = startsIn(bytes);
  const names: string[] = [];
  const named: Lists = new Map();
  const warnings: string[] = [];
  for (const [stanza, start] of starts.entries()) {
    const name = nameOf(bytes, start);
    names.push(name ?? "");
    if (name !== undefined) addTo(named, name, stanza);
    else {
      const line = bytes.toString("utf8", start, lineEnd(bytes, start)).slice(0, 80);
      warnings.push(`skipped a stanza without a Package field, beginning ${JSON.stringify(line)}`);
    }
  }
  const tables = {
    named,
    providing: providersIn(bytes, starts),
    lines: linesIn(bytes, starts),
    mentions: mentionRanks(bytes, starts, names),
  };
  return { starts, tables, warnings };
}

function startsIn(bytes: Buffer): number[] {
  const starts: number[] = [];
  for (let at = 0; ; ) {
    while (bytes[at] === newline) at++;
    if (at >= bytes.length) return starts;
    starts.push(at);
    const end = bytes.indexOf(gap, at);
    at = end < 0 ? bytes.length : end + gap.length;
  }
}

function providersIn(bytes: Buffer, starts: readonly number[]): Lists {
  const providers: Lists = new Map();
  const stanzaAt = stanzasAt(starts);
  for (const found of occurrences(bytes, "\nProvides:")) {
    for (const provided of fieldAt(bytes, found + "\nProvides:".length).split(",")) {
      const name = /^\s*([^\s(:]+)/.exec(provided)?.[1];
      if (name !== undefined) addTo(providers, name, stanzaAt(found));
    }
  }
  return providers;
}

function linesIn(bytes: Buffer, starts: readonly number[]): Lists {
  const lines: Lists = new Map();
  for (const line of baseLines) {
    const stanzaAt = stanzasAt(starts);
    for (const found of occurrences(bytes, `\n${line}\n`)) addTo(lines, line, stanzaAt(found));
  }
  return lines;
}

const gap = Buffer.from("\n\n");
const newline = 0x0a;
const space = 0x20;
const tab = 0x09;

/** The package's name: on the first line in every index an archive tool writes, anywhere in others. */
function nameOf(bytes: Buffer, start: number): string | undefined {
  const first = bytes.toString("utf8", start, lineEnd(bytes, start));
  if (first.startsWith("Package: ")) return first.slice("Package: ".length).trimEnd();
  const end = bytes.indexOf(gap, start);
  return nameIn(bytes.toString("utf8", start, end < 0 ? bytes.length : end));
}

function nameIn(text: string): string | undefined {
  const first = /^Package: (.*)/.exec(text)?.[1];
  if (first !== undefined) return first.trimEnd();
  let stanza: Stanza;
  try {
    stanza = parseStanza(text);
  } catch {
    return undefined;
  }
  return fieldOf(stanza, "Package");
}

/** A field's value from `at` on, its continuation lines included. */
function fieldAt(bytes: Buffer, at: number): string {
  let end = lineEnd(bytes, at);
  while (bytes[end + 1] === space || bytes[end + 1] === tab) end = lineEnd(bytes, end + 1);
  return bytes.toString("utf8", at, end);
}

function lineEnd(bytes: Buffer, at: number): number {
  const end = bytes.indexOf(newline, at);
  return end < 0 ? bytes.length : end;
}
