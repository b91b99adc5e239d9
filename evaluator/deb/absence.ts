// Absences: why a package, or a version of one, is not in a closure, and what would be if it were asked for.
// Knows what a universe prefers; does not know manifests or locks but for what they say here.

import { nameIn } from "../chain.ts";
import { nearest } from "../manifest/nearest.ts";
import type { Package, Version } from "./package.ts";
import type { Relation } from "./relation.ts";
import { parseRequest, standsForNative } from "./request.ts";
import { type Question, resolve } from "./resolve.ts";
import { splitPriority, type Universe } from "./universe.ts";
import { satisfies } from "./version.ts";

/** A closure as far as it matters here: versions by package, `name` or `name:architecture`. */
export type Taken = ReadonlyMap<string, string>;

/** A version there is: highest first. */
export interface Listed {
  readonly version: string;
  /** As apt_preferences(5); zero and less: never. Absent for what kit builds, which comes before all. */
  readonly priority?: number;
  /** `main trixie`; `local` for what kit builds. */
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
  readonly versions: readonly Listed[];
  /** Names of what provides it, where there is no such package. */
  readonly providers: readonly string[];
  /** What asking for it too would come to; absent where it is there, or there is no such thing. */
  readonly attempt?:
    | { readonly ok: true; readonly moves: readonly Move[] }
    | { readonly ok: false; readonly explanation: readonly string[]; readonly hint?: string };
}

/** Everything there is now; and the same where what is taken already is preferred, as a lock does. */
export interface Universes {
  readonly now: Universe;
  readonly kept: Universe;
}

/**
 * @throws {Fault} `unresolved/malformed-request`
 */
export function absenceOf(
  { now: universe, kept }: Universes,
  question: Question,
  taken: Taken,
  wanted: string,
): Absence {
  const { relation } = parseRequest(wanted);
  const [native = ""] = universe.architectures;
  const { name, architecture: asked = native } = relation;
  const architecture = standsForNative(asked) ? native : asked;
  const key = nameIn({ name, architecture }, native);
  const there = taken.get(key);
  const pkg = universe.package(name, architecture);
  const versions = (pkg?.versions ?? []).map(listed);
  const known = { wanted, ...(there !== undefined && { taken: there }), versions, providers: [] };
  // It may come from an index that has moved on since.
  if (there !== undefined && fits(there, relation))
    return { ...known, reasons: [`${key} ${there} is taken`] };
  if (universe.isExcluded(name))
    return { ...known, reasons: [`${name} is excluded: as far as this goes it does not exist`] };
  if (!universe.architectures.includes(architecture))
    return { ...known, reasons: [`no package of ${architecture} takes part: this is of ${native}`] };
  const fitting = pkg === undefined ? [] : fittingOf(universe, pkg, wanted);
  if (pkg === undefined || versions.length === 0) {
    const providers = universe.satisfiers(relation, native).map((version) => version.name);
    const close = providers.length > 0 ? undefined : nearest(name, [...universe.names()].sort());
    const hint = close === undefined ? [] : [`did you mean ${close}?`];
    const reasons = [`there is no package ${key}`, ...hint];
    return { ...known, providers: [...new Set(providers)].sort(), reasons };
  }
  const [best] = fitting;
  if (best === undefined) return { ...known, reasons: [`no index has ${wanted}`] };
  const reasons =
    there === undefined
      ? [`nothing that is asked for needs ${key}`, ...rankReasons(best)]
      : passedOver(universe, question, best, there);
  const more = { ...question, requests: [...question.requests, wanted] };
  return { ...known, reasons, attempt: attemptOf(kept, more, taken) };
}

function fits(taken: string, { operator, version }: Relation): boolean {
  return operator === undefined || version === undefined || satisfies(taken, operator, version);
}

/** Versions that the request may mean, by what apt would take first. */
function fittingOf(universe: Universe, pkg: Package, wanted: string): readonly Version[] {
  const { operator, version, name } = parseRequest(wanted).relation;
  const plain = { name, ...(operator && version && { operator, version }) };
  const fits = new Set(universe.satisfiers(plain, pkg.architecture));
  const found = pkg.versions.filter((item) => item.name === name && fits.has(item));
  return found.toSorted(
    (a, b) => Number(b === pkg.candidate) - Number(a === pkg.candidate) || b.priority - a.priority,
  );
}

function passedOver(universe: Universe, question: Question, best: Version, taken: string): string[] {
  const ranked = rankReasons(best);
  if (ranked.length > 0) return [`${best.name} ${taken} is taken`, ...ranked];
  const anew = resolve(universe, question);
  const isChosen =
    anew.ok && anew.packages.some(({ name, version }) => name === best.name && version === best.version);
  const why = isChosen
    ? "the lock keeps what it has: `kit lock --update` moves it"
    : "what else is asked for rules it out";
  return [`${best.name} ${taken} is taken`, why];
}

/** Why a version is not the candidate; none where it is. */
function rankReasons(version: Version): string[] {
  const { candidate } = version.package;
  if (version === candidate) return [];
  if (version.priority <= 0)
    return [`${version.version} is never taken: its priority is ${version.priority}`];
  if (candidate === undefined) return [];
  const [better, worse] = [candidate, version].map(listed);
  if (better === undefined || worse === undefined) return [];
  if (splitPriority(candidate.priority).rank > splitPriority(version.priority).rank)
    return [`${better.version} (${better.from}) is in an earlier tier`];
  return candidate.priority > version.priority
    ? [
        `${better.version} (${better.from}) has the priority ${better.priority}, ${worse.version} (${worse.from}) but ${worse.priority}`,
      ]
    : [`${better.version} (${better.from}) is newer`];
}

function attemptOf(universe: Universe, question: Question, taken: Taken): NonNullable<Absence["attempt"]> {
  const resolution = resolve(universe, question);
  if (!resolution.ok) return resolution;
  const [native = ""] = universe.architectures;
  const after = new Map(resolution.packages.map((item) => [nameIn(item, native), item.version]));
  const moves = [...new Set([...taken.keys(), ...after.keys()])].sort().flatMap((name): Move[] => {
    const [was, is] = [taken.get(name), after.get(name)];
    if (was === is) return [];
    return [{ name, ...(was !== undefined && { before: was }), ...(is !== undefined && { after: is }) }];
  });
  return { ok: true, moves };
}

function listed({ version, priority, origin }: Version): Listed {
  if (origin === "local") return { version, from: origin };
  return {
    version,
    priority: splitPriority(priority).priority,
    from: `${origin.repository} ${origin.suite}`,
  };
}
