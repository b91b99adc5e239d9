// What packagers say of the versions that a difference has moved packages through.
// Knows where a format has its changelogs: an rpm's in its repository, a deb's in the root it is installed in.

import { gunzipSync } from "node:zlib";
import { readChanges } from "../../builders/lock/indexes.ts";
import {
  debChangesSince,
  parseChangesField,
  rpmChangesSince,
  type ToldChange,
} from "../../evaluator/changelog.ts";
import { readableStanza } from "../../evaluator/deb/stanza.ts";
import type { PackageChange } from "../../evaluator/diff/packages.ts";
import type { StanzaIndex } from "../../evaluator/stanzaindex.ts";
import type { Parts } from "../composition.ts";
import type { Difference, Side } from "./comparison.ts";

/** What was said of one package that was upgraded, newest first. */
export interface Changelog
  extends Pick<PackageChange, "distro" | "name" | "architecture" | "before" | "after"> {
  /** Absent where nobody tells: a deb that is not installed in a built root, or brings no changelog. */
  readonly changes?: readonly ToldChange[];
}

/** Of every package that went up in roots and views, sorted as these are. @throws {Fault} what fetching metadata says */
export async function changelogsOf(
  { packages, views }: Pick<Difference, "packages" | "views">,
  after: Side,
  parts: Parts,
): Promise<Changelog[]> {
  const inView = views.flatMap((view) => view.packages.map((change) => ({ ...change, distro: view.distro })));
  const ofRoots = packages.filter(({ role }) => role === "root");
  const upgraded = [...ofRoots, ...inView].filter(({ verb }) => verb === "upgraded").map(upgradeOf);
  const each = new Map(upgraded.map((change) => [JSON.stringify(change), change]));
  const lists = await listsOf(new Set(upgraded.map(({ distro }) => distro)), after, parts);
  return [...each.values()].map((change) => {
    const changes = inRoots(change, after) ?? inRepositories(change, lists.get(change.distro) ?? []);
    return { ...change, ...(changes && { changes }) };
  });
}

/** `kit diff --changelogs`'s last part. */
export function changelogLines(changelogs: readonly Changelog[]): string[] {
  if (changelogs.length === 0) return [];
  const told = changelogs.flatMap(({ name, before, after, changes }) => [
    `    ${name} ${before.join(" and ")} to ${after.join(" and ")}${changes ? "" : ": nothing is told of it"}`,
    ...(changes ?? []).flatMap(({ version, date, author, lines }) => [
      `        ${[version, dayText(date), author].filter((part) => part !== undefined && part !== "").join(", ")}`,
      ...lines.map((line) => `            ${line}`),
    ]),
  ]);
  return ["changelogs", ...told];
}

type Upgrade = Omit<Changelog, "changes">;

function upgradeOf({ distro, name, architecture, before, after }: Upgrade): Upgrade {
  return { distro, name, architecture, before, after };
}

/** What repositories tell, by distribution; a lock alone does not say whose keys to believe. */
async function listsOf(
  distros: ReadonlySet<string>,
  { assembly, targets = [] }: Side,
  parts: Parts,
): Promise<ReadonlyMap<string, readonly StanzaIndex[]>> {
  const lists = new Map<string, readonly StanzaIndex[]>();
  if (assembly === undefined) return lists;
  for (const { distro, architecture } of targets)
    if (distros.has(distro)) {
      const read = await readChanges(distro, architecture, assembly, parts);
      lists.set(distro, [...(lists.get(distro) ?? []), ...read]);
    }
  return lists;
}

function inRepositories(
  { name, architecture, before, after }: Upgrade,
  lists: readonly StanzaIndex[],
): ToldChange[] | undefined {
  for (const list of lists)
    for (const stanza of list.named(name).flatMap((at) => readableStanza(list.text(at)))) {
      if (stanza["Architecture"] !== architecture || stanza["Version"] !== after.at(-1)) continue;
      return rpmChangesSince(parseChangesField(stanza["Changes"] ?? ""), before[0] ?? "");
    }
  return undefined;
}

function inRoots({ name, before }: Upgrade, { roots = new Map() }: Side): ToldChange[] | undefined {
  for (const { bytes } of roots.values())
    for (const file of ["changelog.Debian.gz", "changelog.gz"]) {
      const packed = bytes(`usr/share/doc/${name}/${file}`);
      if (packed !== undefined) return debChangesSince(unpacked(packed), before[0] ?? "");
    }
  return undefined;
}

/** Empty where it is damaged: a package's documentation is nothing to fail over. */
function unpacked(packed: Uint8Array): string {
  try {
    return gunzipSync(packed, { maxOutputLength: mostText }).toString();
  } catch {
    return "";
  }
}

function dayText(date: number): string {
  return date === 0 ? "" : new Date(date * 1000).toISOString().slice(0, "2000-01-01".length);
}

/** Bytes of a changelog; the largest of Debian's main has 3 MB. */
const mostText = 64 << 20;
