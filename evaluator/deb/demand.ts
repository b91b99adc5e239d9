// Demands: who meets, or clashes with, what one version says of others.
// Knows which versions a demand reaches; does not know which of them are chosen.

import { type Demand, isNegative, type Version } from "./package.ts";
import type { Relation } from "./relation.ts";
import type { Universe } from "./universe.ts";

/**
 * Versions that one alternative of a version's demand reaches: those that would meet it or, if it is negative,
 * clash with it. A negative demand reaches every architecture, and never the package itself (policy 7.4: that is
 * how a package says that only one provider of a name may be installed).
 */
export function reachedBy(
  universe: Universe,
  version: Version,
  demand: Demand,
  relation: Relation,
): readonly Version[] {
  if (!isNegative(demand)) return universe.satisfiers(relation, version.package.architecture);
  return universe.satisfiers(relation, "every").filter((other) => {
    if (demand.implicit) return other.name === version.name && other.package !== version.package;
    return other.name !== version.name;
  });
}

/** All that any alternative reaches, in the order of the alternatives, each once. */
export function allReachedBy(universe: Universe, version: Version, demand: Demand): readonly Version[] {
  const [only, ...others] = demand.alternatives;
  if (only !== undefined && others.length === 0) return reachedBy(universe, version, demand, only);
  return [
    ...new Set(demand.alternatives.flatMap((relation) => reachedBy(universe, version, demand, relation))),
  ];
}

/** Whether the demand holds among the chosen: someone meets it, or no one clashes. */
export function holdsAmong(
  universe: Universe,
  version: Version,
  demand: Demand,
  isChosen: (other: Version) => boolean,
): boolean {
  const found = demand.alternatives.some((relation) =>
    reachedBy(universe, version, demand, relation).some(isChosen),
  );
  return found !== isNegative(demand);
}
