// Which package an archive speaks of first.
// Knows the order in which apt numbers packages while it reads indexes; does not know what the number decides.

import { type Lists, newLists } from "../lists.ts";
import { compareText } from "../text.ts";
import type { FieldScan, Place } from "./scan.ts";

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
 * Every name that a list speaks of, in that order. It is independent of how an index is laid out: stanzas count by
 * source package and name, which is dak's own order.
 *
 * @param names of the stanzas; empty for those that cannot be read
 */
export function mentioned(scan: FieldScan, names: readonly string[]): Lists {
  const mentions = newLists();
  const fields = relationFields.map(scan.place);
  for (const stanza of orderOf(scan, names)) {
    const name = Buffer.from(names[stanza] ?? "");
    if (name.length > 0) mentions.addKey(name, 0, name.length);
    for (const placeOf of fields) {
      const place = placeOf(stanza);
      if (place !== undefined) addNames(scan.bytes, place, mentions);
    }
  }
  return mentions;
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
function addNames(bytes: Uint8Array, { start, end }: Place, mentions: Lists): void {
  for (let at = start; at < end; at++) {
    while (at < end && isSpace(bytes[at])) at++;
    const nameStart = at;
    while (at < end && !endsName(bytes[at])) at++;
    if (at > nameStart && bytes[at] !== colon) mentions.addKey(bytes, nameStart, at);
    while (at < end && bytes[at] !== comma && bytes[at] !== bar) at++;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

function endsName(byte: number | undefined): boolean {
  return byte === comma || byte === bar || byte === colon || byte === bracket || isSpace(byte);
}

const comma = 0x2c;
const bar = 0x7c;
const colon = 0x3a;
const bracket = 0x28;
