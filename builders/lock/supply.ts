// The packages a question may choose from, whatever their format.
// Knows which universe and which choice belong to a format; does not know where the lists came from.

import type { Absence, Taken, Try } from "../../evaluator/absence.ts";
import type { Offer } from "../../evaluator/asked.ts";
import type { Compact } from "../../evaluator/compact.ts";
import { absenceOf as debAbsence } from "../../evaluator/deb/absence.ts";
import { debOffer } from "../../evaluator/deb/offer.ts";
import { openPackages, packagesIndex } from "../../evaluator/deb/packages.ts";
import { resolve as resolveDebs } from "../../evaluator/deb/resolve.ts";
import { formatStanzas, type Stanza } from "../../evaluator/deb/stanza.ts";
import { type Universe, universe } from "../../evaluator/deb/universe.ts";
import { unmetNeeds as unmetDebs } from "../../evaluator/deb/unmet.ts";
import type { ClosureQuestion } from "../../evaluator/question.ts";
import type { Members, Resolution, Unmet } from "../../evaluator/resolution.ts";
import { preferredOf, absenceOf as rpmAbsence } from "../../evaluator/rpm/absence.ts";
import { openRpms, rpmIndex } from "../../evaluator/rpm/listing.ts";
import { rpmOffer } from "../../evaluator/rpm/offer.ts";
import { resolve as resolveRpms } from "../../evaluator/rpm/resolve.ts";
import { type Universe as RpmUniverse, universe as rpmUniverse } from "../../evaluator/rpm/universe.ts";
import { unmetNeeds as unmetRpms } from "../../evaluator/rpm/unmet.ts";

/** A list of packages, and where it stands among others. */
export interface Listed {
  /** In its compact form, or as stanzas. */
  readonly list: Compact | readonly Stanza[];
  readonly repository: string;
  /** Empty for rpm. */
  readonly suite: string;
  /** As the format has it: apt's, where the highest wins, or dnf's, where the lowest does. */
  readonly priority: number;
  /** Of its tier: one that is higher wins whatever the priorities are. */
  readonly rank: number;
}

/** What is asked, as far as it decides which packages there are. */
export type Asked = Pick<ClosureQuestion, "source" | "locals" | "exclude">;

/** What is to be chosen. */
export type Wish = Pick<ClosureQuestion, "requests" | "base" | "recommends" | "brought"> & {
  /** Of the groups. */
  readonly members?: Members;
};

export interface Supply extends Offer {
  resolve(wish: Wish): Resolution;
  /** Of what a local package among the requests needs, what cannot be had by itself. */
  unmet(wish: Wish, needs: string): readonly Unmet[];
  /**
   * Why something is not in what was chosen for a wish.
   *
   * @throws {Fault} `unresolved/malformed-request`
   */
  absence(wish: Wish, taken: Taken, wanted: string, attempt: Try): Absence;
  /** The version that comes first of a package on an architecture, and how it is asked for. */
  preferred(name: string, architecture: string): Preferred | undefined;
  /** What was skipped so far because it could not be read, sorted. */
  warnings(): readonly string[];
}

export interface Preferred {
  readonly version: string;
  readonly request: string;
}

export function openSupply(asked: Asked, lists: readonly Listed[]): Supply {
  const isRpm = asked.source.format === "rpm";
  if (isRpm) {
    const all = rpmUniverseOf(asked, lists);
    const compacts = lists.flatMap(({ list }) => (isCompact(list) ? [list] : []));
    return {
      ...rpmOffer(all, compacts),
      isExcluded: all.isExcluded,
      resolve: (wish) => resolveRpms(all, completed(wish)),
      unmet: (wish, needs) => unmetRpms(all, completed(wish), needs),
      absence: (wish, ...asked) => rpmAbsence(all, completed(wish), ...asked),
      preferred(name, architecture) {
        const version = preferredOf(all, name, architecture)?.version;
        return version === undefined ? undefined : { version, request: `${name}-${version}.${architecture}` };
      },
      warnings: all.warnings,
    };
  }
  const all = debUniverse(asked, lists);
  return {
    ...debOffer(all),
    isExcluded: all.isExcluded,
    resolve: (wish) => resolveDebs(all, completed(wish)),
    unmet: (wish, needs) => unmetDebs(all, completed(wish), needs),
    absence: (wish, ...asked) => debAbsence(all, completed(wish), ...asked),
    preferred(name, architecture) {
      const version = all.package(name, architecture)?.candidate?.version;
      const from = architecture === "all" ? asked.source.architecture : architecture;
      return version === undefined ? undefined : { version, request: `${name}:${from} (= ${version})` };
    },
    warnings: all.warnings,
  };
}

function completed({ requests, members = {}, base, recommends, brought = [] }: Wish) {
  return { requests, members, base, recommends: recommends === true, brought };
}

export function debUniverse({ source, locals, exclude }: Asked, lists: readonly Listed[]): Universe {
  return universe({
    architecture: source.architecture,
    ...(source.foreign && { foreign: source.foreign }),
    sources: lists.map(({ list, ...place }) => ({
      ...place,
      exclude: excludedIn(source, place.repository),
      index: isCompact(list) ? openPackages(list) : packagesIndex(Buffer.from(formatStanzas(list))),
    })),
    pins: source.pins,
    locals,
    exclude,
    fetched: true,
  });
}

/** With the module streams that are on by default. */
export function rpmUniverseOf({ source, locals, exclude }: Asked, lists: readonly Listed[]): RpmUniverse {
  return rpmUniverse({
    architecture: source.architecture,
    sources: lists.map(({ list, repository, priority, rank }) => ({
      ...{ repository, priority, rank },
      exclude: excludedIn(source, repository),
      index: isCompact(list) ? openRpms(list) : rpmIndex(formatStanzas(list)),
    })),
    pins: source.pins,
    locals,
    exclude,
    streams: lists.flatMap(({ list }) => (isCompact(list) ? [...list.table("streams").keys()] : [])),
  });
}

/** Also of what is pinned from a repository, or what the store has of it. */
function excludedIn({ repositories }: Asked["source"], repository: string): readonly string[] {
  return repositories.find(({ name }) => name === repository)?.exclude ?? [];
}

function isCompact(list: Listed["list"]): list is Compact {
  return "table" in list;
}
