// Repair: what apt does with marks that are broken.
// Knows the rounds of apt's problem resolver on an empty machine; does not know how the marks came about.

import { type Descent, descend } from "../descent.ts";
import { sourceOf } from "../source.ts";
import { compareText } from "../text.ts";
import { compareVersionNames } from "./closure.ts";
import { reachedBy } from "./demand.ts";
import type { Marks } from "./marks.ts";
import { type Demand, isHard, isNegative, type Package, type Version } from "./package.ts";
import type { Relation } from "./relation.ts";
import { scoresOf } from "./score.ts";
import { targetOf } from "./target.ts";

/**
 * Goes through what is broken by score, taking out what is in the way or cannot stay, until nothing changes
 * (`pkgProblemResolver::ResolveInternal` of apt 2.6 and 3.0, with nothing installed, where to keep a package is to
 * leave it out and an upgrade is an installation). Whether that mended everything the caller has to see.
 *
 * Packages of the same score are visited by name; apt's order among them hangs on its hash table and an unstable
 * sort.
 *
 * @param targets what is asked for
 */
export function repair(marks: Marks, targets: readonly Version[]): void {
  new Repair(marks, new Set(targets.map((target) => target.package))).run();
}

// apt's pkgProblemResolver::MaxCounter.
const mostRounds = 20;

class Repair {
  readonly #marks: Marks;
  readonly #requested: ReadonlySet<Package>;
  readonly #first: (pkg: Package) => number;
  readonly #raised = new Map<Package, number>();
  /** What was tried to be brought back once is not tried again. */
  readonly #tried = new Set<Package>();

  constructor(marks: Marks, requested: ReadonlySet<Package>) {
    this.#marks = marks;
    this.#requested = requested;
    this.#first = scoresOf(marks, requested);
  }

  run(): void {
    let changed = true;
    for (let round = 0; round < mostRounds && changed; round++) {
      changed = false;
      for (let version = this.#nextBroken(); version !== undefined; version = this.#nextBroken(version)) {
        changed = this.#mend(version, round) || changed;
      }
    }
  }

  /** In the order of the scores there were at first. */
  #nextBroken(after?: Version): Version | undefined {
    const order = (a: Version, b: Version): number =>
      this.#first(b.package) - this.#first(a.package) || compareVersionNames(a, b);
    return this.#marks
      .installed()
      .filter((version) => (after === undefined || order(version, after) > 0) && this.#isBroken(version))
      .sort(order)[0];
  }

