// Tables from a key to words, in two tables of a compact form: the words, and for each key the places of its own.
// Knows how words are kept; does not know what a key or a word stands for.

import type { Compact } from "./compact.ts";
import { type Lists, newLists } from "./lists.ts";

export interface Words {
  /** Sorted; undefined where there is no such key, which may have none. */
  get(key: string): readonly string[] | undefined;
  keys(): Iterable<string>;
}

export function openWords(compact: Pick<Compact, "table">, name: string): Words {
  const table = compact.table(name);
  let words: readonly string[] | undefined;
  return {
    keys: table.keys,
    get(key) {
      if (table.rank(key) === undefined) return undefined;
      words ??= [...compact.table(wordsOf(name)).keys()];
      return table.get(key).flatMap((place) => words?.[place] ?? []);
    },
  };
}

/** The tables of all that is given, by their names. */
export function wordTables(name: string, all: ReadonlyMap<string, readonly string[]>): Record<string, Lists> {
  const [table, words] = [newLists(), newLists()];
  const sorted = [...new Set([...all.values()].flat())].sort();
  const places = new Map(sorted.map((word, place) => [word, place]));
  for (const word of sorted) words.add(word, 0);
  for (const [key, own] of all) {
    const bytes = Buffer.from(key);
    table.addKey(bytes, 0, bytes.length);
    for (const place of own.map((word) => places.get(word) ?? 0).sort((a, b) => a - b)) table.add(key, place);
  }
  return { [name]: table, [wordsOf(name)]: words };
}

function wordsOf(name: string): string {
  return `${name} words`;
}
