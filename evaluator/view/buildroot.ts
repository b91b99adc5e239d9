// Buildroots: what it takes to build some packages, and to build what that takes, to the end.
// Knows levels and when nothing new appears; does not know where packages come from, nor what a view is.

import { faultsOf } from "../../store/model/fault.ts";
import type { Stanza } from "../deb/stanza.ts";
import { packageKey } from "../lock.ts";
import { sourceOf } from "../source.ts";
import type { LockedSource } from "./answer.ts";
import { partiesOf } from "./party.ts";
import type { Failure } from "./result.ts";
import type { Member, ViewSupply } from "./supply.ts";

export interface BuildrootMeans {
  readonly supply: ViewSupply;
  /** What every build root holds. */
  readonly base: readonly string[];
  /** Sources that nobody has made yet, by name. */
  readonly placeholders: ReadonlyMap<string, Stanza>;
}

export interface Buildroot {
  /** Of every package that building takes and that was not there to begin with. */
  readonly packages: ReadonlyMap<string, BuildTool>;
  readonly sources: ReadonlyMap<string, LockedSource>;
  /** All of the packages, in sets that can be installed together. */
  readonly parties: readonly (readonly Member[])[];
}

export interface BuildTool {
  readonly member: Member;
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
export function buildrootOf(start: Iterable<Member>, means: BuildrootMeans): Buildroot {
  const packages = new Map<string, { member: Member; level: number; builds: string[] }>();
  const begun = new Set<string>();
  // A key takes longer than finding it: the same 200 packages are in each of thousands of builds.
  const keys = new Map<Member, string>();
  const keyOf = (member: Member): string => {
    const key = keys.get(member) ?? packageKey(member);
    keys.set(member, key);
    return key;
  };
  const sources = new Map<string, LockedSource>();
  const closures: ReadonlySet<Member>[] = [];
  let wave = [...start];
  for (const member of wave) begun.add(keyOf(member));
  for (let level = 0; wave.length > 0; level++) {
    const next: Member[] = [];
    for (const { name, version } of newSources(wave, sources, means)) {
      const { chosen, ...source } = buildOf(name, version, means);
      sources.set(name, { ...source, level });
      closures.push(chosen);
      for (const tool of chosen) {
        const key = keyOf(tool);
        if (begun.has(key)) continue;
        const known = packages.get(key);
        if (known === undefined) {
          packages.set(key, { member: tool, level: level + 1, builds: [name] });
          next.push(tool);
        } else if (known.level === level + 1) known.builds.push(name);
      }
    }
    wave = next;
  }
  const parties = partiesOf(closures, means.supply.rivals)
    .map((party) => party.filter((member) => packages.has(keyOf(member))))
    .filter((party) => party.length > 0);
  return { packages, sources, parties };
}

/** Sorted by name; of one that is there in several versions the highest. */
function newSources(
  packages: readonly Member[],
  known: ReadonlyMap<string, unknown>,
  { supply }: BuildrootMeans,
) {
  const found = new Map<string, string>();
  for (const item of packages) {
    const { name, version } = sourceOf(item);
    const other = found.get(name);
    if (known.has(name) || (other !== undefined && supply.compareVersions(other, version) >= 0)) continue;
    found.set(name, version);
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, version]) => ({ name, version }));
}

type Build = Omit<LockedSource, "level"> & { readonly chosen: ReadonlySet<Member> };

function buildOf(name: string, version: string, { supply, base, placeholders }: BuildrootMeans): Build {
  const failed = (failure: Failure, own = version, requirements: readonly string[] = []): Build => ({
    version: own,
    requirements,
    chosen: new Set(),
    failure,
  });
  const stanza = placeholders.get(name) ?? supply.source(name, version);
  if (stanza === undefined) return failed({ explanation: [`there is no source package ${name}`] });
  let needs: ReturnType<ViewSupply["build"]>;
  try {
    needs = supply.build(stanza, base);
  } catch (error) {
    const faults = faultsOf(error);
    if (faults.length === 0) throw error;
    return failed({ explanation: faults.map(({ message }) => message) });
  }
  const { version: own, requirements, chosen } = needs;
  if (chosen.ok) return { version: own, requirements, chosen: chosen.members };
  const { explanation, hint } = chosen;
  return failed({ explanation, ...(hint !== undefined && { hint }) }, own, requirements);
}
