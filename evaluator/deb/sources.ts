// An index over a Sources file: which stanza is of which source package.
// Knows names; does not know what a source needs.

import type { Compact, Scanned } from "../compact.ts";
import { type FindSource, findingSource } from "../sourcelist.ts";
import { openStanzas, scanNames } from "../stanzaindex.ts";
import { scanFields } from "./scan.ts";
import { compareVersions } from "./version.ts";

/** @param bytes an uncompressed Sources file, UTF-8 */
export function scanSources(bytes: Uint8Array): Scanned {
  const scan = scanFields(bytes, ["Package"]);
  const { named, warnings } = scanNames(scan);
  return { starts: scan.starts, tables: { named }, warnings };
}

export function openSources(lists: readonly Compact[]): FindSource {
  const isMeant = (listed: string, named: string) => listed === named;
  return findingSource(lists.map(openStanzas), { compare: compareVersions, isMeant });
}
