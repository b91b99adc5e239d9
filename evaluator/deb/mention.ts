// Which package an archive speaks of first.
// Knows the order in which apt numbers packages while it reads indexes; does not know what the number decides.

import { addTo, type Lists } from "../table.ts";
import { occurrences, stanzasAt } from "./scan.ts";

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
    return indexA - indexB || rankA - rankB || compareNames(a, b);
  };
}

/**
 * Of every name that the text speaks of its place in that order, from 0. It is independent of how an index is laid
 * out: stanzas count by source package and name, which is dak's own order.
 *
 * @param names of the stanzas; empty for those that cannot be read
 */
export function mentionRanks(bytes: Buffer, starts: readonly number[], names: readonly string[]): Lists {
  const ranks = rankStanzas(bytes, starts, names);
  const first = new Map<string, number>();
  const note = (name: string, stanza: number, field: number, place: number): void => {
    const mention = ((ranks?.[stanza] ?? stanza) * 16 + field) * 2 ** 24 + place;
    const known = first.get(name);
    if (known === undefined || mention < known) first.set(name, mention);
  };
  for (const [stanza, name] of names.entries()) if (name !== "") note(name, stanza, 0, 0);
  for (const [number, field] of relationFields.entries()) {
    const stanzaAt = stanzasAt(starts);
    for (const at of occurrences(bytes, `\n${field}: `)) {
      const end = bytes.indexOf(0x0a, at + 1);
      const relations = bytes.toString("utf8", at + field.length + 2, end < 0 ? bytes.length : end);
      const stanza = stanzaAt(at);
      for (const [place, name] of namesIn(relations)) note(name, stanza, number + 1, place);
    }
  }
  const sorted = [...first].sort(([, a], [, b]) => a - b);
  const order: Lists = new Map();
  for (const [rank, [name]] of sorted.entries()) addTo(order, name, rank);
  return order;
}

/** Where each stanza stands in dak's order; undefined if they all stand there already. */
function rankStanzas(
  bytes: Buffer,
  starts: readonly number[],
  names: readonly string[],
): Uint32Array | undefined {
  const keys = names.map((name) => `${name}\0${name}`);
  const stanzaAt = stanzasAt(starts);
  for (const at of occurrences(bytes, "\nSource: ")) {
    const stanza = stanzaAt(at);
    const source = /^[^\s(]*/.exec(bytes.toString("latin1", at + 9, at + 137))?.[0] ?? "";
    keys[stanza] = `${source}\0${names[stanza]}`;
  }
  const key = (stanza: number): string => keys[stanza] ?? "";
  if (keys.every((own, stanza) => stanza === 0 || key(stanza - 1) <= own)) return undefined;
  const text = (stanza: number) => bytes.toString("latin1", starts[stanza], starts[stanza + 1]).trimEnd();
  const order = keys.map((_, stanza) => stanza);
  order.sort((a, b) => compareNames(key(a), key(b)) || compareNames(text(a), text(b)));
  const ranks = new Uint32Array(keys.length);
  for (const [rank, stanza] of order.entries()) ranks[stanza] = rank;
  return ranks;
}

/** The names in a field of relations, and where each stands. One after a colon (`python3:any`) is another package to apt. */
function* namesIn(relations: string): Generator<[number, string]> {
  for (const { 1: name = "", 2: colon, index } of relations.matchAll(mentions)) {
    if (colon === "") yield [index, name];
  }
}

const mentions = /(?:^|[,|]) *([^\s,|(:]+)(:?)/g;

/** The fields in the order apt reads them, after the name. */
const relationFields = [
  "Pre-Depends",
  "Depends",
  "Conflicts",
  "Breaks",
  "Recommends",
  "Suggests",
  "Replaces",
  "Enhances",
  "Provides",
];

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
