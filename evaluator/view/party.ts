// Parties: packages of many closures, shared out so that those of one party can all be installed together.
// Knows who clashes with whom; does not know what the closures are for.

import { allReachedBy } from "../deb/demand.ts";
import { isHard, isNegative, type Version } from "../deb/package.ts";
import type { Universe } from "../deb/universe.ts";

/**
 * Closures that do not clash go together, each with the first that will have it; a package is told with the first
 * party that has it. Every party can be installed, because the closures it is made of can be, and what they say of
 * others is clashes alone.
 *
 * @param closures sets of versions that stand on their own, in an order that decides
 */
export function partiesOf(universe: Universe, closures: readonly ReadonlySet<Version>[]): Version[][] {
  const clashes = clashesAmong(universe, new Set(closures.flatMap((closure) => [...closure])));
  const parties: Set<Version>[] = [];
  const told = new Map<Version, number>();
  for (const closure of closures) {
    const rivals = new Set([...closure].flatMap((version) => [...(clashes.get(version) ?? [])]));
    let number = parties.findIndex((party) => ![...rivals].some((rival) => party.has(rival)));
    if (number < 0) number = parties.push(new Set()) - 1;
    for (const version of closure) {
      parties[number]?.add(version);
      if (!told.has(version)) told.set(version, number);
    }
  }
  return parties.map((_, number) => [...told].flatMap(([version, own]) => (own === number ? [version] : [])));
}

/** Both ways: who clashes with somebody is clashed with. Two versions of one package clash. */
function clashesAmong(
  universe: Universe,
  all: ReadonlySet<Version>,
): ReadonlyMap<Version, ReadonlySet<Version>> {
  const clashes = new Map<Version, Set<Version>>();
  const note = (a: Version, b: Version) => {
    clashes.set(a, (clashes.get(a) ?? new Set()).add(b));
    clashes.set(b, (clashes.get(b) ?? new Set()).add(a));
  };
  for (const version of all) {
    for (const other of version.package.versions)
      if (other !== version && all.has(other)) note(version, other);
    for (const demand of version.demands.filter((item) => isHard(item) && isNegative(item))) {
      for (const other of allReachedBy(universe, version, demand)) if (all.has(other)) note(version, other);
    }
  }
  return clashes;
}