  /** Whether anything changed. */
  #mend(version: Version, round: number): boolean {
    const attempt: Attempt = { version, changed: false, kills: [] };
    for (const demand of this.#marks.inOrder(version)) {
      if (!isHard(demand) || this.#marks.isMet(version, demand)) continue;
      if (this.#try(attempt, demand)) break;
    }
    if (this.#marks.of(version.package).install === undefined) return attempt.changed;
    for (const rival of attempt.kills) {
      const isGone = this.#marks.keep(rival);
      attempt.changed ||= isGone;
      const score = this.#score(version.package);
      if ((!isGone || round > 1) && score > this.#score(rival)) {
        this.#raised.set(rival, score);
        attempt.changed = true;
      }
    }
    return attempt.changed;
  }

  /** Whether the other demands do not matter any more. */
  #try(attempt: Attempt, demand: Demand): boolean {
    const { version } = attempt;
    const pkg = version.package;
    const isChoice = demand.alternatives.length > 1;
    let isHeld = false;
    for (const relation of demand.alternatives) {
      if (this.#marks.isMet(version, demand)) return false;
      const able = this.#targets(version, demand, relation);
      if (able.length === 0 && !isNegative(demand) && !this.#marks.of(pkg).protected) {
        if (isChoice) continue;
        this.#marks.keep(pkg);
        attempt.changed = true;
        return true;
      }
      if (this.#weigh(attempt, demand, able)) {
        isHeld = true;
        if (!isChoice) return true;
      }
    }
    if (isChoice && (isHeld || !this.#marks.of(pkg).protected)) {
      if (isHeld || isRemovable(pkg)) this.#marks.keep(pkg);
      attempt.changed = true;
    }
    return false;
  }

  /** Whether the version was held back in favour of one of those that the demand reaches. */
  #weigh(attempt: Attempt, demand: Demand, able: readonly Version[]): boolean {
    const { version } = attempt;
    const pkg = version.package;
    for (const other of able) {
      const rival = other.package;
      if (isNegative(demand) && !this.#marks.isIn(other)) continue;
      if (this.#score(pkg) <= this.#score(rival) || !isNegative(demand)) {
        if (!this.#marks.of(pkg).protected) {
          const wasIn = this.#marks.of(pkg).install !== undefined;
          this.#marks.keep(pkg);
          // Another alternative may still be there: what follows the last of them decides.
          if (demand.alternatives.length > 1 && wasIn) this.#marks.put(pkg);
          attempt.changed = true;
          return true;
        }
        if (!descend(this.#bringBack(rival))) continue;
        if (this.#score(rival) > this.#score(pkg)) this.#raised.set(rival, this.#score(pkg));
        return false;
      }
      if (!this.#marks.of(rival).protected) attempt.kills.push(rival);
    }
    return false;
  }

  /** Installs a package with what it needs, each at most once (`pkgProblemResolver::DoUpgrade`). */
  *#bringBack(pkg: Package): Descent {
    const { candidate, install } = this.#marks.of(pkg);
    if (this.#tried.has(pkg) || candidate === undefined || this.#requested.has(pkg)) return false;
    this.#tried.add(pkg);
    if (!this.#marks.put(pkg)) return false;
    let able = true;
    for (const demand of this.#marks.inOrder(candidate).filter(isHard)) {
      able = yield this.#bringBackFor(candidate, demand);
      if (!able) break;
    }
    if (able) return true;
    if (install === undefined || isRemovable(pkg)) this.#marks.keep(pkg);
    return false;
  }

  *#bringBackFor(version: Version, demand: Demand): Descent {
    let failed = false;
    for (const relation of demand.alternatives) {
      // As apt: what failed before is not forgiven by an alternative that is there.
      if (this.#marks.isMet(version, demand)) return !failed;
      const target = this.#smartTarget(version, demand, relation);
      if (target !== undefined && this.#marks.of(target).protected) failed = true;
      else if (isNegative(demand)) return !failed;
      else if (this.#marks.hasCandidate(version, demand, relation)) {
        failed = target === undefined || !(yield this.#bringBack(target));
        if (!failed) return true;
      } else failed = true;
    }
    return !failed;
  }

  /** The package the relation points to, or the first that stands for it (`SmartTargetPkg`, pkgcache.cc). */
  #smartTarget(version: Version, demand: Demand, relation: Relation): Package | undefined {
    const named = this.#named(version, demand, relation);
    if (named !== undefined) return named;
    const { operator: _, version: __, ...unbound } = relation;
    const providers = this.#marks.universe.satisfiers(unbound, demand.on ?? version.package.architecture);
    return providers.filter((other) => other.package !== version.package).sort(compareReading)[0]?.package;
  }

  /** All versions that the relation reaches: of the package it points to, then those that stand for it. */
  #targets(version: Version, demand: Demand, relation: Relation): readonly Version[] {
    const named = this.#named(version, demand, relation);
    const reached = reachedBy(this.#marks.universe, version, demand, relation);
    const isNamed = (other: Version): boolean => other.package === named;
    return [...reached.filter(isNamed), ...reached.filter((other) => !isNamed(other)).sort(compareReading)];
  }

  /** None by `name:any` and `name:arm64`, names of their own that no package has. */
  #named(version: Version, demand: Demand, relation: Relation): Package | undefined {
    const { universe } = this.#marks;
    const { name, architecture } = targetOf(universe.architectures, version, demand, relation);
    return architecture === undefined ? undefined : universe.package(name, architecture);
  }

  #score(pkg: Package): number {
    return this.#raised.get(pkg) ?? this.#first(pkg);
  }

  #isBroken(version: Version): boolean {
    return version.demands.some((demand) => isHard(demand) && !this.#marks.isMet(version, demand));
  }
}

interface Attempt {
  readonly version: Version;
  changed: boolean;
  /** What is to go so that the version can stay. */
  readonly kills: Package[];
}

/** apt leaves out what it has chosen, but for its own reasons removes nothing essential. */
function isRemovable(pkg: Package): boolean {
  return !pkg.essential && !pkg.important;
}

/** apt goes through what provides a name from the last stanza to the first; an archive has them by source. */
function compareReading(a: Version, b: Version): number {
  return compareText(sourceOf(b).name, sourceOf(a).name) || compareText(b.name, a.name);
}
