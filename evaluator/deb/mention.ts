// Which package an archive speaks of first.
// Knows the order in which apt numbers packages while it reads indexes; does not know what the number decides.

import { type Lists, newLists } from "../lists.ts";
import { compareText } from "../text.ts";
import type { FieldScan, Place } from "./scan.ts";

/**
 * What an index says of a name: the lower the earlier. In one of several architectures a package is spoken of by those
 * of its own (`NAME:ARCH`), and a native one by those of all (`NAME:all`); in others by all there is (`NAME`).
 */
export interface Mentions {
  mention(key: string): number | undefined;
}

/** Negative where the package `a` of an architecture is mentioned before `b`. */
export type MentionOrder = (a: string, b: string, architecture: string) => number;

/**
 * apt numbers a package when it first meets its name, as a stanza's own or in one of its relations, and uses the
 * number as the last tie-break among providers (`CompareProviders`, apt 2.6 depcache.cc). Names no index mentions come
 * last, by name.
 *
 * @param indexes in the order they are read
 */
export function mentionOrder(indexes: readonly Mentions[], native: string): MentionOrder {
  const mentionOf = (name: string, architecture: string): readonly [number, number] => {
    const ends = ["", `:${architecture}`, ...(architecture === native ? [":all"] : [])];
    for (const [number, index] of indexes.entries()) {
      const ranks = ends.flatMap((end) => index.mention(`${name}${end}`) ?? []);
      if (ranks.length > 0) return [number, Math.min(...ranks)];
    }
    return [indexes.length, 0];
  };
  return (a, b, architecture) => {
    const [indexA, rankA] = mentionOf(a, architecture);
    const [indexB, rankB] = mentionOf(b, architecture);
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

type RelationField = (typeof relationFields)[number];

/**
 * Every name that a list speaks of, in that order. It is independent of how an index is laid out: stanzas count by
 * source package and name, which is dak's own order. A list of one architecture, as archives have them, tells no more
 * than names: with who spoke of each the table of bookworm's main would be half as large again.
 *
 * @param names of the stanzas; empty for those that cannot be read
 */
export function mentioned(scan: FieldScan, names: readonly string[]): Lists {
  const mentions = newLists();
  const fields = relationFields.map(scan.place);
  const architectureOf = scan.column("Architecture");
  const architectures = names.map((_, stanza) => architectureOf(stanza) ?? "");
  const isMixed = new Set(architectures.filter((one) => one !== "all")).size > 1;
  const multiArchOf = scan.column("Multi-Arch");
  const known = new Set<string>();
  for (const stanza of orderOf(scan, names)) {
    const own = architectures[stanza] ?? "";
    const end = isMixed ? `:${own}` : "";
    const name = names[stanza] ?? "";
    const key = Buffer.from(`${name}${end}`);
    if (name !== "") mentions.addKey(key, 0, key.length);
    known.add(name);
    for (const [number, placeOf] of fields.entries()) {
      const place = placeOf(stanza);
      if (place === undefined) continue;
      const field = relationFields[number] ?? "Depends";
      const speaker = { field, own, isForeign: multiArchOf(stanza) === "foreign" };
      if (isMixed) addQualified(scan.bytes.subarray(place.start, place.end), speaker, known, mentions);
      else addNames(scan.bytes, place, mentions);
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

interface Speaker {
  readonly field: RelationField;
  readonly own: string;
  /** Multi-Arch: foreign. */
  readonly isForeign: boolean;
}

/**
 * On which architecture a stanza makes a package of a name that it says without one: of a clash, and of what it provides
 * for all architectures, only where there is none of that name on any (`NewDepends` and `NewProvidesAllArch` of apt 2.6
 * and 3.0, pkgcachegen.cc).
 */
export function spokenOn({ field, own, isForeign }: Speaker, isKnown: boolean): string | undefined {
  const isForAll = field === "Provides" && isForeign;
  if (isKnown && (isForAll || negativeFields.has(field))) return undefined;
  return isForAll ? "all" : own;
}

const negativeFields: ReadonlySet<string> = new Set(["Conflicts", "Breaks", "Replaces"]);

/** The same with the architecture that each is spoken of on; `name:any` is another package again. */
function addQualified(field: Uint8Array, speaker: Speaker, known: Set<string>, mentions: Lists): void {
  for (const alternative of Buffer.from(field).toString("latin1").split(/[,|]/)) {
    const [, name, qualifier] = /^\s*([^\s:([]+)(?::([a-z0-9-]+))?/.exec(alternative) ?? [];
    if (name === undefined || qualifier === "any") continue;
    const on = qualifier === undefined ? spokenOn(speaker, known.has(name)) : qualifier;
    if (on === undefined) continue;
    known.add(name);
    const key = Buffer.from(`${name}:${on === "native" ? "all" : on}`, "latin1");
    mentions.addKey(key, 0, key.length);
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
