// Which package an archive speaks of first.
// Knows the order in which apt numbers packages while it reads indexes; does not know what the number decides.

import { occurrences, type PackagesIndex } from "./packages.ts";

/** Negative where `a` is mentioned before `b`. */
export type MentionOrder = (a: string, b: string) => number;

/**
 * apt numbers a package when it first meets its name, as a stanza's own or in one of its relations, and uses the
 * number as the last tie-break among providers (`CompareProviders`, apt 2.6 depcache.cc). The same order, made
 * independent of how an index is laid out: stanzas count by source package and name, which is dak's own order.
 * Names no index mentions come last, by name.
 *
 * Few resolutions have such a tie at all (of minbase, nginx, vim, python3, postgresql: none), so a name is looked
 * for when it is asked for, at most 23 ms each in trixie's main; where it goes on, all relations are read at once,
 * in 470 ms (gnome has 292 such names). The first question costs 60 ms more, to see whether the index is in dak's
 * order.
 *
 * @param indexes in the order they are read
 */
export function mentionOrder(indexes: readonly PackagesIndex[]): MentionOrder {
  const lookups = indexes.map(mentionLookup);
  const known = new Map<string, readonly number[]>();
  const mentionOf = (name: string): readonly number[] => {
    const cached = known.get(name);
    if (cached !== undefined) return cached;
    let mention: readonly number[] = [lookups.length, 0];
    for (const [number, lookup] of lookups.entries()) {
      const place = lookup(name);
      if (place === undefined) continue;
      mention = [number, place];
      break;
    }
    known.set(name, mention);
    return mention;
  };
  return (a, b) => {
    const [indexA = 0, placeA = 0] = mentionOf(a);
    const [indexB = 0, placeB = 0] = mentionOf(b);
    return indexA - indexB || placeA - placeB || compareNames(a, b);
  };
}

// Above this many single searches, reading everything is cheaper.
const fewNames = 8;

/** Where a name is first mentioned in an index: a number that sorts by stanza, field and place in the field. */
function mentionLookup(index: PackagesIndex): (name: string) => number | undefined {
  let ranks: StanzaRanks | undefined;
  let asked = 0;
  let table: ReadonlyMap<string, number> | undefined;
  return (name) => {
    ranks ??= rankStanzas(index);
    asked++;
    if (asked <= fewNames) return searchMention(index, ranks, name);
    table ??= readMentions(index, ranks);
    return table.get(name);
  };
}

/** Where each stanza stands in dak's order, or `asWritten` if they all stand there already. */
type StanzaRanks = "asWritten" | Uint32Array;

function rankStanzas(index: PackagesIndex): StanzaRanks {
  const keys: string[] = [];
  for (const name of index.names()) for (const stanza of index.named(name)) keys[stanza] = `${name}\0${name}`;
  for (const at of occurrences(index.bytes, "\nSource: ")) {
    const stanza = index.stanzaAt(at);
    const source = /^[^\s(]*/.exec(index.bytes.toString("latin1", at + 9, at + 137))?.[0] ?? "";
    keys[stanza] = source + (keys[stanza] ?? "\0").slice((keys[stanza] ?? "\0").indexOf("\0"));
  }
  const key = (stanza: number): string => keys[stanza] ?? "";
  let sorted = true;
  for (let stanza = 1; stanza < index.size && sorted; stanza++) sorted = key(stanza - 1) <= key(stanza);
  if (sorted) return "asWritten";
  const order = Array.from({ length: index.size }, (_, stanza) => stanza);
  order.sort((a, b) => compareNames(key(a), key(b)) || compareNames(index.text(a), index.text(b)));
  const ranks = new Uint32Array(index.size);
  for (const [rank, stanza] of order.entries()) ranks[stanza] = rank;
  return ranks;
}

function searchMention(index: PackagesIndex, ranks: StanzaRanks, name: string): number | undefined {
  let best: number | undefined;
  let bestStanza: number | undefined;
  for (const at of occurrences(index.bytes, name)) {
    const stanza = index.stanzaAt(at);
    if (ranks === "asWritten" && bestStanza !== undefined && stanza !== bestStanza) break;
    const field = fieldOfMention(index.bytes, at, name);
    if (field === undefined) continue;
    const mention = mentionNumber(ranks, stanza, field.number, at - field.start);
    if (best === undefined || mention < best) [best, bestStanza] = [mention, stanza];
  }
  return best;
}

/** The same for every name at once. */
function readMentions(index: PackagesIndex, ranks: StanzaRanks): Map<string, number> {
  const table = new Map<string, number>();
  const note = (name: string, mention: number): void => {
    const known = table.get(name);
    if (known === undefined || mention < known) table.set(name, mention);
  };
  for (const name of index.names()) {
    for (const stanza of index.named(name)) note(name, mentionNumber(ranks, stanza, 0, 0));
  }
  for (const [number, field] of fields.entries()) {
    if (number === 0) continue;
    for (const at of occurrences(index.bytes, `\n${field}: `)) {
      const stanza = index.stanzaAt(at);
      const end = index.bytes.indexOf(0x0a, at + 1);
      const relations = index.bytes.toString(
        "latin1",
        at + 1 + field.length,
        end < 0 ? index.bytes.length : end,
      );
      for (const { 0: text, 1: name = "", 2: colon, index: place } of relations.matchAll(mentions)) {
        if (colon !== "") continue;
        const offset = field.length + place + text.length - name.length;
        note(name, mentionNumber(ranks, stanza, number, offset));
      }
    }
  }
  return table;
}

// A name after a colon (`python3:any`) is another package to apt.
const mentions = /(?:^:|[,|]) *([^\s,|(:]+)(:?)/g;

function mentionNumber(ranks: StanzaRanks, stanza: number, field: number, place: number): number {
  const rank = ranks === "asWritten" ? stanza : (ranks[stanza] ?? 0);
  return (rank * 16 + field) * 2 ** 24 + place;
}

/** The fields in the order apt reads them. */
const fields = [
  "Package",
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

/** The field whose relations name the package at `at`; none where it is prose or a part of a longer name. */
function fieldOfMention(
  bytes: Buffer,
  at: number,
  name: string,
): { number: number; start: number } | undefined {
  const after = bytes[at + name.length];
  if (after !== undefined && !" ,|(\n".includes(String.fromCharCode(after))) return undefined;
  let before = at - 1;
  while (bytes[before] === 0x20) before--;
  if (!",|:".includes(String.fromCharCode(bytes[before] ?? 0))) return undefined;
  const start = bytes.lastIndexOf(0x0a, at) + 1;
  const field = bytes.toString("latin1", start, start + 12);
  const number = fields.findIndex((word) => field.startsWith(`${word}:`));
  return number < 0 ? undefined : { number, start };
}

function compareNames(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
