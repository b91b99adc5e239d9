// An index over a Packages file, whose stanzas stay unparsed until somebody asks for one.
// Knows where each stanza lies and who provides what; does not know what else a stanza says, nor any other index.

import { type Compact, compactInMemory, type Scanned } from "../compact.ts";
import { addTo, type Lists } from "../table.ts";
import { mentionRanks, relationFields } from "./mention.ts";
import { type FieldScan, scanFields } from "./scan.ts";
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
 * Reads nothing but what the tables need: names, what is provided, what may make a base, and who is spoken of.
 *
 * @param bytes an uncompressed Packages file, UTF-8
 */
export function scanPackages(bytes: Uint8Array): Scanned {
  const scan = scanFields(bytes, ["Package", "Source", "Essential", "Priority", ...relationFields]);
  const named: Lists = new Map();
  const warnings: string[] = [];
  const nameOf = scan.column("Package");
  const names = scan.starts.map((_, stanza) => {
    const name = nameOf(stanza) ?? nameIn(scan.text(stanza));
    if (name !== undefined) addTo(named, name, stanza);
    else {
      const [line = ""] = scan.text(stanza).split("\n", 1);
      const told = JSON.stringify(line.slice(0, 80));
      warnings.push(`skipped a stanza without a Package field, beginning ${told}`);
    }
    return name ?? "";
  });
  const tables = {
    named,
    providing: providersIn(scan),
    lines: linesIn(scan),
    mentions: mentionRanks(scan, names),
  };
  return { starts: scan.starts, tables, warnings };
}

function providersIn({ starts, column }: FieldScan): Lists {
  const providers: Lists = new Map();
  const providesOf = column("Provides");
  for (const stanza of starts.keys()) {
    for (const provided of providesOf(stanza)?.split(",") ?? []) {
      const name = /^\s*([^\s(:]+)/.exec(provided)?.[1];
      if (name !== undefined) addTo(providers, name, stanza);
    }
  }
  return providers;
}

function linesIn({ starts, column }: FieldScan): Lists {
  const lines: Lists = new Map();
  for (const field of ["Essential", "Priority"]) {
    const valueIn = column(field);
    for (const stanza of starts.keys()) {
      const line = baseLines.find((each) => each === `${field}: ${valueIn(stanza)}`);
      if (line !== undefined) addTo(lines, line, stanza);
    }
  }
  return lines;
}

function nameIn(text: string): string | undefined {
  const first = /^Package: (.*)/.exec(text)?.[1];
  if (first !== undefined) return first.trim();
  let stanza: Stanza;
  try {
    stanza = parseStanza(text);
  } catch {
    return undefined;
  }
  return fieldOf(stanza, "Package");
}
