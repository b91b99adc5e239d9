// Demands: who meets, or clashes with, what one version says of others.
// Knows which versions a demand reaches; does not know which of them are chosen.

import { type Demand, isNegative, type Reach, type Version } from "./package.ts";
import type { Relation } from "./relation.ts";
import { holds, provisionsOf } from "./target.ts";
import type { Universe } from "./universe.ts";

/**
 * Versions that a version's demand reaches: those that would meet it or, if it is negative, clash with it. Remembered:
 * a thousand resolutions of 190 packages take 4.4 s, and 15 where each asks again.
 */
export function reachOf(universe: Universe, version: Version, demand: Demand): Reach {
  if (demand.reach !== undefined) return demand.reach;
  const each = demand.alternatives.map((relation) => findReached(universe, version, demand, relation));
  const [only] = each;
  demand.reach = { each, all: only !== undefined && each.length === 1 ? only : [...new Set(each.flat())] };
  return demand.reach;
}

/**
 * A negative demand reaches every architecture, and never the package itself (policy 7.4: that is how a package says
 * that only one provider of a name may be installed).
 */
function findReached(
  universe: Universe,
  version: Version,
  demand: Demand,
  relation: Relation,
): readonly Version[] {
  if (!isNegative(demand)) return universe.satisfiers(relation, version.package.architecture);
  return universe.satisfiers(relation, "every").filter((other) => {
    if (demand.implicit) return other.name === version.name && other.package !== version.package;
    if (demand.on !== undefined) return isReachedOn(demand.on, universe, version, relation, other);
    return other.name !== version.name;
  });
}

/** A package that clashes with its own name means itself on other architectures, unless it is Multi-Arch: same. */
function isReachedOn(
  architecture: string,
  universe: Universe,
  version: Version,
  relation: Relation,
  other: Version,
): boolean {
  const isOfName = other.name === version.name;
  const { package: pkg, name } = other;
  if (name === relation.name && pkg.architecture === architecture) {
    return !isOfName || (version.multiArch !== "same" && pkg !== version.package);
  }
  if (isOfName) return false;
  return provisionsOf(other, universe.architectures).some(
    ({ target, provided }) =>
      target.name === relation.name && target.architecture === architecture && holds(relation, provided),
  );
}

/** What one of the demand's own alternatives reaches. */
export function reachedBy(
  universe: Universe,
  version: Version,
  demand: Demand,
  relation: Relation,
): readonly Version[] {
  return reachOf(universe, version, demand).each[demand.alternatives.indexOf(relation)] ?? [];
}

/** All that any alternative reaches, in the order of the alternatives, each once. */
export function allReachedBy(universe: Universe, version: Version, demand: Demand): readonly Version[] {
  return reachOf(universe, version, demand).all;
}

/** Whether the demand holds among the chosen: someone meets it, or no one clashes. */
export function holdsAmong(
  universe: Universe,
  version: Version,
  demand: Demand,
  isChosen: (other: Version) => boolean,
): boolean {
  return allReachedBy(universe, version, demand).some(isChosen) !== isNegative(demand);
}
