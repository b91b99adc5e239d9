// Absences: why a package, or a version of one, is not in a closure, and what would be if it were asked for.
// Knows how one is told, whatever the packages' format; does not know what a distribution prefers.

import { nameIn } from "./chain.ts";
import type { Resolution } from "./resolution.ts";

/** A closure as far as it matters here: versions by package, `name` or `name:architecture`. */
export type Taken = ReadonlyMap<string, string>;

/** A version there is. */
export interface Listed {
  readonly version: string;
  /** As the format has it: apt's, where the highest wins, or dnf's, where the lowest does. Absent for what kit builds. */
  readonly priority?: number;
  /** `main trixie`, or a repository's name; `local` for what kit builds, which comes before all. */
  readonly from: string;
}

/** What becomes of one package of a closure; what is absent is not in it. */
export interface Move {
  readonly name: string;
  readonly before?: string;
  readonly after?: string;
}

export interface Absence {
  /** As it was asked about: `name`, `name=version`, `name (>= 1)`. */
  readonly wanted: string;
  /** What the closure has of that name. */
  readonly taken?: string;
  /** Sentences, the first the reason. */
  readonly reasons: readonly string[];
  /** Highest first. */
  readonly versions: readonly Listed[];
  /** Names of what provides it, where there is no such package. */
  readonly providers: readonly string[];
  /** What asking for it too would come to; absent where it is there, or there is no such thing. */
  readonly attempt?: Attempt;
}

export type Attempt =
  | { readonly ok: true; readonly moves: readonly Move[] }
  | { readonly ok: false; readonly explanation: readonly string[]; readonly hint?: string };

/** What there would be with a further request, where what is taken already is preferred, as a lock does. */
export type Try = (request: string) => Resolution;

/** @param native the architecture whose packages go by their names alone */
export function attemptOf(resolution: Resolution, taken: Taken, native: string): Attempt {
  if (!resolution.ok) return resolution;
  const after = new Map(resolution.packages.map((item) => [nameIn(item, native), item.version]));
  const moves = [...new Set([...taken.keys(), ...after.keys()])].sort().flatMap((name): Move[] => {
    const [was, is] = [taken.get(name), after.get(name)];
    if (was === is) return [];
    return [{ name, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }];
  });
  return { ok: true, moves };
}

/** Why one of two versions comes before the other: by tier, by priority, or because it is newer. */
export function precedence(better: Listed, worse: Listed, isEarlierTier: boolean): string {
  const from = `${better.version} (${better.from})`;
  if (isEarlierTier) return `${from} is in an earlier tier`;
  return better.priority === worse.priority || better.priority === undefined
    ? `${from} is newer`
    : `${from} has the priority ${better.priority}, ${worse.version} (${worse.from}) but ${worse.priority}`;
}

/** Why what is wanted was passed over, where nothing that is preferred speaks against it. */
export function passedOver(isChosenAnew: boolean): string {
  return isChosenAnew
    ? "the lock keeps what it has: `kit lock --update` moves it"
    : "what else is asked for rules it out";
}
