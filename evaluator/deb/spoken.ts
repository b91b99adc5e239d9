// Which names an archive speaks of for which architecture.
// Knows when apt's cache makes a package of a name; does not know what the packages are.

import { type StanzaIndex, unlessBroken } from "../stanzaindex.ts";
import { compareText } from "../text.ts";
import { relationFields } from "./mention.ts";
import { parseGroup, splitGroups } from "./relation.ts";
import { fieldOf, parseStanza, type Stanza } from "./stanza.ts";

export type Spoken = (name: string, architecture: string) => boolean;

/**
 * What is there, is provided or is depended on. A negative relation reaches a name on every architecture that has it
 * by then or later; only where nothing spoke of the name before it makes one, of the architecture of its package
 * (`NewDepends` and `NewProvides` of apt 2.6, pkgcachegen.cc). Goes through all stanzas: 2 s for two architectures of
 * bookworm's main.
 *
 * @param indexes in the order they are read
 */
export function spokenNames(indexes: readonly StanzaIndex[], native: string): Spoken {
  const names = new Map<string, Set<string>>();
  const speak = (name: string, architecture: string): void => {
    const known = names.get(name);
    const own = architecture === "all" || architecture === "native" ? native : architecture;
    if (known === undefined) names.set(name, new Set([own]));
    else known.add(own);
  };
  for (const index of indexes) {
    for (const number of inOrder(index)) {
      unlessBroken(() => readStanza(parseStanza(index.text(number)), names, speak), "", new Set());
    }
  }
  return (name, architecture) => names.get(name)?.has(architecture) ?? false;
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

function readStanza(
  stanza: Stanza,
  names: ReadonlyMap<string, unknown>,
  speak: (name: string, architecture: string) => void,
): void {
  const own = fieldOf(stanza, "Architecture") ?? "";
  const isForeign = fieldOf(stanza, "Multi-Arch") === "foreign";
  speak(fieldOf(stanza, "Package") ?? "", own);
  for (const field of relationFields) {
    // What is Multi-Arch: foreign provides a name on whatever architectures there are.
    const isShy = negativeFields.has(field) || (field === "Provides" && isForeign);
    for (const { name, architecture } of splitGroups(fieldOf(stanza, field) ?? "").flatMap(parseGroup)) {
      if (architecture === "any") continue;
      if (architecture !== undefined) speak(name, architecture);
      else if (!isShy) speak(name, own);
      else if (!names.has(name)) speak(name, field === "Provides" ? "native" : own);
    }
  }
}

const negativeFields: ReadonlySet<string> = new Set(["Conflicts", "Breaks", "Replaces"]);
