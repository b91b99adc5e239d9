// Closures: sets of versions that stand on their own.
// Knows when a set is sound, what in it is needed, and why; does not know how it was found.

import type { Reason } from "../resolution.ts";
import { compareText } from "../text.ts";
import { allReachedBy, holdsAmong } from "./demand.ts";
import { type Demand, isHard, isNegative, type Version } from "./package.ts";
import type { Request } from "./request.ts";
import { provisionsOf, targetKey, targetOf } from "./target.ts";
import type { Universe } from "./universe.ts";

/** A request with the version that answers it. */
export interface Answer {
  readonly request: Request;
  readonly version: Version;
}

/** Whether every version's dependencies are met in the set and none clashes with another. */
export function isSound(universe: Universe, chosen: ReadonlySet<Version>): boolean {
  const packages = new Set([...chosen].map((version) => version.package));
  return (
    packages.size === chosen.size &&
    [...chosen].every((version) =>
      version.demands.every(
        (demand) => !isHard(demand) || holdsAmong(universe, version, demand, (other) => chosen.has(other)),
      ),
    )
  );
}

/**
 * What apt would not call superfluous: all that the roots, and what is essential, reach through everything that meets
 * a dependency, a recommendation or a suggestion. So a leftover of a failed try stays if someone suggests it
 * (`MarkRequired` of apt 2.6 and 3.0, depcache.cc, with its default options).
 */
export function sweepAsApt(
  universe: Universe,
  marked: ReadonlySet<Version>,
  roots: Iterable<Version>,
  recommends: boolean,
): Set<Version> {
  const essential = [...marked].filter(({ package: pkg }) => pkg.essential || pkg.important);
  const kept = new Set([...roots, ...essential]);
  for (const version of kept) {
    for (const demand of version.demands.filter((item) => !isNegative(item))) {
      for (const other of allReachedBy(universe, version, demand)) if (marked.has(other)) kept.add(other);
    }
  }
  if (recommends && [...kept].some((version) => misses(universe, version, kept)))
    saveAsApt(universe, marked, kept);
  return kept;
}

function misses(universe: Universe, version: Version, kept: ReadonlySet<Version>): boolean {
  const isIn = (other: Version): boolean => kept.has(other);
  return version.demands.some(
    (demand) => isPull(demand, true) && !holdsAmong(universe, version, demand, isIn),
  );
}

/**
 * Where some recommendation is not met, apt puts back what it finds superfluous if anyone asks for its name or for what
 * it provides, in whatever version (`DoAutomaticRemove` of apt 2.6 and 3.0, private-install.cc).
 */
function saveAsApt(universe: Universe, marked: ReadonlySet<Version>, kept: Set<Version>): void {
  const asked = new Set<string>();
  const spare = new Set([...marked].filter((version) => !kept.has(version)));
  for (const version of kept) {
    for (const demand of version.demands.filter((item) => isPull(item, true)))
      for (const relation of demand.alternatives)
        asked.add(targetKey(targetOf(universe.architectures, version, demand, relation)));
    for (const other of spare) {
      const provided = provisionsOf(other, universe.architectures).map(({ target }) => target);
      if (![other.package, ...provided].some((target) => asked.has(targetKey(target)))) continue;
      spare.delete(other);
      kept.add(other);
    }
  }
}

/** What the roots need of a sound set, with one package for each dependency: minimal as far as one pass can. */
export function sweep(
  universe: Universe,
  chosen: ReadonlySet<Version>,
  roots: Iterable<Version>,
  recommends: boolean,
): Set<Version> {
  const kept = new Set(roots);
  for (const version of kept) {
    for (const demand of version.demands.filter((item) => isPull(item, recommends))) {
      const able = allReachedBy(universe, version, demand).filter((other) => chosen.has(other));
      if (able[0] !== undefined && !able.some((other) => kept.has(other))) kept.add(able[0]);
    }
  }
  return kept;
}

/**
 * For each version of a swept closure at least one reason, requests first, then by name. Recommendations that do
 * not count and suggestions are told only where there is no better reason.
 */
export function reasonsIn(
  universe: Universe,
  chosen: ReadonlySet<Version>,
  answers: readonly Answer[],
  recommends: boolean,
): Map<Version, Reason[]> {
  const reasons = new Map<Version, Reason[]>([...chosen].map((version) => [version, []]));
  for (const { request, version } of answers) {
    if (!request.brought) reasons.get(version)?.push({ by: request.by, relation: request.text });
  }
  const sorted = [...chosen].sort(compareVersionNames);
  const tell = (counts: (demand: Demand) => boolean, isOpen: (version: Version) => boolean): void => {
    for (const version of sorted) {
      const by = nameOf(universe, version);
      for (const demand of version.demands.filter(counts)) {
        const relation = isHard(demand) ? demand.text : `${demand.kind}: ${demand.text}`;
        for (const other of allReachedBy(universe, version, demand)) {
          const known = reasons.get(other);
          const isTold = known?.some((reason) => reason.by === by && reason.relation === relation);
          if (other !== version && isOpen(other) && !isTold) known?.push({ by, relation });
        }
      }
    }
  };
  tell(
    (demand) => isPull(demand, recommends),
    () => true,
  );
  const unexplained = new Set(sorted.filter((version) => reasons.get(version)?.length === 0));
  tell(
    (demand) => !isNegative(demand) && !isHard(demand),
    (version) => unexplained.has(version),
  );
  // A leftover of a failed try that apt keeps, as it keeps all that is essential: see sweepAsApt.
  for (const [{ package: pkg }, own] of reasons) {
    if (own.length > 0) continue;
    if (pkg.essential) own.push({ by: "base", relation: "Essential: yes" });
    else if (pkg.important) own.push({ by: "base", relation: "Protected: yes" });
  }
  return reasons;
}

/** `name`, or `name:arch` where the architecture is not the native one. */
export function nameOf(universe: Universe, version: Version): string {
  const { name, architecture } = version.package;
  return architecture === universe.architectures[0] ? name : `${name}:${architecture}`;
}

export function compareVersionNames(a: Version, b: Version): number {
  return compareText(a.name, b.name) || compareText(a.package.architecture, b.package.architecture);
}

function isPull(demand: Demand, recommends: boolean): boolean {
  return !isNegative(demand) && (isHard(demand) || (recommends && demand.kind === "Recommends"));
}
