// The packages a view chooses from, whatever their format.
// Knows what a view asks of them; each format answers in a file of its own.

import type { Offer } from "../asked.ts";
import type { Stanza } from "../deb/stanza.ts";

import type { ChosenPackage, Explanation, Members, Reason } from "../resolution.ts";

/** A package there is. In one supply it is one object, whoever chooses it. */
export type Member = Omit<ChosenPackage, "reasons">;

export interface Wanted {
  readonly requests: readonly string[];
  readonly members?: Members;
  readonly base: readonly string[];
  readonly recommends: boolean;
}

export type Chosen =
  | {
      readonly ok: true;
      readonly members: ReadonlySet<Member>;
      /** Those that answer a request. */
      readonly required: ReadonlySet<Member>;
    }
  | ({ readonly ok: false } & Explanation);

/** What a source needs to be built, each requirement as it stands for the architecture. */
export interface BuildNeeds {
  readonly version: string;
  readonly requirements: readonly string[];
  readonly chosen: Chosen;
}

export interface ViewSupply extends Offer {
  choose(wanted: Wanted): Chosen;
  /**
   * What building a source takes, on a root that holds this; undefined where there is no such source.
   *
   * @throws {Fault} where what its list says cannot be read
   */
  build(source: Stanza, base: readonly string[]): BuildNeeds;
  /** The source package of that version, or else of the highest there is. */
  source(name: string, version: string): Stanza | undefined;
  /** Whom a package clashes with, or who clashes with it; both is not needed. */
  rivals(member: Member): Iterable<Member>;
  compareVersions(a: string, b: string): number;
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
