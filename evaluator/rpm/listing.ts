// Listings: an index over the stanzas of a repository's rpm packages, which stay unparsed.
// Knows where each stanza lies and who names which capability; does not know what a relation means, nor any repository.

import { fieldOf, parseStanza, type Stanza } from "../deb/stanza.ts";
import { addTo, type Lists, listOf } from "../lists.ts";
import { parseRelation, simplesOf } from "./relation.ts";

/** Stanzas go by number, from 0 in the order of the text. */
export interface RpmIndex {
  /** How many stanzas there are. */
  readonly size: number;
  names(): Iterable<string>;
  /** Stanzas whose `Package` is this. */
  named(name: string): readonly number[];
  /** Stanzas whose `Provides` holds this capability, in whatever version, or whose `Files` holds this path. */
  providing(capability: string): readonly number[];
  /** Stanzas whose `Obsoletes` names this package. */
  obsoleting(name: string): readonly number[];
  /** Stanzas whose `Supplements` names this capability anywhere in a relation. */
  supplementing(capability: string): readonly number[];
  /** Empty for a stanza that cannot be read. */
  nameAt(stanza: number): string;
  /** The stanza's text, without the empty line after it. */
  text(stanza: number): string;
  /** What could not be read: a stanza without a name. */
  readonly warnings: readonly string[];
}

/**
 * An index in memory, of stanzas as kit makes them from a repository's metadata.
 *
 * @param text deb822, stanzas parted by empty lines
 */
export function rpmIndex(text: string): RpmIndex {
  const texts = text.split(/\n{2,}/).filter((stanza) => stanza.trim() !== "");
  const [byName, providers, obsoleters, supplementers]: Lists[] = [
    new Map(),
    new Map(),
    new Map(),
    new Map(),
  ];
  const tables = { byName, providers, obsoleters, supplementers } as Record<keyof Tables, Lists>;
  const warnings: string[] = [];
  const names = texts.map((stanza, number) => {
    const name = takeStanza(tables, stanza, number);
    if (name === "") {
      const [line = ""] = stanza.trim().split("\n");
      warnings.push(
        `skipped a stanza without a Package field, beginning ${JSON.stringify(line.slice(0, 80))}`,
      );
    }
    return name;
  });
  return {
    size: texts.length,
    warnings,
    names: () => tables.byName.keys(),
    named: (name) => listOf(tables.byName, name),
    providing: (capability) => listOf(tables.providers, capability),
    obsoleting: (name) => listOf(tables.obsoleters, name),
    supplementing: (capability) => listOf(tables.supplementers, capability),
    nameAt: (stanza) => names[stanza] ?? "",
    text: (stanza) => texts[stanza]?.trim() ?? "",
  };
}

interface Tables {
  readonly byName: Lists;
  readonly providers: Lists;
  readonly obsoleters: Lists;
  readonly supplementers: Lists;
}

/** The stanza's name; empty, and nothing noted, where it cannot be read. */
function takeStanza(tables: Tables, text: string, number: number): string {
  let stanza: Stanza;
  try {
    stanza = parseStanza(text);
  } catch {
    return "";
  }
  const name = fieldOf(stanza, "Package") ?? "";
  if (name === "") return "";
  addTo(tables.byName, name, number);
  for (const line of linesOf(stanza, "Provides")) addTo(tables.providers, firstWord(line), number);
  for (const path of linesOf(stanza, "Files")) addTo(tables.providers, path, number);
  for (const line of linesOf(stanza, "Obsoletes")) addTo(tables.obsoleters, firstWord(line), number);
  for (const line of linesOf(stanza, "Supplements")) {
    for (const key of supplementKeys(line)) addTo(tables.supplementers, key, number);
  }
  return name;
}

/** The lines of a field with one relation, or one path, a line. */
export function linesOf(stanza: Stanza, field: string): string[] {
  return (fieldOf(stanza, field) ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** Under which keys {@link RpmIndex.supplementing} finds a relation; none for one that cannot be read. */
export function supplementKeys(relation: string): string[] {
  if (!relation.startsWith("(")) return [firstWord(relation)];
  try {
    return [...simplesOf(parseRelation(relation))].map(({ name }) => name);
  } catch {
    return [];
  }
}

function firstWord(line: string): string {
  const [word = ""] = line.split(/\s/, 1);
  return word;
}
