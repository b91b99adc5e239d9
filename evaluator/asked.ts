// What is asked for, as names of packages: groups opened, and what is not there left out where that is allowed.
// Knows groups and requests; does not know how a choice is made, nor who asks.

import { listed } from "./argument.ts";
import { nearest } from "./manifest/nearest.ts";
import type { Explanation, Members } from "./resolution.ts";

export interface Asked {
  readonly requests: readonly string[];
  /** As the distribution has them: all packages of each that are there and not excluded. */
  readonly groups?: readonly string[];
  /** Requests that are left out where there is no such package. */
  readonly optional?: readonly string[];
}

/** What a distribution says of groups and requests. */
export interface Offer {
  /** What a group asks for, as {@link Members} have it; undefined where there is no such group. */
  group(name: string): readonly string[] | undefined;
  groups(): readonly string[];
  isExcluded?(name: string): boolean;
  /** @throws {Fault} `unresolved/malformed-request` */
  isThere(request: string): boolean;
  /** Whether there is a package of just this name. */
  isCalled(name: string): boolean;
}

export type Opened =
  | {
      readonly ok: true;
      readonly requests: readonly string[];
      readonly members: Members;
      /** Of the optional requests, and of the groups' members: `nano of the group editors`. */
      readonly missing: readonly string[];
    }
  | ({ readonly ok: false } & Explanation);

/** @throws {Fault} `unresolved/malformed-request` */
export function openAsked(offer: Offer, { requests, groups = [], optional = [] }: Asked): Opened {
  const unknown = groups.filter((group) => offer.group(group) === undefined);
  if (unknown.length > 0) return { ok: false, ...explainGroups(offer, unknown) };
  const opened = [...new Set(groups)].map((group) => openGroup(offer, group));
  const missing = optional.filter((text) => !requests.includes(text) && !offer.isThere(text));
  const there = optional.filter((text) => !missing.includes(text));
  return {
    ok: true,
    requests: [...new Set([...requests, ...there])].sort(),
    members: Object.fromEntries(opened.map(({ group, members }) => [group, members])),
    missing: [...missing, ...opened.flatMap((each) => each.missing)],
  };
}

function openGroup(offer: Offer, group: string) {
  const all = (offer.group(group) ?? []).filter((text) => !offer.isExcluded?.(memberName(text)));
  const members = all.filter((text) => offer.isCalled(memberName(text)));
  const missing = all
    .filter((text) => !members.includes(text))
    .map((text) => `${memberName(text)} of the group ${group}`);
  return { group, members: members.sort(), missing };
}

/** The package that is asked for, perhaps only beside another one. */
function memberName(text: string): string {
  return /^\((\S+) if /.exec(text)?.[1] ?? text;
}

function explainGroups(offer: Pick<Offer, "groups">, unknown: readonly string[]): Explanation {
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
