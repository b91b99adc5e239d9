// Listings: an index over the stanzas of a repository's rpm packages, which stay unparsed.
// Knows where each stanza lies and who names which capability; does not know what a relation means, nor any repository.

import { type Compact, compactInMemory, type Scanned } from "../compact.ts";
import { type FieldScan, scanFields } from "../deb/scan.ts";
import { linesIn } from "../deb/stanza.ts";
import { type Lists, newLists } from "../lists.ts";
import { openStanzas, type StanzaIndex, scanNames } from "../stanzaindex.ts";
import type { Table } from "../table.ts";
import { openWords, type Words } from "../words.ts";
import { parseRelation, simplesOf } from "./relation.ts";

/** To a stanza's `Files` its text has the paths added that were found for it. */
export interface RpmIndex extends StanzaIndex {
  /** Stanzas whose `Provides` holds this capability, in whatever version, or whose `Files` holds this path; ascending. */
  providing(capability: string): readonly number[];
  /** Stanzas whose `Obsoletes` names this package. */
  obsoleting(name: string): readonly number[];
  /** Stanzas whose `Supplements` names this capability anywhere in a relation. */
  supplementing(capability: string): readonly number[];
  /** Of modules' streams, `name:stream`, the packages that belong to them, `NAME-E:V-R.ARCH`, listed here or not. */
  readonly modules: Words;
}

/** The table `found`, where there is one, has by path whose files no primary metadata tells, and somebody speaks of. */
export function openRpms(compact: Compact): RpmIndex {
  const providing = compact.table("providing");
  const found = compact.table("found");
  let foundBy: ReadonlyMap<number, readonly string[]> | undefined;
  return {
    ...openStanzas(compact),
    text(stanza) {
      foundBy ??= pathsByStanza(found);
      return withFiles(compact.text(stanza), foundBy.get(stanza) ?? []);
    },
    providing(capability) {
      const own = providing.get(capability);
      const further = capability.startsWith("/") ? found.get(capability) : [];
      return further.length === 0 ? own : [...new Set([...own, ...further])].sort((a, b) => a - b);
    },
    obsoleting: compact.table("obsoleting").get,
    supplementing: compact.table("supplementing").get,
    modules: openWords(compact, "modules"),
  };
}

function pathsByStanza(found: Table): ReadonlyMap<number, readonly string[]> {
  const paths = new Map<number, string[]>();
  for (const path of found.keys())
    for (const stanza of found.get(path)) paths.set(stanza, [...(paths.get(stanza) ?? []), path]);
  return paths;
}

/** A package's text with more paths among its files: first those, sorted. */
function withFiles(text: string, paths: readonly string[]): string {
  if (paths.length === 0) return text;
  const field = `Files:\n ${paths.toSorted().join("\n ")}`;
  return /^Files:/m.test(text) ? text.replace(/^Files:/m, () => field) : `${text}\n${field}`;
}

/**
 * An index in memory, of stanzas as kit makes them from a repository's metadata.
 *
 * @param text deb822, stanzas parted by empty lines, `Package` first in each
 */
export function rpmIndex(text: string): RpmIndex {
  const bytes = Buffer.from(text);
  return openRpms(compactInMemory(scanRpms(bytes), bytes));
}

/**
 * The tables of an index. A stanza without a name is passed over, with a warning. `unmet` has, as keys, the paths that
 * relations speak of and no package here is known to have.
 */
export function scanRpms(bytes: Uint8Array): Scanned {
  const scan = scanFields(bytes, ["Package", "Provides", "Files", "Obsoletes", ...relationFields]);
  const { named, warnings } = scanNames(scan);
  const providing = newLists();
  const obsoleting = newLists();
  const supplementing = newLists();
  const provides = scan.column("Provides");
  const files = scan.column("Files");
  const obsoletes = scan.column("Obsoletes");
  const supplements = scan.column("Supplements");
  for (const stanza of scan.starts.keys()) {
    for (const line of linesIn(provides(stanza))) providing.add(firstWord(line), stanza);
    for (const path of linesIn(files(stanza))) providing.add(path, stanza);
    for (const line of linesIn(obsoletes(stanza))) obsoleting.add(firstWord(line), stanza);
    for (const line of linesIn(supplements(stanza))) {
      for (const key of capabilitiesOf(line)) supplementing.add(key, stanza);
    }
  }
  const unmet = pathsWanted(scan, providing);
  return { starts: scan.starts, tables: { named, providing, obsoleting, supplementing, unmet }, warnings };
}

const relationFields = [
  "Requires-Pre",
  "Requires",
  "Conflicts",
  "Recommends",
  "Suggests",
  "Supplements",
  "Enhances",
];

/**
 * Paths that relations speak of and none of these packages is known to have: `Files` are those of primary.xml alone, so
 * somebody's list of all files has to be looked at.
 */
function pathsWanted({ starts, column }: FieldScan, providing: Lists): Lists {
  const paths = newLists();
  for (const valueIn of relationFields.map(column)) {
    for (const stanza of starts.keys()) {
      for (const [, path = ""] of valueIn(stanza)?.matchAll(/(?:^|[\s(])(\/[^\s()]+)/g) ?? [])
        if (!providing.has(path)) paths.add(path, 0);
    }
  }
  return paths;
}

/** Names that a relation, rich or not, speaks of; none of one that cannot be read. */
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
