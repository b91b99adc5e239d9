// Scores: how much would break if a package went, as apt's problem resolver counts it.
// Knows apt's weights; does not know what is done with the scores.

import { reachedBy } from "./demand.ts";
import type { Marks } from "./marks.ts";
import { type DemandKind, type Importance, isNegative, type Package, type Version } from "./package.ts";

/**
 * The scores of all packages for what is marked now (`pkgProblemResolver::MakeScores` of apt 2.6 and 3.0, with its
 * default weights): by priority, by who depends on it or conflicts with it, and one level further by the scores of
 * those.
 */
export function scoresOf(marks: Marks, requested: ReadonlySet<Package>): (pkg: Package) => number {
  const installed = marks.installed();
  const first = new Map<Package, number>();
  for (const version of installed) {
    add(first, version.package, weightOf(version));
    addDemands(marks, version, first);
  }
  const second = inherited(marks, installed, first);
  for (const version of installed) {
    const transfer = Math.abs((second.get(version.package) ?? 0) - (first.get(version.package) ?? 0));
    for (const other of transfer === 0 ? [] : providersOf(marks, version)) {
      add(second, other.package, transfer);
    }
  }
  return (pkg) =>
    (second.get(pkg) ?? 0) + (requested.has(pkg) ? 10_000 : 0) + (pkg.essential || pkg.important ? 5_000 : 0);
}

const importanceWeights: Readonly<Record<Importance, number>> = {
  required: 3,
  important: 2,
  standard: 1,
  optional: -1,
  extra: -2,
};

const demandWeights: Readonly<Record<DemandKind, number>> = {
  "Pre-Depends": 1,
  Depends: 1,
  Recommends: 1,
  Suggests: 0,
  Conflicts: -1,
  Breaks: -1,
};

function weightOf({ package: pkg, importance }: Version): number {
  return importanceWeights[importance] + (pkg.essential || pkg.important ? 100 : 0);
}

/** A package counts once for its name, in or not, and once for what it provides. */
function addDemands(marks: Marks, version: Version, scores: Map<Package, number>): void {
  for (const demand of version.demands) {
    const weight = demandWeights[demand.kind];
    if (weight === 0) continue;
    for (const relation of demand.alternatives) {
      const named = targetOf(marks, version, relation.name, relation.architecture);
      const isOwn = named === version.package && isNegative(demand);
      const reached = reachedBy(marks.universe, version, demand, relation).filter((other) =>
        marks.isIn(other),
      );
      const isMet = relation.version === undefined || reached.some((other) => other.package === named);
      if (named !== undefined && !isOwn && isMet) add(scores, named, weight);
      for (const other of reached) {
        if (other.provides.some(({ name }) => name === relation.name)) add(scores, other.package, weight);
      }
    }
  }
}

/** One level of what depends on a package, whichever version it wants. */
function inherited(
  marks: Marks,
  installed: readonly Version[],
  first: ReadonlyMap<Package, number>,
): Map<Package, number> {
  const second = new Map(first);
  for (const version of installed) {
    const score = first.get(version.package) ?? 0;
    if (score <= 0) continue;
    for (const demand of version.demands) {
      if (isNegative(demand) || demand.kind === "Suggests") continue;
      for (const { name, architecture } of demand.alternatives) {
        const named = targetOf(marks, version, name, architecture);
        if (named !== undefined && marks.of(named).install !== undefined) add(second, named, score);
      }
    }
  }
  return second;
}

function providersOf(marks: Marks, { package: pkg, name }: Version): Version[] {
  return marks.universe
    .satisfiers({ name }, pkg.architecture)
    .filter((other) => marks.isIn(other) && other.provides.some((provided) => provided.name === name));
}

/** What the name stands for by itself; `name:any` is another package to apt, which is only provided. */
function targetOf(marks: Marks, version: Version, name: string, architecture?: string): Package | undefined {
  if (architecture === "any") return undefined;
  return marks.universe.package(name, architecture ?? version.package.architecture);
}

function add(scores: Map<Package, number>, pkg: Package, weight: number): void {
  scores.set(pkg, (scores.get(pkg) ?? 0) + weight);
}
