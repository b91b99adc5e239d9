// The packages a view chooses from, whatever their format.
// Knows what a view asks of them; each format answers in a file of its own.

import type { Offer } from "../asked.ts";
import type { BuildPart } from "../deb/builddepends.ts";
import type { Stanza } from "../deb/stanza.ts";
import type { ChosenPackage, Explanation, Members, Reason } from "../resolution.ts";
import type { FindSource } from "../sourcelist.ts";

/** A package there is. In one supply it is one object, whoever chooses it. */
export type Member = Omit<ChosenPackage, "reasons">;

export interface Wanted {
  readonly requests: readonly string[];
  readonly members?: Members;
  readonly base: readonly string[];
  readonly recommends: boolean;
  /** Local packages to have because others of them depend on them. */
  readonly brought?: readonly string[];
}

export type Chosen =
  | {
      readonly ok: true;
      readonly members: ReadonlySet<Member>;
      /** Those that answer a request. */
      readonly required: ReadonlySet<Member>;
    }
  | ({ readonly ok: false } & Explanation);

/** What building some of a source's packages takes. */
export interface BuildNeeds {
  /** Each as it stands for the architecture. */
  readonly requirements: readonly string[];
  /** On a root that holds this. */
  choose(base: readonly string[]): Chosen;
}

export interface ViewSupply extends Offer {
  choose(wanted: Wanted): Chosen;
  /** Which of its source's builds makes a package: with rpm one makes all. */
  part(member: Member): BuildPart;
  /** @throws {Fault} where what the source's list says cannot be read */
  build(source: Stanza, part: BuildPart): BuildNeeds;
  /** The source package of that version, or else of the highest there is. */
  readonly source: FindSource;
  /** Whom a package clashes with, or who clashes with it; both is not needed. */
  rivals(member: Member): Iterable<Member>;
  compareVersions(a: string, b: string): number;
  /** What to ask for to get just this version: the plain name, where that alone gives it. */
  request(member: Member): string;
}

/** Nothing but the packages of an answered view. */
export interface ViewPackages {
  /** By their keys in the lock. */
  readonly members: ReadonlyMap<string, Member>;
  /** Packages of the view that what one of them needs is met by. */
  neededBy(member: Member): readonly Member[];
  /** Why each package of a closure is there. */
  reasons(chosen: ReadonlySet<Member>, wanted: Wanted): ReadonlyMap<Member, readonly Reason[]>;
}
