// Answering questions: indexes are fetched, packages chosen.
// Knows the way from a question to a closure; does not know lock files.

import { nameIn } from "../../evaluator/chain.ts";
import { type Absence, absenceOf } from "../../evaluator/deb/absence.ts";
import { isBaseSet } from "../../evaluator/deb/package.ts";
import { resolve } from "../../evaluator/deb/resolve.ts";
import { type Source, type Universe, universe } from "../../evaluator/deb/universe.ts";
import type { LockedIndex } from "../../evaluator/lock.ts";
import { type Closure, type ClosureQuestion, isSearched } from "../../evaluator/question.ts";
import { poolTime } from "../../store/layout.ts";
import { Fault } from "../../store/model/fault.ts";
import {
  type Asked,
  groupedSources,
  keptSources,
  type Listing,
  lockedIndexes,
  type ReadIndex,
  sourcesOf,
  withoutRepeats,
} from "./listing.ts";
import type { Pinned } from "./pinned.ts";
import type { Frame } from "./stored.ts";

/** What a lock holds already of a question's distribution. */
export interface Held {
  /** Stay as they are unless another is forced. */
  readonly packages: readonly Pinned[];
  /** Roots whose packages are all among them. */
  readonly frames: readonly Frame[];
  /** Those they were chosen from. */
  readonly indexes: readonly LockedIndex[];
  /** It is to be chosen anew; the packages are those that stay. */
  readonly moves: boolean;
}

export const nothingHeld: Held = { packages: [], frames: [], indexes: [], moves: true };

/**
 * Resolves among what is listed.
 *
 * @throws {Fault} `unresolved/unsatisfiable` with the solver's argument; `unresolved/unknown-base`
 */
export function answerQuestion(
  question: ClosureQuestion,
  listing: Listing,
  held: Held,
  warn: (text: string) => void,
): { closure: Closure; used: readonly LockedIndex[] } {
  refuseUnknownBase(question, listing, held);
  const all = universeOf(question, [
    ...sourcesOf(question, listing),
    ...keptSources(question, held.packages),
  ]);
  const { date, indexes } = basisOf(question, listing, held);
  return { closure: closureIn(all, question, date, warn), used: indexes };
}

/**
 * The indexes that an answer stands on, and the date of the newest. Where none is asked, those which gave what is
 * held and what the store has: the held ones first, unless what is held is to move.
 */
export function basisOf(
  { source }: Asked,
  listing: Listing,
  held: Held,
): { readonly date: number; readonly indexes: readonly LockedIndex[] } {
  const newest = (all: readonly LockedIndex[]) => Math.max(0, ...all.map(({ date }) => date));
  const listed = lockedIndexes(listing);
  if (isSearched(source, "repositories")) return { date: newest(listed), indexes: listed };
  const [first, second] = held.moves ? [listed, held.indexes] : [held.indexes, listed];
  const indexes = withoutRepeats([...first, ...second]);
  return { date: newest(indexes) || poolTime, indexes };
}

/**
 * Without the repositories' lists nobody knows all that is essential, unless somebody asked before: a root would
 * silently lack what is not there.
 *
 * @throws {Fault} `unresolved/unknown-base`
 */
export function refuseUnknownBase(
  { source, base, exclude }: Pick<ClosureQuestion, "source" | "base" | "exclude">,
  { stored }: Listing,
  { frames }: Held,
): void {
  if (isSearched(source, "repositories")) return;
  const missing = unknownSets(base, exclude, [...frames, ...(stored?.frames ?? [])]);
  if (missing.length === 0) return;
  throw new Fault(
    "unresolved/unknown-base",
    `which packages the base of ${source.distro} has, ${base.filter(isBaseSet).join(", ")}, only its repositories tell, and they are left out`,
    {
      details: missing,
      hint: `lock and realize a root with this base once while repositories are in its search (it is [${source.search?.join(", ")}]), or name the base's packages`,
    },
  );
}

/**
 * Why roots that were asked for cannot tell which packages the base's sets have: there are none, or each left
 * something out that is not left out any more, and that nothing known speaks of.
 */
