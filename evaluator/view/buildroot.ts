// Buildroots: what it takes to build some packages, and to build what that takes, to the end.
// Knows levels and when nothing new appears; does not know where packages come from, nor what a view is.

import { faultsOf } from "../../store/model/fault.ts";
import { buildRelations } from "../deb/builddepends.ts";
import type { Demand, Described, Version } from "../deb/package.ts";
import { formatRelation, type Relation } from "../deb/relation.ts";
import { choose } from "../deb/resolve.ts";
import { fieldOf, type Stanza } from "../deb/stanza.ts";
import type { Universe } from "../deb/universe.ts";
import { compareVersions } from "../deb/version.ts";
import { packageKey } from "../lock.ts";
import { sourceOf } from "../source.ts";
import type { LockedSource } from "./answer.ts";
import { partiesOf } from "./party.ts";
import type { Failure } from "./result.ts";

export interface BuildrootMeans {
  readonly universe: Universe;
  /** What every build root holds. */
  readonly base: readonly string[];
  /** The stanza of a source package, of that version or else of the highest there is. */
  readonly find: (name: string, version: string) => Stanza | undefined;
  /** What sources that nobody has made yet will need. */
  readonly placeholders: Readonly<Record<string, readonly string[]>>;
}

export interface Buildroot {
  /** Of every package that building takes and that was not there to begin with. */
  readonly packages: ReadonlyMap<string, BuildTool>;
  readonly sources: ReadonlyMap<string, LockedSource>;
  /** All of the packages, in sets that can be installed together. */
  readonly parties: readonly (readonly Version[])[];
}

export interface BuildTool {
  readonly version: Version;
  readonly level: number;
  /** Names of the sources of the level below that need it. */
  readonly builds: readonly string[];
}

/**
 * Level by level: the sources of what there is, what their builds need beside the base, the sources of that, until a
 * level brings nothing new. So a package's level is the smallest number of builds between it and the packages to begin
 * with, whatever order they come in. A source whose requirements cannot be met is told with the reason, and brings
 * nothing.
 *
 * @param start the packages of level 0
 */
export function buildrootOf(start: Iterable<Version>, means: BuildrootMeans): Buildroot {
  const packages = new Map<string, { version: Version; level: number; builds: string[] }>();
  const begun = new Set<string>();
  // A key takes longer than finding it: the same 200 packages are in each of thousands of builds.
  const keys = new Map<Version, string>();
  const keyOf = (version: Version): string => {
    const key = keys.get(version) ?? packageKey(version);
    keys.set(version, key);
    return key;
  };
  const sources = new Map<string, LockedSource>();
  const closures: Set<Version>[] = [];
  let wave = [...start];
  for (const version of wave) begun.add(keyOf(version));
  for (let level = 0; wave.length > 0; level++) {
    const next: Version[] = [];
    for (const { name, version } of newSources(wave, sources)) {
      const { chosen, ...source } = buildOf(name, version, means);
      sources.set(name, { ...source, level });
      closures.push(new Set(chosen));
      for (const tool of chosen) {
        const key = keyOf(tool);
        if (begun.has(key)) continue;
        const known = packages.get(key);
        if (known === undefined) {
          packages.set(key, { version: tool, level: level + 1, builds: [name] });
          next.push(tool);
        } else if (known.level === level + 1) known.builds.push(name);
      }
    }
    wave = next;
  }
  const parties = partiesOf(means.universe, closures)
    .map((party) => party.filter((version) => packages.has(keyOf(version))))
    .filter((party) => party.length > 0);
  return { packages, sources, parties };
}

/** Sorted by name; of one that is there in several versions the highest. */
function newSources(packages: readonly Version[], known: ReadonlyMap<string, unknown>) {
  const found = new Map<string, string>();
  for (const item of packages) {
    const { name, version } = sourceOf(item);
    const other = found.get(name);
    if (known.has(name) || (other !== undefined && compareVersions(other, version) >= 0)) continue;
    found.set(name, version);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, version]) => ({ name, version }));
}

type Build = Omit<LockedSource, "level"> & { readonly chosen: readonly Version[] };

function buildOf(name: string, version: string, means: BuildrootMeans): Build {
  const stanza = stanzaOf(name, version, means);
  if (stanza === undefined)
    return {
      version,
      requirements: [],
      chosen: [],
      failure: { explanation: [`there is no source package ${name}`] },
    };
  const own = fieldOf(stanza, "Version") ?? version;
  let relations: ReturnType<typeof buildRelations>;
  try {
    const [architecture = ""] = means.universe.architectures;
    relations = buildRelations(stanza, { architecture, profiles: [], parts: ["arch", "indep"] });
  } catch (error) {
    const faults = faultsOf(error);
    if (faults.length === 0) throw error;
    return {
      version: own,
      requirements: [],
      chosen: [],
      failure: { explanation: faults.map(({ message }) => message) },
    };
  }
  const described = buildAsPackage(name, own, relations);
  const requirements = described.demands.map(({ kind, text }) => (kind === "Depends" ? text : `not ${text}`));
  const outside = means.universe.outside(described);
  const choice = choose(means.universe, { requests: [], base: means.base, recommends: false, outside });
  if (choice.ok)
    return {
      version: own,
      requirements,
      chosen: [...choice.versions].filter((item) => item !== outside),
    };
  const { explanation, hint } = choice;
  const failure: Failure = { explanation, ...(hint !== undefined && { hint }) };
  return { version: own, requirements, chosen: [], failure };
}

function stanzaOf(name: string, version: string, { find, placeholders }: BuildrootMeans): Stanza | undefined {
  const needs = placeholders[name];
  if (needs === undefined) return find(name, version);
  return { Package: name, Version: version, "Build-Depends": needs.join(", ") };
}

/** What a build needs and must not meet, as one package that does: apt's way of `build-dep`. */
function buildAsPackage(
  name: string,
  version: string,
  { depends, conflicts }: ReturnType<typeof buildRelations>,
): Described {
  const demand = (kind: Demand["kind"], alternatives: readonly Relation[]): Demand => ({
    kind,
    text: alternatives.map(formatRelation).join(" | "),
    alternatives,
  });
  return {
    name: `building ${name}`,
    version,
    architecture: "all",
    multiArch: "no",
    essential: false,
    importance: "extra",
    stanza: {},
    demands: [
      ...depends.map((group) => demand("Depends", group)),
      ...conflicts.map((relation) => demand("Conflicts", [relation])),
    ],
    provides: [],
  };
}
