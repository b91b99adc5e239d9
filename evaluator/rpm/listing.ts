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

/** What one stanza adds to each table of an index; a table's keys may come more than once. */
export interface Mentions {
  readonly name: string;
  readonly provides: readonly string[];
  readonly obsoletes: readonly string[];
  readonly supplements: readonly string[];
}

/** Relations that cannot be read mention nothing. The name is empty where the stanza has none. */
export function mentionsOf(stanza: Stanza): Mentions {
  return {
    name: fieldOf(stanza, "Package") ?? "",
    provides: [...linesOf(stanza, "Provides").map(firstWord), ...linesOf(stanza, "Files")],
    obsoletes: linesOf(stanza, "Obsoletes").map(firstWord),
    supplements: linesOf(stanza, "Supplements").flatMap(capabilitiesOf),
  };
}

/**
 * An index in memory, of stanzas as kit makes them from a repository's metadata.
 *
 * @param text deb822, stanzas parted by empty lines
 */
export function rpmIndex(text: string): RpmIndex {
  const texts = text.split(/\n{2,}/).filter((stanza) => stanza.trim() !== "");
  const names: Lists = new Map();
  const providers: Lists = new Map();
  const obsoleters: Lists = new Map();
  const supplementers: Lists = new Map();
  const warnings: string[] = [];
  const nameOf = texts.map((stanza, number) => {
    const { name, provides, obsoletes, supplements } = readMentions(stanza);
    if (name === "") {
      const [line = ""] = stanza.trim().split("\n");
      warnings.push(
        `skipped a stanza without a Package field, beginning ${JSON.stringify(line.slice(0, 80))}`,
      );
      return name;
    }
    addTo(names, name, number);
    for (const capability of provides) addTo(providers, capability, number);
    for (const obsolete of obsoletes) addTo(obsoleters, obsolete, number);
    for (const capability of supplements) addTo(supplementers, capability, number);
    return name;
  });
  return {
    size: texts.length,
    warnings,
    names: () => names.keys(),
    named: (name) => listOf(names, name),
    providing: (capability) => listOf(providers, capability),
    obsoleting: (name) => listOf(obsoleters, name),
    supplementing: (capability) => listOf(supplementers, capability),
    nameAt: (stanza) => nameOf[stanza] ?? "",
    text: (stanza) => texts[stanza]?.trim() ?? "",
  };
}

function readMentions(text: string): Mentions {
  try {
    return mentionsOf(parseStanza(text));
  } catch {
    return mentionsOf({});
  }
}

/** The lines of a field with one relation, or one path, a line. */
export function linesOf(stanza: Stanza, field: string): string[] {
  return (fieldOf(stanza, field) ?? "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

function capabilitiesOf(relation: string): string[] {
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
