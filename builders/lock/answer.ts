// Answering questions: indexes are fetched, packages chosen.
// Knows the way from a question to a closure; does not know lock files.

import { nameIn } from "../../evaluator/chain.ts";
import type { Compact } from "../../evaluator/compact.ts";
import { type Absence, absenceOf, type Worlds } from "../../evaluator/deb/absence.ts";
import { openAsked } from "../../evaluator/deb/asked.ts";
import { openPackages, packagesIndex } from "../../evaluator/deb/packages.ts";
import { resolve } from "../../evaluator/deb/resolve.ts";
import { formatStanza, type Stanza } from "../../evaluator/deb/stanza.ts";
import { type Source, type Universe, universe } from "../../evaluator/deb/universe.ts";
import type { LockedIndex } from "../../evaluator/lock.ts";
import type { ChosenPackage, Closure, ClosureQuestion } from "../../evaluator/question.ts";
import { Fault } from "../../store/model/fault.ts";
import type { FetchedIndex } from "../repository/indexes.ts";

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

/** A question about a distribution. */
type Asked = Pick<ClosureQuestion, "source">;

/** Above every repository's own priority, below what kit builds: stays what it is unless something forces it. */
const pinnedPriority = 995;

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
  const all = universeOf(question, [...sourcesOf(question, indexes), ...keptSources(question, keep)]);
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
  asked: Asked,
  indexes: readonly ReadIndex[],
  keep: readonly Pick<ChosenPackage, "origin" | "stanza">[],
): ExplainAbsence {
  const pinned = keep.flatMap(({ origin, stanza }): Pinned[] =>
    origin === "local" ? [] : [{ from: `${origin.repository} ${origin.suite}`, stanza }],
  );
  const now = sourcesOf(asked, indexes);
  const kept = [...now, ...keptSources(asked, pinned)];
  const known = new Map<string, Worlds>();
  const worldsOf = (question: ClosureQuestion): Worlds => {
    const key = JSON.stringify([question.locals, question.exclude]);
    const worlds = known.get(key) ?? { now: universeOf(question, now), kept: universeOf(question, kept) };
    known.set(key, worlds);
    return worlds;
  };
  return (question, { packages }, wanted) => {
    const { base, recommends = false, source } = question;
    const worlds = worldsOf(question);
    const opened = openAsked(worlds.now, question);
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
    const all = universeOf(question, pinnedSources(question, pinned));
    return { closure: closureIn(all, question, date, () => {}) };
  } catch (error) {
    if (error instanceof Fault) return { missing: error.details };
    throw error;
  }
}

function pinnedSources(question: Asked, pinned: readonly Pinned[]): Source[] {
  const byOrigin = new Map<string, Stanza[]>();
  for (const { from, stanza } of pinned) byOrigin.set(from, [...(byOrigin.get(from) ?? []), stanza]);
  return [...byOrigin].map(([from, stanzas]): Source => {
    const [repository = "", suite = ""] = from.split(" ");
    const priority = question.source.repositories.find(({ name }) => name === repository)?.priority ?? 500;
    return {
      index: packagesIndex(Buffer.from(stanzas.map(formatStanza).join("\n"))),
      repository,
      suite,
      priority,
    };
  });
}

export function sourcesOf({ source }: Asked, indexes: readonly ReadIndex[]): Source[] {
  return indexes.map(({ index: { repository, suite }, list }) => {
    const known = source.repositories.find(({ name }) => name === repository);
    return { index: openPackages(list), repository, suite, priority: known?.priority ?? 500 };
  });
}

export function keptSources(question: Asked, keep: readonly Pinned[]): Source[] {
  return pinnedSources(question, keep).map((source) => ({ ...source, priority: pinnedPriority }));
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
  const { source, base, recommends = false } = question;
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
  const resolution = resolve(all, { requests, base, recommends });
  for (const warning of all.warnings()) warn(warning);
  if (resolution.ok) return { packages: resolution.packages, date };
  const { explanation, hint } = resolution;
  throw new Fault("unresolved/unsatisfiable", `${title} cannot give what is asked for`, {
    details: explanation,
    ...(hint !== undefined && { hint }),
  });
}
