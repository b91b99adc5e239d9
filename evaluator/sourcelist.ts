// Source packages as lists have them: which stanza is of the source that somebody means.
// Knows that lists may lag behind; does not know what a format's versions mean, nor what a source needs.

import { fieldOf, readableStanza, type Stanza } from "./deb/stanza.ts";
import type { StanzaIndex } from "./stanzaindex.ts";

/** Finds source packages in one list or several. */
export type FindSource = (name: string, version: string) => Stanza | undefined;

/** Versions as a format has them. */
export interface Versions {
  compare(a: string, b: string): number;
  /** Whether a list's version is the one that a binary package names. */
  isMeant(listed: string, named: string): boolean;
}

/** The stanza of that version; where no list has it, which happens while an archive is updated, of the highest. */
export function findingSource(lists: readonly StanzaIndex[], { compare, isMeant }: Versions): FindSource {
  const versionOf = (stanza: Stanza) => fieldOf(stanza, "Version") ?? "";
  return (name, version) => {
    const stanzas = lists.flatMap((list) =>
      list.named(name).flatMap((number) => readableStanza(list.text(number))),
    );
    return (
      stanzas.find((stanza) => isMeant(versionOf(stanza), version)) ??
      stanzas.sort((a, b) => compare(versionOf(b), versionOf(a)))[0]
    );
  };
}
