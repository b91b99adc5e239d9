// Providers: which of several packages that satisfy one relation apt tries first.
// Knows apt's preferences; does not know which of them is installable.

import { reachOf } from "./demand.ts";
import { type Demand, importances, type Version } from "./package.ts";
import type { Relation } from "./relation.ts";
import type { Universe } from "./universe.ts";

/**
 * Negative where `a` is to be tried before `b`: the package named itself (but not by `name:any` or `name:arm64`, which
 * are names of their own to apt, that `name` provides like everyone else), essential ones, protected ones, the
 * native architecture, the higher Priority, the one mentioned later in the archive. This is `CompareProviders` of
 * apt 2.6 (depcache.cc) for a machine on which nothing is installed, less its first rule, which is the caller's:
 * packages that are settled already come first.
 */
export function compareProviders(universe: Universe, relation: Relation, a: Version, b: Version): number {
  if (a === b) return 0;
  const rank = (of: (version: Version) => number): number => of(a) - of(b);
  return (
    rank((version) => (version.name === relation.name && relation.architecture === undefined ? 0 : 1)) ||
    rank((version) => (version.package.essential ? 0 : 1)) ||
    rank((version) => (version.package.important || version.name === "apt" ? 0 : 1)) ||
    rank((version) => universe.architectures.indexOf(version.package.architecture)) ||
    rank((version) => importances.indexOf(version.importance)) ||
    universe.mentions(b.name, a.name, a.package.architecture)
  );
}

/** What a demand's alternatives reach, in the order apt tries them: by alternative, then by provider. */
export function rankedProviders(
  universe: Universe,
  version: Version,
  demand: Demand,
  settled: (version: Version) => boolean,
  admit: (version: Version) => boolean,
): Version[] {
  const { each } = reachOf(universe, version, demand);
  return demand.alternatives.flatMap((relation, index) =>
    (each[index] ?? [])
      .filter(admit)
      .sort((a, b) => Number(settled(b)) - Number(settled(a)) || compareProviders(universe, relation, a, b)),
  );
}
