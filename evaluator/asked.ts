// What is asked for, as names of packages: groups opened, and what is not there left out where that is allowed.
// Knows groups and requests; does not know how a choice is made, nor who asks.

import { listed } from "./argument.ts";
import { nearest } from "./manifest/nearest.ts";
import type { Explanation } from "./resolution.ts";

export interface Asked {
  readonly requests: readonly string[];
  /** As the distribution has them: all packages of each that are not excluded. */
  readonly groups?: readonly string[];
  /** Requests that are left out where there is no such package. */
  readonly optional?: readonly string[];
}

/** What a distribution says of groups and requests. */
export interface Offer {
  /** Names of the packages of a group; none where there is no such group. */
  group(name: string): readonly string[];
  groups(): readonly string[];
  isExcluded?(name: string): boolean;
  /** @throws {Fault} `unresolved/malformed-request` */
  isThere(request: string): boolean;
}

export type Opened =
  | {
      readonly ok: true;
      readonly requests: readonly string[];
      /** Of the optional ones. */
      readonly missing: readonly string[];
    }
  | ({ readonly ok: false } & Explanation);

/** @throws {Fault} `unresolved/malformed-request` */
export function openAsked(offer: Offer, { requests, groups = [], optional = [] }: Asked): Opened {
  const unknown = groups.filter((group) => offer.group(group).length === 0);
  if (unknown.length > 0) return { ok: false, ...explainGroups(offer, unknown) };
  const members = groups.flatMap((group) => offer.group(group)).filter((name) => !offer.isExcluded?.(name));
  const wanted = new Set([...requests, ...members]);
  const missing = optional.filter((text) => !wanted.has(text) && !offer.isThere(text));
  const there = optional.filter((text) => !missing.includes(text));
  return { ok: true, requests: [...new Set([...wanted, ...there])].sort(), missing };
}

export function explainGroups(offer: Pick<Offer, "groups">, unknown: readonly string[]): Explanation {
  const known = offer.groups();
  const close = unknown.flatMap((group) => nearest(group, known) ?? []);
  return {
    explanation: unknown.map((group) => `there is no group ${group}`),
    hint:
      close.length > 0
        ? `did you mean ${close.join(", ")}?`
        : known.length > 0
          ? `the groups there are: ${listed(known)}`
          : "no list has any group: name packages",
  };
}
