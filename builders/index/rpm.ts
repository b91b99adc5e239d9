// An rpm repository's packages on their way into the compact form.
// Knows which of its files tell what; does not know how they are read, nor what packages need.

import type { Scanned } from "../../evaluator/compact.ts";
import { scanFields } from "../../evaluator/deb/scan.ts";
import { type Lists, newLists } from "../../evaluator/lists.ts";
import { scanRpms } from "../../evaluator/rpm/listing.ts";
import { scanNames } from "../../evaluator/stanzaindex.ts";
import { wordTables } from "../../evaluator/words.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Pool } from "../../store/pool.ts";
import type { Comps } from "../repository/rpm/comps.ts";
import { versionOf } from "../repository/rpm/field.ts";
import type { FileList } from "../repository/rpm/filelists.ts";
import {
  eachFileList,
  type Fetched,
  type FetchedFile,
  type FileOf,
  listChanges,
  listGroups,
  listPackages,
} from "../repository/rpm/listing.ts";
import type { Modules } from "../repository/rpm/modules.ts";
import type { ListForm, ListParts } from "./recipe.ts";

/** Its stanzas, and the tables over them: those of packages, the module streams that are on, and its groups. */
export async function scanRepository(
  blobs: ListParts<Digest>,
  form: ListForm,
  pool: Pick<Pool, "find">,
): Promise<{ readonly text: Buffer; readonly scanned: Scanned }> {
  const fetched = { repository: form.label, files: filesOf(blobs, form) };
  const fileOf = (blob: Digest) => pool.find(blob) ?? missing();
  const { text, warnings, modules } = await listPackages(fetched, fileOf);
  const scanned = scanRpms(text);
  const { found, warnings: filesWarnings } = await findOwners(fetched, fileOf, form.paths, { text, scanned });
  const comps = await listGroups(fetched, fileOf, form.architecture);
  const streams = newLists();
  for (const [name, stream] of modules?.defaults ?? []) streams.add(`${name}:${stream}`, 0);
  const tables = {
    ...scanned.tables,
    ...wordTables("modules", artifactsIn(modules)),
    ...wordTables("groups", comps === undefined ? new Map() : membersIn(comps)),
    found,
    streams,
  };
  return {
    text,
    scanned: { ...scanned, tables, warnings: [...warnings, ...filesWarnings, ...scanned.warnings] },
  };
}

/** What changed in each package, by its name. */
export async function scanChanges(
  { list }: Pick<ListParts<Digest>, "list">,
  { label, compression, plainSize }: ListForm,
  pool: Pick<Pool, "find">,
): Promise<{ readonly text: Buffer; readonly scanned: Scanned }> {
  const other = { kind: "other" as const, path: "other", compression, blob: list };
  const files = [{ ...other, ...(plainSize !== undefined && { plainSize }) }];
  const read = await listChanges({ repository: label, files }, (blob) => pool.find(blob) ?? missing());
  const scan = scanFields(read.text, ["Package"]);
  const { named, warnings } = scanNames(scan);
  const scanned = { starts: scan.starts, tables: { named }, warnings: [...read.warnings, ...warnings] };
  return { text: read.text, scanned };
}

/** Of each stream of a module all packages that it ever had, `NAME-E:V-R.ARCH`. */
function artifactsIn(modules: Modules | undefined): Map<string, readonly string[]> {
  const all = new Map<string, readonly string[]>();
  for (const { name, stream, artifacts } of modules?.streams ?? []) {
    const key = `${name}:${stream}`;
    all.set(key, [...(all.get(key) ?? []), ...artifacts]);
  }
  return all;
}

/** Who has these files, by path. Of each list of files no more is kept than that. */
async function findOwners(
  fetched: Fetched,
  fileOf: FileOf,
  wanted: readonly string[] = [],
  { text, scanned }: { readonly text: Buffer; readonly scanned: Scanned },
): Promise<{ readonly found: Lists; readonly warnings: readonly string[] }> {
  const found = newLists();
  if (wanted.length === 0) return { found, warnings: [] };
  const owners = new Map(wanted.map((path) => [path, new Set<number>()]));
  const warnings = await eachFileList(fetched, fileOf, (list) => {
    const paths = list.paths.filter((path) => owners.has(path));
    const stanza = paths.length === 0 ? undefined : stanzaOf(list, text, scanned);
    if (stanza !== undefined) for (const path of paths) owners.get(path)?.add(stanza);
  });
  for (const [path, stanzas] of owners)
    for (const stanza of [...stanzas].sort((a, b) => a - b)) found.add(path, stanza);
  return { found, warnings };
}

/** The stanza of the package that a list of files is of. */
function stanzaOf(list: FileList, text: Buffer, { starts, tables }: Scanned): number | undefined {
  const known = tables["named"]?.get(list.name) ?? [];
  return known.find((stanza) => {
    const own = text.toString("utf8", starts[stanza], starts[stanza + 1]);
    return own.includes(`\nVersion: ${versionOf(list)}\nArchitecture: ${list.architecture}\n`);
  });
}

/** Of each group what it asks for, and of each environment its groups, as `@group`. */
function membersIn({ groups, environments }: Comps): Map<string, readonly string[]> {
  const all = new Map(groups);
  for (const [id, others] of environments)
    all.set(id, [...(all.get(id) ?? []), ...others.map((group) => `@${group}`)]);
  return all;
}

function filesOf({ list, modules, groups, filelists }: ListParts<Digest>, form: ListForm): FetchedFile[] {
  const { compression, plainSize } = form;
  const primary = { kind: "primary" as const, path: "primary", compression, blob: list };
  return [
    { ...primary, ...(plainSize !== undefined && { plainSize }) },
    ...(modules && form.modules
      ? [{ kind: "modules" as const, path: "modules", compression: form.modules, blob: modules }]
      : []),
    ...(filelists && form.filelists
      ? [{ kind: "filelists" as const, path: "filelists", compression: form.filelists, blob: filelists }]
      : []),
    ...(groups && form.groups
      ? [{ kind: "group" as const, path: "groups", compression: form.groups, blob: groups }]
      : []),
  ];
}

function missing(): never {
  throw new Fault("store/missing-blob", "an index that was just fetched is not in the store");
}
