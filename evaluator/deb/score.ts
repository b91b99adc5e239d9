// Scores: how much would break if a package went, as apt's problem resolver counts it.
// Knows apt's weights; does not know what is done with the scores.

import { compareText } from "../text.ts";
import type { Marks } from "./marks.ts";
import {
  type Demand,
  type DemandKind,
  type Importance,
  isNegative,
  type Package,
  type Version,
} from "./package.ts";
import type { Relation } from "./relation.ts";
import {
  holds,
  isIgnorable,
  isIgnorableProvider,
  type Provision,
  provisionsOf,
  type Target,
  targetKey,
  targetOf,
} from "./target.ts";

/**
 * The scores of all packages for what is marked now (`pkgProblemResolver::MakeScores` of apt 2.6 and 3.0, with its
 * default weights): by priority, by who depends on it or conflicts with it, and one level further by the scores of
 * those.
 */
export function scoresOf(marks: Marks, requested: ReadonlySet<Package>): (pkg: Package) => number {
  const second = new Scoring(marks).run();
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

class Scoring {
  readonly #marks: Marks;
  readonly #installed: readonly Version[];
  readonly #provisions: ReadonlyMap<string, readonly Provision[]>;

  constructor(marks: Marks) {
    const { architectures } = marks.universe;
    this.#marks = marks;
    this.#installed = marks.installed();
    const all = this.#installed.flatMap((version) => provisionsOf(version, architectures));
    this.#provisions = Map.groupBy(all, ({ target }) => targetKey(target));
  }

  run(): ReadonlyMap<Package, number> {
    const first = new Map<Package, number>();
    for (const version of this.#installed) {
      add(first, version.package, weightOf(version));
      for (const demand of version.demands) {
        for (const relation of demand.alternatives) this.#addDemand(first, version, demand, relation);
      }
    }
    const second = this.#inherited(first);
    for (const { package: pkg } of this.#installed.toSorted(inCacheOrder)) {
      const transfer = Math.abs((second.get(pkg) ?? 0) - (first.get(pkg) ?? 0));
      const explicit = this.#provisionsOf(pkg).filter(({ implicit }) => !implicit);
      for (const provider of packagesOf(explicit)) add(second, provider, transfer);
    }
    return second;
  }

  /**
   * A package counts once for its name, in or not, and once for what it provides; but where a version is wanted that
   * the package of the name is not in with, those who provide it do not count either.
   */
  #addDemand(scores: Map<Package, number>, version: Version, demand: Demand, relation: Relation): void {
    const weight = demandWeights[demand.kind];
    const target = targetOf(this.#marks.universe.architectures, version, demand, relation);
    if (weight === 0) return;
    const named = this.#packageOf(target);
    if (!isIgnorable(version, demand, target)) {
      const install = named && this.#marks.of(named).install;
      if (relation.version !== undefined && !(install && holds(relation, install.version))) return;
      if (named !== undefined) add(scores, named, weight);
    }
    const providers = this.#provisionsOf(target).filter(
      (item) => !isIgnorableProvider(version, demand, item.version) && holds(relation, item.provided),
    );
    if (providers.length === 0 || !this.#isThere(demand, target)) return;
    for (const provider of packagesOf(providers)) add(scores, provider, weight);
  }

  /** One level of what depends on a package, whichever version it wants. */
  #inherited(first: ReadonlyMap<Package, number>): Map<Package, number> {
    const second = new Map(first);
    for (const version of this.#installed) {
      const score = first.get(version.package) ?? 0;
      if (score <= 0) continue;
      for (const demand of version.demands) {
        if (isNegative(demand) || demand.kind === "Suggests") continue;
        for (const relation of demand.alternatives) {
          const named = this.#packageOf(
            targetOf(this.#marks.universe.architectures, version, demand, relation),
          );
          if (named !== undefined && this.#marks.of(named).install !== undefined) add(second, named, score);
        }
      }
    }
    return second;
  }

  /** A negative demand reaches a name only on those architectures for which apt has it. */
  #isThere({ on }: Demand, target: Target): boolean {
    return (
      on === undefined ||
      this.#packageOf(target) !== undefined ||
      this.#marks.universe.spoken().since(target.name, on) !== undefined
    );
  }

  #packageOf({ name, architecture }: Target): Package | undefined {
    return architecture === undefined ? undefined : this.#marks.universe.package(name, architecture);
  }

  #provisionsOf(target: Target): readonly Provision[] {
    return this.#provisions.get(targetKey(target)) ?? [];
  }
}

function packagesOf(provisions: readonly Provision[]): Iterable<Package> {
  return new Set(provisions.map(({ version }) => version.package));
}

/** As apt's cache has its packages: what is given on to one that comes later is given on by that one, too. */
function inCacheOrder(a: Version, b: Version): number {
  return hashOf(a.name) - hashOf(b.name) || compareText(a.name, b.name);
}

/** `pkgCache::sHash`, for the table's own size. */
function hashOf(name: string): number {
  let hash = 5381;
  for (const letter of name.toLowerCase()) hash = (33 * hash + letter.charCodeAt(0)) % 2 ** 32;
  return hash % 196_613;
}

function add(scores: Map<Package, number>, pkg: Package, weight: number): void {
  scores.set(pkg, (scores.get(pkg) ?? 0) + weight);
}
