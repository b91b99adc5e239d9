// Which package an archive speaks of first.
// Knows the order in which apt numbers packages while it reads indexes; does not know what the number decides.

import type { Lists } from "../table.ts";
import { compareText } from "../text.ts";
import type { FieldScan } from "./scan.ts";

/** What an index says of a name: the lower the earlier. */
export interface Mentions {
  mention(name: string): number | undefined;
}

/** Negative where `a` is mentioned before `b`. */
export type MentionOrder = (a: string, b: string) => number;

/**
 * apt numbers a package when it first meets its name, as a stanza's own or in one of its relations, and uses the
 * number as the last tie-break among providers (`CompareProviders`, apt 2.6 depcache.cc). Names no index mentions come
 * last, by name.
 *
 * @param indexes in the order they are read
 */
export function mentionOrder(indexes: readonly Mentions[]): MentionOrder {
  const mentionOf = (name: string): readonly [number, number] => {
    for (const [number, index] of indexes.entries()) {
      const rank = index.mention(name);
      if (rank !== undefined) return [number, rank];
    }
    return [indexes.length, 0];
  };
  return (a, b) => {
    const [indexA, rankA] = mentionOf(a);
    const [indexB, rankB] = mentionOf(b);
    return indexA - indexB || rankA - rankB || compareText(a, b);
  };
}

/** The fields that speak of packages, in the order apt reads them. */
export const relationFields = [
  "Pre-Depends",
  "Depends",
  "Conflicts",
  "Breaks",
  "Recommends",
  "Suggests",
  "Replaces",
  "Enhances",
  "Provides",
] as const;

/**
 * Of every name that a list speaks of its place in that order, from 0. It is independent of how an index is laid out:
 * stanzas count by source package and name, which is dak's own order.
 *
 * @param names of the stanzas; empty for those that cannot be read
 */
export function mentionRanks(scan: FieldScan, names: readonly string[]): Lists {
  const order: Lists = new Map();
  const note = (name: string) => {
    if (!order.has(name)) order.set(name, order.size);
  };
  const columns = relationFields.map(scan.column);
  for (const stanza of orderOf(scan, names)) {
    if (names[stanza]) note(names[stanza]);
    for (const fieldOf of columns) {
      const relations = fieldOf(stanza);
      if (relations !== undefined) noteNames(relations, note);
    }
  }
  return order;
}

/** The stanzas in dak's order, in which most lists have them already. */
function orderOf({ starts, column, text }: FieldScan, names: readonly string[]): Iterable<number> {
  const sourceOf = column("Source");
  const keys = names.map((name, stanza) => `${sourceOf(stanza)?.replace(/[\s(].*$/s, "") ?? name}\0${name}`);
  const key = (stanza: number): string => keys[stanza] ?? "";
  if (keys.every((own, stanza) => stanza === 0 || key(stanza - 1) <= own)) return starts.keys();
  const byKey = (a: number, b: number) => compareText(key(a), key(b)) || compareText(text(a), text(b));
  return [...starts.keys()].sort(byKey);
}

/** The names in a field of relations. One before a colon (`python3:any`) is another package to apt. */
function noteNames(relations: string, note: (name: string) => void): void {
  for (const alternative of relations.split(/[,|]/)) {
    const name = /^\s*([^\s(:]+)(?!\S*:)/.exec(alternative)?.[1];
    if (name !== undefined) note(name);
  }
}
