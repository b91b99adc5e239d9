// Marking: apt's own way from requests to packages, greedy and without backtracking.
// Knows how apt walks dependencies on an empty machine; does not know whether what it arrives at is sound.

import { type Descent, descend } from "../descent.ts";
import { allReachedBy } from "./demand.ts";
import { Marks } from "./marks.ts";
import { type Demand, isHard, isNegative, type Package, type Version } from "./package.ts";
import { rankedProviders } from "./provider.ts";
import type { Universe } from "./universe.ts";

/**
 * What apt would mark for installation (`pkgDepCache::MarkInstall` of apt 2.6 and 3.0, with nothing installed, so no
 * upgrades, removals or holds). The result can be broken, where apt goes on with its problem resolver, and can hold
 * leftovers of tries that failed: the caller repairs and sweeps.
 *
 * @param targets what is asked for, in the order of the command line
 */
export function markInstalls(
  universe: Universe,
  targets: readonly Version[],
  options: { readonly recommends: boolean },
): Marks {
  const marks = new Marks(universe, options.recommends);
  for (const target of targets) marks.request(target);
  const walk = new Walk(marks);
  for (const target of targets) descend(walk.install(target.package, { asked: true, depth: 0 }));
  return marks;
}

interface Step {
  readonly asked: boolean;
  readonly depth: number;
}

// apt's bound (`IsModeChangeOk` of depcache.cc): what lies deeper is left to its problem resolver.
const deepest = 3000;

class Walk {
  readonly #marks: Marks;

  constructor(marks: Marks) {
    this.#marks = marks;
  }

  /** Whether the package is, or now became, part of the result; on false it is not, unless it is protected. */
  *install(pkg: Package, step: Step): Descent {
    const { candidate, install, protected: settled } = this.#marks.of(pkg);
    if (step.depth > deepest || (!step.asked && install === undefined && settled)) return false;
    if (candidate === undefined) return false;
    if (!settled && install !== undefined && !this.#isBroken(install)) return true;
    if (!this.#marks.isSatisfiable(candidate)) {
      if (!settled) this.#marks.discard(pkg);
      return false;
    }
    return yield this.#installDeep(candidate, settled, step);
  }

  *#installDeep(version: Version, wasProtected: boolean, step: Step): Descent {
    const pkg = version.package;
    const failEarly = !wasProtected && !step.asked;
    const pending = version.demands.filter(
      (demand) => this.#marks.matters(demand) && (wasProtected || !this.#marks.isMet(version, demand)),
    );
    let sound = true;
    for (const demand of this.#conflicts(version, pending)) {
      sound = this.#dropConflicting(version, demand, wasProtected, failEarly) && sound;
      if (!sound && failEarly) return false;
    }
    this.#marks.put(pkg);
    // While its dependencies are sought nothing may take the package itself away.
    this.#marks.protect(pkg, true);
    for (const demand of pending.filter((demand) => !isNegative(demand))) {
      sound = (yield this.#meet(version, demand, wasProtected, step.depth)) && sound;
      if (!sound && failEarly) break;
    }
    this.#marks.protect(pkg, wasProtected);
    if (!sound && failEarly) this.#marks.discard(pkg);
    return sound;
  }

  /** In apt's order, which decides what is taken away before something cannot be; where nothing is in the way, in any. */
  #conflicts(version: Version, pending: readonly Demand[]): readonly Demand[] {
    const conflicts = pending.filter(isNegative);
    const isFree = conflicts.every((demand) => this.#marks.isMet(version, demand));
    if (isFree || conflicts.length === 1) return conflicts;
    return this.#marks.inOrder(version).filter((demand) => conflicts.includes(demand));
  }

  /** Takes away what the version conflicts with; for a protected one, for good. */
  #dropConflicting(version: Version, demand: Demand, forGood: boolean, failEarly: boolean): boolean {
    const rivals = allReachedBy(this.#marks.universe, version, demand).filter(
      (rival) => this.#marks.of(rival.package).candidate === rival,
    );
    const isFixed = (rival: Version): boolean => {
      const { install, protected: settled } = this.#marks.of(rival.package);
      return install !== undefined && settled;
    };
    const sound = !rivals.some(isFixed);
    if (!sound && failEarly) return false;
    for (const { package: rival } of rivals.filter((item) => !isFixed(item))) {
      this.#marks.keep(rival);
      if (!forGood) continue;
      this.#marks.discard(rival);
      this.#marks.protect(rival, true);
    }
    return sound;
  }

  /** Finds someone for a positive demand. A protected version protects who alone can meet its demand. */
  *#meet(version: Version, demand: Demand, wasProtected: boolean, depth: number): Descent {
    const critical = isHard(demand);
    const deeper: Step = { asked: false, depth: depth + 1 };
    if (this.#marks.isMet(version, demand)) {
      if (!wasProtected || !critical) return true;
      const [only, ...others] = allReachedBy(this.#marks.universe, version, demand).filter((other) =>
        this.#marks.isOpen(other),
      );
      if (only === undefined || others.length > 0 || this.#marks.of(only.package).protected) return true;
      this.#marks.protect(only.package, true);
      return yield this.install(only.package, deeper);
    }
    const candidates = this.#candidates(version, demand);
    for (const candidate of candidates) {
      const pkg = candidate.package;
      if (this.#marks.of(pkg).candidate !== candidate) continue;
      if (wasProtected && critical && candidates.length === 1) {
        if (deeper.depth > deepest || !this.#marks.put(pkg)) continue;
        this.#marks.protect(pkg, true);
      }
      if (yield this.install(pkg, deeper)) return true;
    }
    return !critical;
  }

  #candidates(version: Version, demand: Demand): Version[] {
    const ranked = rankedProviders(
      this.#marks.universe,
      version,
      demand,
      (other) => this.#marks.of(other.package).protected,
      (other) => this.#marks.of(other.package).candidate === other,
    );
    // Neighbours only, as apt does: whether there is a single solution hangs on it.
    return ranked.filter((other, i) => other !== ranked[i - 1] && this.#marks.isOpen(other));
  }

  #isBroken(version: Version): boolean {
    return version.demands.some(
      (demand) => this.#marks.matters(demand) && !this.#marks.isMet(version, demand),
    );
  }
}
