// An index of stanzas by their names: what the lists of every format have in common.
// Knows names and where each stanza lies; does not know what else a stanza says, nor what a format looks up beside that.

import { type Fault, faultsOf } from "../store/model/fault.ts";
import type { Compact } from "./compact.ts";
import type { FieldScan } from "./deb/scan.ts";
import { fieldOf, parseStanza, type Stanza } from "./deb/stanza.ts";
import { addTo, type Lists } from "./table.ts";

/** Stanzas go by number, from 0 in the order of the text. */
export interface StanzaIndex {
  /** How many stanzas there are. */
  readonly size: number;
  /** Sorted by their bytes. */
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

/** Of every stanza its name, empty where it has none, and where each name is: the table `named`. */
export function scanNames({ starts, column, text }: FieldScan) {
  const named: Lists = new Map();
  const warnings: string[] = [];
  const nameOf = column("Package");
  const names = starts.map((_, stanza) => {
    const name = nameOf(stanza) ?? nameIn(text(stanza));
    if (name !== undefined) addTo(named, name, stanza);
    else {
      const [line = ""] = text(stanza).split("\n", 1);
      const told = JSON.stringify(line.slice(0, 80));
      warnings.push(`skipped a stanza without a Package field, beginning ${told}`);
    }
    return name ?? "";
  });
  return { names, named, warnings };
}

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