export function unknownSets(
  base: readonly string[],
  exclude: readonly string[],
  frames: readonly Frame[],
): string[] {
  const sets = base.filter(isBaseSet);
  const others = frames.filter((frame) => sets.every((name) => frame.base.includes(name)));
  const [first] = others;
  if (sets.length === 0 || others.some((frame) => frame.exclude.every((name) => exclude.includes(name))))
    return [];
  const left = first?.exclude.filter((name) => !exclude.includes(name)) ?? [];
  return left.length > 0 ? [`${left.join(", ")} was left out`] : ["the base was not asked for"];
}

/**
 * Why a package is not in a closure that was chosen for the question, as the indexes are now.
 *
 * @throws {Fault} `unresolved/malformed-request`
 */
export function explainAbsence(
  question: ClosureQuestion,
  listing: Listing,
  closure: Closure,
  wanted: string,
): Absence {
  const { requests, base, recommends = false, source } = question;
  const keep = closure.packages.flatMap(({ origin, stanza }): Pinned[] =>
    origin === "local" ? [] : [{ from: `${origin.repository} ${origin.suite}`, stanza }],
  );
  const sources = sourcesOf(question, listing);
  const worlds = {
    now: universeOf(question, sources),
    kept: universeOf(question, [...sources, ...keptSources(question, keep)]),
  };
  const taken = new Map(closure.packages.map((item) => [nameIn(item, source.architecture), item.version]));
  return absenceOf(worlds, { requests, base, recommends }, taken, wanted);
}

/**
 * Whoever can replay an old index, signed as it is, could keep what it is known to lack from being fixed.
 *
 * @throws {Fault} `digest/stale-index`
 */
export function refuseOlder(indexes: readonly ReadIndex[], locked: readonly LockedIndex[]): void {
  for (const { index } of indexes) {
    const known = locked.find(
      (other) => other.repository === index.repository && other.suite === index.suite,
    );
    if (known === undefined || index.release.date >= known.date) continue;
    const [found, wanted] = [index.release.date, known.date].map((date) =>
      new Date(date * 1000).toISOString(),
    );
    throw new Fault(
      "digest/stale-index",
      `${index.repository} ${index.suite}: the index is of ${found}, older than the locked one of ${wanted}`,
      {
        hint: "the mirror lags behind or replays an old index: try another through KIT_MIRRORS, or wait until it is updated",
      },
    );
  }
}

/**
 * Resolves among packages that are pinned already, or tells in the solver's words what is missing there.
 * Nothing is fetched: a local package's new dependency on something pinned needs no new lock.
 */
export function answerFromPinned(
  question: ClosureQuestion,
  pinned: readonly Pinned[],
  date: number,
): { readonly closure: Closure } | { readonly missing: readonly string[] } {
  try {
    const all = universeOf(question, groupedSources(question, pinned));
    return { closure: closureIn(all, question, date, () => {}) };
  } catch (error) {
    if (error instanceof Fault) return { missing: error.details };
    throw error;
  }
}

export function universeOf(
  { source, locals, exclude }: Pick<ClosureQuestion, "source" | "locals" | "exclude">,
  sources: readonly Source[],
): Universe {
  return universe({
    architecture: source.architecture,
    ...(source.foreign && { foreign: source.foreign }),
    sources,
    pins: source.pins,
    locals,
    exclude,
  });
}

function closureIn(
  all: Universe,
  question: ClosureQuestion,
  date: number,
  warn: (text: string) => void,
): Closure {
  const { source, requests, base, recommends = false } = question;
  const resolution = resolve(all, { requests, base, recommends });
  for (const warning of all.warnings()) warn(warning);
  if (resolution.ok) return { packages: resolution.packages, date };
  const { explanation, hint } = resolution;
  throw new Fault(
    "unresolved/unsatisfiable",
    `${source.distro} (${source.architecture}) cannot give what is asked for`,
    {
      details: explanation,
      ...hinted(source, hint),
    },
  );
}

/** What is missing may be where nobody looked. */
function hinted(source: Asked["source"], hint: string | undefined): { hint?: string } {
  if (isSearched(source, "repositories")) return hint === undefined ? {} : { hint };
  const only = `${source.distro} leaves its repositories out (search: [${source.search?.join(", ")}])`;
  return {
    hint: `${only}: only what the store and the lock have was looked at${hint === undefined ? "" : `; ${hint}`}`,
  };
}
