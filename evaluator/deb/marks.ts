// Marks: what is decided about each package while apt's way is followed.
// Knows apt's record of a package and what follows from it; does not know in which order packages are visited.

import { holdsAmong, reachedBy } from "./demand.ts";
import { demandsAsRead } from "./multiarch.ts";
import { type Demand, isHard, isNegative, type Package, type Version } from "./package.ts";
import type { Relation } from "./relation.ts";
import { provisionsOf, targetKey, targetOf } from "./target.ts";
import type { Universe } from "./universe.ts";

/** `pkgDepCache::StateCache`, for a package that is not on the machine. */
export interface Mark {
  readonly package: Package;
  readonly candidate: Version | undefined;
  readonly install: Version | undefined;
  /** Nobody but the user, or who protected it, may change `install`. */
  readonly protected: boolean;
}

type Entry = { -readonly [Key in keyof Mark]: Mark[Key] } & {
  /** When the candidate was discarded. */
  discarded: number;
};

export class Marks {
  readonly universe: Universe;
  /** Whether recommendations count like dependencies, but for what cannot be had. */
  readonly recommends: boolean;
  readonly #entries = new Map<Package, Entry>();
  /** When apt last looked at who meets the relations to a target. */
  readonly #looked = new Map<string, number>();
  #time = 0;

  constructor(universe: Universe, recommends: boolean) {
    this.universe = universe;
    this.recommends = recommends;
  }

  of(pkg: Package): Mark {
    return this.#entry(pkg);
  }

  installed(): Version[] {
    return [...this.#entries.values()].flatMap(({ install }) => (install ? [install] : []));
  }

  /** As asked for: in, and to stay. */
  request(target: Version): void {
    const entry = this.#entry(target.package);
    entry.candidate = target;
    entry.protected = true;
    this.#change(entry, target);
  }

  protect(pkg: Package, isProtected: boolean): void {
    this.#entry(pkg).protected = isProtected;
  }

  /** `MarkInstall` of the package alone, without its dependencies: whether it is in now. */
  put(pkg: Package): boolean {
    const entry = this.#entry(pkg);
    const { candidate, install } = entry;
    if (candidate === undefined || (entry.protected && install === undefined)) return false;
    if (install !== candidate) this.#change(entry, candidate);
    return true;
  }

  /** `MarkKeep`: takes the package out; false where it has to stay. */
  keep(pkg: Package): boolean {
    const entry = this.#entry(pkg);
    if (entry.install === undefined) return true;
    if (entry.protected) return false;
    this.#change(entry, undefined);
    return true;
  }

  /** Takes the package out for good, so that nothing tries it again. */
  discard(pkg: Package): void {
    const entry = this.#entry(pkg);
    if (entry.install !== undefined) this.#change(entry, undefined);
    entry.candidate = undefined;
    entry.discarded = ++this.#time;
  }

  isIn(version: Version): boolean {
    return this.#entry(version.package).install === version;
  }

  /** A candidate that is in, or that nothing settled keeps out. */
  isOpen(version: Version): boolean {
    const { candidate, install, protected: settled } = this.#entry(version.package);
    return candidate === version && !(settled && install === undefined);
  }

  isMet(version: Version, demand: Demand): boolean {
    return holdsAmong(this.universe, version, demand, (other) => this.isIn(other));
  }

  /** The version's demands in the order of apt's cache: 2 s where there are several architectures (spoken.ts). */
  inOrder(version: Version): readonly Demand[] {
    const [native = "", ...foreign] = this.universe.architectures;
    return foreign.length === 0 ? version.demands : demandsAsRead(version, native, this.universe.spoken());
  }

  matters(demand: Demand): boolean {
    return isHard(demand) || (this.recommends && demand.kind === "Recommends");
  }

  /**
   * Whether some candidate meets the relation, or did when apt last looked. It looks again where what the relation
   * points to or one that provides it is put in or taken out, not when its candidate is discarded (`DepCVer` in
   * `pkgDepCache::DepState`).
   */
  hasCandidate(version: Version, demand: Demand, relation: Relation): boolean {
    return reachedBy(this.universe, version, demand, relation).some((other) => {
      const { candidate, discarded } = this.#entry(other.package);
      if (candidate !== undefined) return candidate === other;
      if (other !== other.package.candidate) return false;
      const looked =
        this.#looked.get(targetKey(targetOf(this.universe.architectures, version, demand, relation))) ?? 0;
      return looked < discarded;
    });
  }

  /** apt looks one step ahead: every dependency must have someone who is in, or some candidate. */
  isSatisfiable(version: Version): boolean {
    const isPossible = (other: Version): boolean => {
      const { candidate, install } = this.#entry(other.package);
      return candidate === other || install === other;
    };
    return version.demands.every(
      (demand) =>
        isNegative(demand) ||
        !isHard(demand) ||
        holdsAmong(this.universe, version, demand, isPossible) ||
        demand.alternatives.some((relation) => this.hasCandidate(version, demand, relation)),
    );
  }

  #change(entry: Entry, install: Version | undefined): void {
    entry.install = install;
    this.#time++;
    const { architectures } = this.universe;
    const provided = entry.candidate === undefined ? [] : provisionsOf(entry.candidate, architectures);
    for (const target of [entry.package, ...provided.map((provision) => provision.target)]) {
      this.#looked.set(targetKey(target), this.#time);
    }
  }

  #entry(pkg: Package): Entry {
    const known = this.#entries.get(pkg);
    if (known !== undefined) return known;
    const { candidate } = pkg;
    const entry: Entry = { package: pkg, candidate, install: undefined, protected: false, discarded: 0 };
    this.#entries.set(pkg, entry);
    return entry;
  }
}
