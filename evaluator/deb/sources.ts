// An index over a Sources file: which stanza is of which source package.
// Knows names; does not know what a source needs.

import type { Compact, Scanned } from "../compact.ts";
import { scanNames } from "./packages.ts";
import { scanFields } from "./scan.ts";
import { fieldOf, readableStanza, type Stanza } from "./stanza.ts";
import { compareVersions } from "./version.ts";

/** Finds source packages in one list or several. */
export type FindSource = (name: string, version: string) => Stanza | undefined;

/** @param bytes an uncompressed Sources file, UTF-8 */
export function scanSources(bytes: Uint8Array): Scanned {
  const scan = scanFields(bytes, ["Package"]);
  const { named, warnings } = scanNames(scan);
  return { starts: scan.starts, tables: { named }, warnings };
}

/** The stanza of that version; where no list has it, which happens while an archive is updated, of the highest. */
export function openSources(lists: readonly Compact[]): FindSource {
  return (name, version) => {
    const stanzas = lists.flatMap((list) =>
      list
        .table("named")
        .get(name)
        .flatMap((number) => readableStanza(list.text(number))),
    );
    const versionOf = (stanza: Stanza) => fieldOf(stanza, "Version") ?? "";
    return (
      stanzas.find((stanza) => versionOf(stanza) === version) ??
      stanzas.sort((a, b) => compareVersions(versionOf(b), versionOf(a)))[0]
    );
  };
}
