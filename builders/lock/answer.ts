// Answering questions: indexes are fetched, packages chosen.
// Knows the way from a question to a closure; does not know lock files.

import type { Absence } from "../../evaluator/absence.ts";
import { openAsked } from "../../evaluator/asked.ts";
import { nameIn } from "../../evaluator/chain.ts";
import { isBaseSet } from "../../evaluator/deb/package.ts";
import type { LockedIndex } from "../../evaluator/lock.ts";
import {
  type Building,
  type Closure,
  type ClosureQuestion,
  type Frame,
  isSearched,
  isThereFor,
  type WrittenAt,
} from "../../evaluator/question.ts";
import type { ChosenPackage, Unmet } from "../../evaluator/resolution.ts";
import { poolTime } from "../../store/layout.ts";
import { Fault } from "../../store/model/fault.ts";
import {
  type Asked,
  groupedLists,
  keptLists,
  type Listing,
  listsOf,
  lockedIndexes,
  type ReadIndex,
  withoutRepeats,
} from "./listing.ts";
import type { Pinned } from "./pinned.ts";
import { settle } from "./settle.ts";
import { openSupply, type Supply } from "./supply.ts";

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
  /** Names of packages that are to move, and to take along what that forces. */
  readonly moving: readonly string[];
}

export const nothingHeld: Held = { packages: [], frames: [], indexes: [], moves: true, moving: [] };

/**
 * Resolves among what is listed.
 *
 * @throws {Fault} `unresolved/unsatisfiable` with the solver's argument, `unresolved/unknown-group`,
 * `unresolved/unknown-base`
 */
export function answerQuestion(
  question: ClosureQuestion,
  listing: Listing,
  held: Held,
  warn: (text: string) => void,
): { closure: Closure; used: readonly LockedIndex[] } {
  refuseUnknownBase(question, listing, held);
  const lists = listsOf(question, listing);
  const keep = (packages: readonly Pinned[]) => keptLists(question, packages, listing);
  const { date, indexes } = basisOf(question, listing, held);
  const warnings = new Set<string>();
  const closure = settle(held.packages, {
    ...{ moving: held.moving, lists, keep },
    choose(packages) {
      const supply = openSupply(question, [...lists, ...keep(packages)]);
      const answer = closureIn(supply, question, date, (text) => warnings.add(text));
      return { answer, closed: [{ ...question, packages: answer.packages }] };
    },
  });
  for (const warning of warnings) warn(warning);
  return { closure, used: indexes };
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
  if (sets.length === 0 || others.some((frame) => isThereFor(frame, exclude))) return [];
  const left = first?.exclude.filter((name) => !exclude.includes(name)) ?? [];
  return left.length > 0 ? [`${left.join(", ")} was left out`] : ["the base was not asked for"];
}

/** Why a package is not in a closure that was chosen for the question, as the indexes are now. */
export type ExplainAbsence = (question: ClosureQuestion, closure: Closure, wanted: string) => Absence;

/**
 * For questions about one distribution and its architectures; what is opened for one of them is there for the next.
 *
 * @param keep what the lock has, which asking for more leaves as it is unless that forces another
 * @throws {Fault} `unresolved/malformed-request`, from what it gives
 */
export function openAbsences(
  asked: Asked,
  listing: Listing,
  keep: readonly Pick<ChosenPackage, "origin" | "stanza">[],
): ExplainAbsence {
  const pinned = keep.flatMap(({ origin, stanza }): Pinned[] =>
    origin === "local" ? [] : [{ from: `${origin.repository} ${origin.suite}`, stanza }],
  );
  const now = listsOf(asked, listing);
  const kept = [...now, ...keptLists(asked, pinned, listing)];
  const known = new Map<string, { readonly now: Supply; readonly kept: Supply }>();
  const suppliesOf = (question: ClosureQuestion) => {
    const key = JSON.stringify([question.locals, question.exclude]);
    const supplies = known.get(key) ?? { now: openSupply(question, now), kept: openSupply(question, kept) };
    known.set(key, supplies);
    return supplies;
  };
  return (question, { packages }, wanted) => {
    const supplies = suppliesOf(question);
    const opened = openAsked(supplies.now, question);
    const wish = opened.ok ? { ...question, requests: opened.requests, members: opened.members } : question;
    const taken = new Map(packages.map((item) => [nameIn(item, asked.source.architecture), item.version]));
    const attempt = (request: string) =>
      supplies.kept.resolve({ ...wish, requests: [...wish.requests, request] });
    return supplies.now.absence(wish, taken, wanted, attempt);
  };
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
    const all = openSupply(question, groupedLists(question, pinned));
    return { closure: closureIn(all, question, date, () => {}) };
  } catch (error) {
    if (error instanceof Fault) return { missing: error.details };
    throw error;
  }
}

function closureIn(
  all: Supply,
  question: ClosureQuestion,
  date: number,
  warn: (text: string) => void,
): Closure {
  const { source } = question;
  const title = `${source.distro} (${source.architecture})`;
  const asked = openAsked(all, question);
  if (!asked.ok) {
    const { explanation, hint } = asked;
    throw new Fault("unresolved/unknown-group", `${title}: ${explanation.join(", ")}`, {
      ...(hint !== undefined && { hint }),
    });
  }
  const { requests, members, missing } = asked;
  // Of what something is built in that is a question, and nobody's loss.
  if (!question.build) for (const text of missing) warn(`${title} does without ${text}, which is not there`);
  const resolution = all.resolve({ ...question, requests, members });
  for (const warning of all.warnings()) warn(warning);
  if (resolution.ok) return { packages: resolution.packages, date };
  const { building } = question;
  const unmet = building ? all.unmet({ ...question, requests, members }, building.needs) : [];
  if (building && unmet.length > 0) throw unmetFault(title, unmet, { source, building });
  const { explanation, hint } = resolution;
  throw new Fault("unresolved/unsatisfiable", `${title} cannot give what is asked for`, {
    ...(building && { place: building.place }),
    details: explanation,
    ...hinted(source, hint),
  });
}

/** All that a build needs and that cannot be had, each with the reason and where it is written. */
function unmetFault(
  title: string,
  unmet: readonly Unmet[],
  { source, building }: { readonly source: Asked["source"]; readonly building: Building },
): Fault {
  const { name, place, written } = building;
  const whereIs = ({ file, line }: WrittenAt) => ` (${file}:${line})`;
  const details = unmet.map(({ text, explanation, hint }) => {
    const at = written.get(text);
    const told = [...explanation, ...(hint === undefined ? [] : [hint])].join("; ");
    return `${text}${at ? whereIs(at) : ""}: ${told}`;
  });
  const many = unmet.length === 1 ? "a package" : `${unmet.length} packages`;
  const what = `${title} cannot give ${many} that building ${name} takes`;
  const instead =
    "ask for what there is, add the suite or repository that has it, or build it by a manifest of its own that `buildDependencies` names";
  return new Fault("unresolved/unsatisfiable", what, {
    ...{ place, details },
    ...hinted(source, instead),
  });
}

/** What is missing may be where nobody looked. */
function hinted(source: Asked["source"], hint: string | undefined): { hint?: string } {
  if (isSearched(source, "repositories")) return hint === undefined ? {} : { hint };
  const only = `${source.distro} leaves its repositories out (search: [${source.search?.join(", ")}])`;
  return {
    hint: `${only}: only what the store and the lock have was looked at${hint === undefined ? "" : `; ${hint}`}`,
  };
}
