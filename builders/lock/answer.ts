// Answering questions: indexes are fetched, packages chosen.
// Knows the way from a question to a closure; does not know lock files.

import { openAsked } from "../../evaluator/asked.ts";
import { nameIn } from "../../evaluator/chain.ts";
import type { Compact } from "../../evaluator/compact.ts";
import { type Absence, absenceOf, type Worlds } from "../../evaluator/deb/absence.ts";
import type { Stanza } from "../../evaluator/deb/stanza.ts";
import type { LockedIndex } from "../../evaluator/lock.ts";
import type { ChosenPackage, Closure, ClosureQuestion } from "../../evaluator/question.ts";
import { debOffer } from "../../evaluator/view/debs.ts";
import { Fault } from "../../store/model/fault.ts";
import type { FetchedIndex } from "../repository/indexes.ts";
import { debUniverse, type Listed, openWorld, type World } from "./world.ts";

/** A fetched index and what it lists. */
export interface ReadIndex {
  readonly index: FetchedIndex;
  readonly list: Compact;
}

/** A package as the lock has it. */
export interface Pinned {
  /** Repository and suite, with a space between. */
  readonly from: string;
  readonly stanza: Stanza;
}

/** Before every repository's own priority, after what kit builds: stays what it is unless something forces it. */
const pinnedPriority = { deb: 995, rpm: 0 } as const;

/**
 * Resolves among the indexes. Packages in `keep` stay at their pinned versions unless another one is forced.
 *
 * @throws {Fault} `unresolved/unsatisfiable` with the solver's argument, `unresolved/unknown-group`
 */
export function answerQuestion(
  question: ClosureQuestion,
  indexes: readonly ReadIndex[],
  keep: readonly Pinned[],
  warn: (text: string) => void,
): { closure: Closure; used: readonly LockedIndex[] } {
  const date = newestOf(indexes);
  const all = openWorld(question, [...listsOf(question, indexes), ...keptLists(question, keep)]);
  const closure = closureIn(all, question, date, warn);
  return { closure, used: lockedIndexes(indexes) };
}

/** As a lock has them. */
export function lockedIndexes(indexes: readonly ReadIndex[]): LockedIndex[] {
  return indexes.map(({ index }) => ({
    repository: index.repository,
    suite: index.suite,
    component: index.component,
    architecture: index.architecture,
    release: index.release.sha256,
    packages: index.packages.sha256,
    date: index.release.date,
  }));
}

/** The date of the newest, in seconds since 1970. */
export function newestOf(indexes: readonly ReadIndex[]): number {
  return Math.max(0, ...indexes.map(({ index }) => index.release.date));
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
  asked: Pick<ClosureQuestion, "source">,
  indexes: readonly ReadIndex[],
  keep: readonly Pick<ChosenPackage, "origin" | "stanza">[],
): ExplainAbsence {
  const pinned = keep.flatMap(({ origin, stanza }): Pinned[] =>
    origin === "local" ? [] : [{ from: `${origin.repository} ${origin.suite}`, stanza }],
  );
  const { source } = asked;
  if (source.format === "rpm")
    throw new Fault(
      "usage/unsupported-format",
      `why a package of ${source.distro} is not taken cannot be told yet`,
      {
        hint: "`kit resolve` tells what clashes, where it is asked for beside the others",
      },
    );
  const now = listsOf(asked, indexes);
  const kept = [...now, ...keptLists(asked, pinned)];
  const known = new Map<string, Worlds>();
  const worldsOf = (question: ClosureQuestion): Worlds => {
    const key = JSON.stringify([question.locals, question.exclude]);
    const worlds = known.get(key) ?? { now: debUniverse(question, now), kept: debUniverse(question, kept) };
    known.set(key, worlds);
    return worlds;
  };
  return (question, { packages }, wanted) => {
    const { base, recommends = false } = question;
    const worlds = worldsOf(question);
    const offer = { ...debOffer(worlds.now), isExcluded: worlds.now.isExcluded };
    const opened = openAsked(offer, question);
    const requests = opened.ok ? opened.requests : question.requests;
    const taken = new Map(packages.map((item) => [nameIn(item, source.architecture), item.version]));
    return absenceOf(worlds, { requests, base, recommends }, taken, wanted);
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
    const all = openWorld(question, pinnedLists(question, pinned));
    return { closure: closureIn(all, question, date, () => {}) };
  } catch (error) {
    if (error instanceof Fault) return { missing: error.details };
    throw error;
  }
}

function pinnedLists(question: Pick<ClosureQuestion, "source">, pinned: readonly Pinned[]): Listed[] {
  const byOrigin = new Map<string, Stanza[]>();
  for (const { from, stanza } of pinned) byOrigin.set(from, [...(byOrigin.get(from) ?? []), stanza]);
  return [...byOrigin].map(([from, list]): Listed => {
    const [repository = "", suite = ""] = from.split(" ");
    return { list, repository, suite, priority: priorityOf(question, repository) };
  });
}

export function listsOf(question: Pick<ClosureQuestion, "source">, indexes: readonly ReadIndex[]): Listed[] {
  return indexes.map(({ index: { repository, suite }, list }) => {
    return { list, repository, suite, priority: priorityOf(question, repository) };
  });
}

function priorityOf({ source }: Pick<ClosureQuestion, "source">, repository: string): number {
  const usual = source.format === "rpm" ? 99 : 500;
  return source.repositories.find(({ name }) => name === repository)?.priority ?? usual;
}

export function keptLists(question: Pick<ClosureQuestion, "source">, keep: readonly Pinned[]): Listed[] {
  const priority = pinnedPriority[question.source.format ?? "deb"];
  return pinnedLists(question, keep).map((list) => ({ ...list, priority }));
}

function closureIn(
  all: World,
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
  const { requests, missing } = asked;
  for (const text of missing) warn(`${title} does without ${text}, which is not there`);
  const resolution = all.resolve({ ...question, requests });
  for (const warning of all.warnings()) warn(warning);
  if (resolution.ok) return { packages: resolution.packages, date };
  const { explanation, hint } = resolution;
  throw new Fault("unresolved/unsatisfiable", `${title} cannot give what is asked for`, {
    details: explanation,
    ...(hint !== undefined && { hint }),
  });
}
