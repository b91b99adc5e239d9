// Which names an archive speaks of for which architecture, and since when.
// Knows when apt's cache makes a package of a name; does not know what the packages are.

import { type StanzaIndex, unlessBroken } from "../stanzaindex.ts";
import { compareText } from "../text.ts";
import { relationFields, spokenOn } from "./mention.ts";
import type { Version } from "./package.ts";
import { parseGroup, splitGroups } from "./relation.ts";
import { fieldOf, parseStanza, type Stanza } from "./stanza.ts";

/** What becomes of an archive while it is read. Moments are whole numbers, one for each relation that is read. */
export interface Spoken {
  /** When there came to be such a package, with or without a version; undefined where nothing speaks of one. */
  since(name: string, architecture: string): number | undefined;
  /** When the package's first version had been read; undefined where there is none. */
  filledSince(name: string, architecture: string): number | undefined;
  /** Undefined for a version that no list has. */
  readingOf(version: Version): Reading | undefined;
}

/** From the moment before a stanza's first relation to the one after its last. */
export interface Reading {
  readonly from: number;
  readonly to: number;
}

/**
 * What is there, is provided or is depended on. A negative relation reaches a name on every architecture that has it
 * by then or later; only where nothing spoke of the name before it makes one, of the architecture of its package
 * (`NewDepends` and `NewProvides` of apt 2.6, pkgcachegen.cc). Goes through all stanzas: 2 s for two architectures of
 * bookworm's main.
 *
 * @param indexes in the order they are read
 */
export function spokenNames(indexes: readonly StanzaIndex[], native: string): Spoken {
  const names = new Map<string, Map<string, number>>();
  const readings = new Map<string, Reading>();
  const filled = new Map<string, number>();
  let now = 0;
  const placeOf = (architecture: string): string =>
    architecture === "all" || architecture === "native" ? native : architecture;
  const cache: Cache = {
    has: (name) => names.has(name),
    speak(name, architecture) {
      const known = names.get(name) ?? new Map<string, number>();
      const place = placeOf(architecture);
      if (!known.has(place)) known.set(place, now);
      names.set(name, known);
    },
    pass() {
      now++;
    },
  };
  for (const index of indexes) {
    for (const number of inOrder(index)) {
      const read = () => {
        const stanza = parseStanza(index.text(number));
        const from = ++now;
        readStanza(stanza, cache);
        const to = ++now;
        const [name, version, architecture] = identityOf(stanza);
        const key = `${name} ${version} ${architecture}`;
        const place = `${name} ${placeOf(architecture)}`;
        if (!readings.has(key)) readings.set(key, { from, to });
        if (!filled.has(place)) filled.set(place, to);
      };
      unlessBroken(read, "", new Set());
    }
  }
  return {
    since: (name, architecture) => names.get(name)?.get(architecture),
    filledSince: (name, architecture) => filled.get(`${name} ${architecture}`),
    readingOf: ({ name, version, architecture }) => readings.get(`${name} ${version} ${architecture}`),
  };
}

/** What a stanza is read into. */
interface Cache {
  has(name: string): boolean;
  speak(name: string, architecture: string): void;
  /** To the next moment. */
  pass(): void;
}

function identityOf(stanza: Stanza): readonly [name: string, version: string, architecture: string] {
  const value = (field: string): string => fieldOf(stanza, field) ?? "";
  return [value("Package"), value("Version"), value("Architecture")];
}

/** The stanzas in dak's order, whatever the list's own is. */
function inOrder(index: StanzaIndex): number[] {
  const keyOf = (number: number): string => {
    const text = index.text(number);
    const name = index.nameAt(number);
    return `${/^Source: ?([^\s(]+)/m.exec(text)?.[1] ?? name}\0${name}\0${text}`;
  };
  const keys = Array.from({ length: index.size }, (_, number) => keyOf(number));
  const compare = (a: number, b: number): number => compareText(keys[a] ?? "", keys[b] ?? "");
  return [...keys.keys()].sort(compare);
}

function readStanza(stanza: Stanza, cache: Cache): void {
  const [itself, , own] = identityOf(stanza);
  const isForeign = fieldOf(stanza, "Multi-Arch") === "foreign";
  cache.speak(itself, own);
  for (const field of relationFields) {
    for (const { name, architecture } of splitGroups(fieldOf(stanza, field) ?? "").flatMap(parseGroup)) {
      cache.pass();
      if (architecture === "any") continue;
      const on = architecture ?? spokenOn({ field, own, isForeign }, cache.has(name));
      if (on !== undefined) cache.speak(name, on);
    }
  }
}
