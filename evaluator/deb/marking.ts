// Marking: apt's own way from requests to packages, greedy and without backtracking.
// Knows how apt 2.6 walks dependencies on an empty machine; does not know whether what it arrives at is sound.

import { allReachedBy, holdsAmong } from "./demand.ts";
import { type Demand, isHard, isNegative, type Package, type Version } from "./package.ts";
import { rankedProviders } from "./provider.ts";
import type { Universe } from "./universe.ts";

/**
 * The versions apt would mark for installation (`pkgDepCache::MarkInstall`, apt 2.6 depcache.cc, with nothing
 * installed, so no upgrades, removals or holds). The result can be broken, where apt would go on with its problem
 * resolver, and can hold leftovers of tries that failed: the caller checks and sweeps.
 *
 * @param targets what is asked for, in the order of the command line
 */
export function markInstalls(
  universe: Universe,
  targets: readonly Version[],
  options: { readonly recommends: boolean },
): Set<Version> {
  const marking = new Marking(universe, options.recommends);
  for (const target of targets) marking.request(target);
  for (const target of targets) marking.install(target.package, { deep: true, asked: true, depth: 0 });
  return marking.installed();
}

/** What is decided about one package so far. */
interface State {
  candidate: Version | undefined;
  install: Version | undefined;
  /** Only the user, or who protected it, may change `install`. */
  protected: boolean;
}

interface Step {
  /** Dependencies too, not this package alone. */
  readonly deep: boolean;
  readonly asked: boolean;
  readonly depth: number;
}

// apt gives up at 3,000 too.
const deepest = 3000;

class Marking {
  readonly #universe: Universe;
  readonly #recommends: boolean;
  readonly #states = new Map<Package, State>();

  constructor(universe: Universe, recommends: boolean) {
    this.#universe = universe;
    this.#recommends = recommends;
  }

  request(target: Version): void {
    const state = this.#state(target.package);
    state.candidate = target;
    state.install = target;
    state.protected = true;
  }

  installed(): Set<Version> {
    return new Set([...this.#states.values()].flatMap(({ install }) => (install ? [install] : [])));
  }

  /** Whether the package is, or now became, part of the result; on false it is not, unless it is protected. */
  install(pkg: Package, step: Step): boolean {
    const state = this.#state(pkg);
    if (step.depth > deepest || (!step.asked && state.install === undefined && state.protected)) return false;
    if (state.candidate === undefined) return false;
    if (!state.protected && state.install !== undefined && !this.#isBroken(state.install)) return true;
    const version = state.candidate;
    if (step.deep && !this.#isSatisfiable(version)) {
      // Discarded for good, so that nothing tries it again.
      if (!state.protected) Object.assign(state, { candidate: undefined, install: undefined });
      return false;
    }
    if (!step.deep) {
      state.install = version;
      return true;
    }
    return this.#installDeep(version, state, step);
  }

  #installDeep(version: Version, state: State, step: Step): boolean {
    const wasProtected = state.protected;
    const failEarly = !wasProtected && !step.asked;
    const pending = version.demands.filter(
      (demand) => this.#matters(demand) && (wasProtected || !this.#isMet(version, demand)),
    );
    let sound = true;
    for (const demand of pending.filter(isNegative)) {
      sound = this.#dropConflicting(version, demand, wasProtected, failEarly) && sound;
      if (!sound && failEarly) return false;
    }
    state.install = version;
    // While its dependencies are sought nothing may take the package itself away.
    state.protected = true;
    for (const demand of pending.filter((demand) => !isNegative(demand))) {
      sound = this.#meet(version, demand, wasProtected, step.depth) && sound;
      if (!sound && failEarly) break;
    }
    state.protected = wasProtected;
    if (!sound && failEarly) Object.assign(state, { candidate: undefined, install: undefined });
    return sound;
  }

  /** Takes away what the version conflicts with; for a protected one, for good. */
  #dropConflicting(version: Version, demand: Demand, forGood: boolean, failEarly: boolean): boolean {
    const rivals = allReachedBy(this.#universe, version, demand).filter(
      (rival) => this.#state(rival.package).candidate === rival,
    );
    const isFixed = (rival: Version): boolean => {
      const { install, protected: settled } = this.#state(rival.package);
      return install !== undefined && settled;
    };
    const sound = !rivals.some(isFixed);
    if (!sound && failEarly) return false;
    for (const rival of rivals) {
      if (isFixed(rival)) continue;
      const state = this.#state(rival.package);
      state.install = undefined;
      if (forGood) Object.assign(state, { candidate: undefined, protected: true });
    }
    return sound;
  }

  /** Finds someone for a positive demand. A protected version protects who alone can meet its demand. */
  #meet(version: Version, demand: Demand, wasProtected: boolean, depth: number): boolean {
    const critical = isHard(demand);
    const deeper: Step = { deep: true, asked: false, depth: depth + 1 };
    if (this.#isMet(version, demand)) {
      if (!wasProtected || !critical) return true;
      const [only, ...others] = allReachedBy(this.#universe, version, demand).filter((other) =>
        this.#isOpen(other),
      );
      if (only === undefined || others.length > 0 || this.#state(only.package).protected) return true;
      this.#state(only.package).protected = true;
      return this.install(only.package, deeper);
    }
    const candidates = this.#candidates(version, demand);
    for (const candidate of candidates) {
      const state = this.#state(candidate.package);
      if (state.candidate !== candidate) continue;
      if (wasProtected && critical && candidates.length === 1) {
        if (!this.install(candidate.package, { ...deeper, deep: false })) continue;
        state.protected = true;
      }
      if (this.install(candidate.package, deeper)) return true;
    }
    return !critical;
  }

  #candidates(version: Version, demand: Demand): Version[] {
    const ranked = rankedProviders(
      this.#universe,
      version,
      demand,
      (other) => this.#state(other.package).protected,
      (other) => this.#state(other.package).candidate === other,
    );
    // Neighbours only, as apt does: whether there is a single solution hangs on it.
    return ranked.filter((other, i) => other !== ranked[i - 1] && this.#isOpen(other));
  }

  /** A candidate that is in, or that nothing settled keeps out. */
  #isOpen(version: Version): boolean {
    const { candidate, install, protected: settled } = this.#state(version.package);
    return candidate === version && !(settled && install === undefined);
  }

  /** apt looks one step ahead: every dependency must have some candidate. */
  #isSatisfiable(version: Version): boolean {
    const isPossible = (other: Version): boolean => {
      const { candidate, install } = this.#state(other.package);
      return candidate === other || install === other;
    };
    return version.demands.every(
      (demand) =>
        isNegative(demand) || !isHard(demand) || holdsAmong(this.#universe, version, demand, isPossible),
    );
  }

  #isBroken(version: Version): boolean {
    return version.demands.some((demand) => this.#matters(demand) && !this.#isMet(version, demand));
  }

  #isMet(version: Version, demand: Demand): boolean {
    return holdsAmong(
      this.#universe,
      version,
      demand,
      (other) => this.#state(other.package).install === other,
    );
  }

  #matters(demand: Demand): boolean {
    return isHard(demand) || (this.#recommends && demand.kind === "Recommends");
  }

  #state(pkg: Package): State {
    const known = this.#states.get(pkg);
    if (known !== undefined) return known;
    const state: State = { candidate: pkg.candidate, install: undefined, protected: false };
    this.#states.set(pkg, state);
    return state;
  }
}
