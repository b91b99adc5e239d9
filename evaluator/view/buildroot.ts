// Buildroots: what it takes to build some packages, and to build what that takes, to the end.
// Knows levels and when nothing new appears; does not know where packages come from, nor what a view is.

import { packageKey } from "../lock.ts";
import type { LockedSource } from "./answer.ts";
import { type BuildMeans, buildOf, joined, newBuilds } from "./build.ts";
import type { Member, ViewSupply } from "./supply.ts";
import { secondTurn } from "./turn.ts";

export interface BuildrootMeans extends Omit<BuildMeans, "choices"> {
  /** Where the packages to begin with are, and those that building takes would be: without what manifests make. */
  readonly installed: { readonly supply: ViewSupply; readonly base: readonly string[] };
}

export interface Buildroot {
  /** Of every package that building takes and that was not there to begin with. */
  readonly packages: ReadonlyMap<string, BuildTool>;
  readonly sources: ReadonlyMap<string, LockedSource>;
  /** What to ask for to have just the packages, in sets that can be installed together. */
  readonly parties: readonly (readonly string[])[];
}

export interface BuildTool {
  readonly member: Member;
  readonly level: number;
  /** Names of the sources of the level below that need it. */
  readonly builds: ReadonlySet<string>;
}

/**
 * Level by level: the sources of what there is, what their builds need beside the base, the sources of that, until a
 * level brings nothing new. So a package's level is the smallest number of builds between it and the packages to begin
 * with, whatever order they come in. A source whose requirements cannot be met is told with the reason, and brings
 * nothing. What is of an architecture and what is of all are builds of their own, as Debian's archive builds them: which
 * of the two a view has decides what counts, and in whatever order they are met.
 *
 * @param start the packages of level 0
 */
export function buildrootOf(start: Iterable<Member>, means: BuildrootMeans): Buildroot {
  const packages = new Map<string, { member: Member; level: number; builds: Set<string> }>();
  const begun = new Set<string>();
  // A key takes longer than finding it: the same 200 packages are in each of thousands of builds.
  const keys = new Map<Member, string>();
  const keyOf = (member: Member): string => {
    const key = keys.get(member) ?? packageKey(member);
    keys.set(member, key);
    return key;
  };
  const sources = new Map<string, LockedSource>();
  const done = new Set<string>();
  const building = { ...means, choices: new Map() };
  const closures: ReadonlySet<Member>[] = [];
  let wave = [...start];
  for (const member of wave) begun.add(keyOf(member));
  for (let level = 0; wave.length > 0; level++) {
    const next: Member[] = [];
    for (const wanted of newBuilds(wave, done, building)) {
      const { name } = wanted;
      const { chosen, ...source } = buildOf(wanted, building);
      sources.set(name, joined(sources.get(name), { ...source, level }));
      closures.push(chosen);
      for (const tool of chosen) {
        const key = keyOf(tool);
        if (begun.has(key)) continue;
        const known = packages.get(key);
        if (known === undefined) {
          packages.set(key, { member: tool, level: level + 1, builds: new Set([name]) });
          next.push(tool);
        } else if (known.level === level + 1) known.builds.add(name);
      }
    }
    wave = next;
  }
  const parties = secondTurn(closures, {
    rivals: means.supply.rivals,
    supply: means.installed.supply,
    environment: means.installed.base,
    isKnown: (key) => begun.has(key) || packages.has(key),
    isTool: (key) => packages.has(key),
  });
  return { packages, sources, parties };
}
