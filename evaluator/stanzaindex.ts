// An index of stanzas by their names: what the lists of every format have in common.
// Knows names and where each stanza lies; does not know what else a stanza says, nor what a format looks up beside that.

import { Fault, faultsOf } from "../store/model/fault.ts";
import type { Compact } from "./compact.ts";
import type { FieldScan } from "./deb/scan.ts";
import { fieldOf, parseStanza, type Stanza, stanzaLimit } from "./deb/stanza.ts";
import { newLists } from "./lists.ts";

/** Stanzas go by number, from 0 in the order of the text. */
export interface StanzaIndex {
  /** How many stanzas there are. */
  readonly size: number;
  /** In the order of the stanzas. */
  names(): Iterable<string>;
  /** Stanzas whose `Package` is this. */
  named(name: string): readonly number[];
  /** Empty for a stanza that cannot be read. */
  nameAt(stanza: number): string;
  /** The stanza's text, without the empty line after it. */
  text(stanza: number): string;
  /** What could not be read: a stanza without a name. */
  readonly warnings: readonly string[];
}

export function openStanzas({ table, size, text, warnings }: Compact): StanzaIndex {
  const named = table("named");
  return {
    size,
    warnings,
    text,
    names: named.keys,
    named: named.get,
    nameAt: (stanza) => nameIn(text(stanza)) ?? "",
  };
}

/**
 * Of every stanza its name, empty where it cannot be read, and where each name is: the table `named`.
 *
 * @throws {Fault} `digest/bomb` where one name is there more than 1,000 times
 */
export function scanNames({ starts, bytes, oversized, column, text }: FieldScan) {
  const named = newLists();
  const skipped: string[] = [];
  const nameOf = column("Package");
  const names = starts.map((start, stanza) => {
    const isLong = oversized.has(stanza);
    const name = isLong ? undefined : (nameOf(stanza) ?? nameIn(text(stanza)));
    if (name !== undefined) named.add(name, stanza);
    else {
      const why = isLong ? `longer than ${stanzaLimit} bytes` : "without a Package field";
      const [line = ""] = Buffer.from(bytes.subarray(start, start + 80))
        .toString()
        .split("\n", 1);
      skipped.push(`skipped a stanza ${why}, beginning ${JSON.stringify(line)}`);
    }
    return name ?? "";
  });
  const crowd = named.above(mostOfOne);
  if (crowd !== undefined)
    throw new Fault("digest/bomb", `it lists ${JSON.stringify(crowd)} more than ${mostOfOne} times`, {
      hint: "no archive has so many of one package: ask where it comes from",
    });
  return { names, named, warnings: firstOf(skipped) };
}

/** Versions of one name clash in pairs: 1,000 of them in half a million, which takes an rpm solver 0.5 GB. */
const mostOfOne = 1_000;

/** Who reads a hundred of them knows. */
function firstOf(warnings: readonly string[]): string[] {
  const more = warnings.length - mostWarnings;
  return more > 0 ? [...warnings.slice(0, mostWarnings), `${more} more warnings like these`] : [...warnings];
}

const mostWarnings = 100;

/** Undefined, and a warning, where what is read is broken: one bad package must not take an archive down. */
export function unlessBroken<T>(read: () => T, where: string, warnings: Set<string>): T | undefined {
  try {
    return read();
  } catch (error) {
    const faults: readonly Fault[] = faultsOf(error);
    if (faults.length === 0) throw error;
    for (const fault of faults) warnings.add(`${where}: skipped a stanza: ${fault.message}`);
    return undefined;
  }
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
