// What is asked for, as names of packages: groups opened, and what is not there left out where that is allowed.
// Knows groups and requests; does not know how a choice is made, nor who asks.

import { nearest } from "../manifest/nearest.ts";
import type { Explanation } from "../resolution.ts";
import { parseRequest, targetOf } from "./request.ts";
import type { Universe } from "./universe.ts";

export interface Asked {
  readonly requests: readonly string[];
  /** Tasks of Debian; all packages of each that are not excluded. */
  readonly groups?: readonly string[];
  /** Requests that are left out where there is no such package. */
  readonly optional?: readonly string[];
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
export function openAsked(universe: Universe, { requests, groups = [], optional = [] }: Asked): Opened {
  const unknown = groups.filter((group) => universe.task(group).length === 0);
  if (unknown.length > 0) return { ok: false, ...explainGroups(universe, unknown) };
  const members = groups.flatMap((group) =>
    universe.task(group).filter((name) => !universe.isExcluded(name)),
  );
  const wanted = new Set([...requests, ...members]);
  const missing = optional.filter((text) => !wanted.has(text) && isMissing(universe, text));
  const there = optional.filter((text) => !missing.includes(text));
  return { ok: true, requests: [...new Set([...wanted, ...there])].sort(), missing };
}

export function isMissing(universe: Universe, text: string): boolean {
  return "missing" in targetOf(universe, parseRequest(text));
}

export function explainGroups(universe: Universe, unknown: readonly string[]): Explanation {
  const known = universe.tasks();
  const close = unknown.flatMap((group) => nearest(group, known) ?? []);
  return {
    explanation: unknown.map((group) => `there is no group ${group}`),
    ...(close.length > 0 && { hint: `did you mean ${close.join(", ")}?` }),
  };
}
