// A lock with more in it, or less: what was asked is put in, what nobody asks any more left out.
// Pure. Knows what belongs to an answer; does not know a lock's form as a file.

import type { BuildType } from "../store/model/derivation.ts";
import type { Digest } from "../store/model/digest.ts";
import { type GitAnswer, type GitQuestion, gitDigest, gitQuestionText, type LockedGit } from "./gitsource.ts";
import { indexKey, type Lock, type LockedAnswer, type LockedIndex, lockKey, packageKey } from "./lock.ts";
import {
  type Closure,
  type ClosureQuestion,
  type Frame,
  questionDigest,
  questionFrame,
  questionText,
} from "./question.ts";
import type { ChosenPackage } from "./resolution.ts";
import {
  type LockedSource,
  type SourceAnswer,
  type SourceQuestion,
  sourceDigest,
  sourceQuestionText,
} from "./sourcepackage.ts";
import { keysIn } from "./view/answer.ts";

/** The lock with one more answer. What no answer names any more is left out by {@link pruneLock}. */
export function withAnswer(
  lock: Lock,
  question: ClosureQuestion,
  closure: Closure,
  indexes: readonly LockedIndex[],
): Lock {
  const answer: LockedAnswer = {
    question: questionText(question),
    distro: question.source.distro,
    date: closure.date,
    packages: Object.fromEntries(
      closure.packages.map((item) => [
        lockKey(item),
        item.reasons.map(({ by, relation }) => (relation === "" ? by : `${by}: ${relation}`)),
      ]),
    ),
  };
  return {
    ...withPackages(lock, answer.distro, closure.packages, indexes),
    answers: { ...lock.answers, [questionDigest(question)]: answer },
  };
}

/** The lock with more packages of a distribution, and the indexes they were chosen from. */
export function withPackages(
  lock: Lock,
  distro: string,
  packages: readonly Omit<ChosenPackage, "reasons">[],
  indexes: readonly LockedIndex[],
): Lock {
  const known = lock.distros[distro] ?? { indexes: [], packages: {} };
  const stanzas = packages.flatMap(({ origin, stanza, ...item }) => {
    if (origin === "local") return [];
    return [[packageKey(item), { from: `${origin.repository} ${origin.suite}`, stanza }] as const];
  });
  const others = known.indexes.filter(
    (index) => !indexes.some((other) => indexKey(other) === indexKey(index)),
  );
  const extended = {
    indexes: [...others, ...indexes],
    packages: { ...known.packages, ...Object.fromEntries(stanzas) },
  };
  return { ...lock, distros: { ...lock.distros, [distro]: extended } };
}

/** The lock with one more source package, and the indexes it was chosen from. */
export function withSource(
  lock: Lock,
  question: SourceQuestion,
  answer: SourceAnswer,
  { date, indexes }: { readonly date: number; readonly indexes: readonly LockedIndex[] },
): Lock {
  const { distro } = question.source;
  const locked: LockedSource = { question: sourceQuestionText(question), distro, date, ...answer };
  return {
    ...withPackages(lock, distro, [], indexes),
    sources: { ...lock.sources, [sourceDigest(question)]: locked },
  };
}

/** The lock with one more commit. */
export function withGit(lock: Lock, question: GitQuestion, answer: GitAnswer): Lock {
  const locked: LockedGit = { question: gitQuestionText(question), ...answer };
  return { ...lock, git: { ...lock.git, [gitDigest(question)]: locked } };
}

/**
 * Digests of what a lock answers for other architectures than these; with them of what may be theirs: tools, whose
 * questions have no base, and sources.
 */
export function answersElsewhere(lock: Lock, architectures: readonly string[]): readonly Digest[] {
  const answers = Object.entries(lock.answers).map(
    ([digest, { question }]) => [digest, questionFrame(question)] as const,
  );
  // What is crossed is built here for there.
  const isElsewhere = ({ architectures: [native = "", ...foreign], isBuild }: Frame) =>
    [native, ...(isBuild ? foreign : [])].some((one) => !architectures.includes(one));
  const isOfTools = ({ base }: Frame) => base.length === 0;
  if (!answers.some(([, frame]) => isElsewhere(frame) && !isOfTools(frame))) return [];
  const others = answers.filter(([, frame]) => isElsewhere(frame) || isOfTools(frame));
  return [others, Object.entries(lock.sources ?? {}), Object.entries(lock.git ?? {})].flatMap((entries) =>
    entries.map(([digest]) => digest as Digest),
  );
}

/** Digests of what a lock answers for the other build type. */
export function answersOfOther({ builds = {} }: Lock, buildType: BuildType): readonly Digest[] {
  return Object.entries(builds).flatMap(([type, digests = []]) =>
    type === buildType ? [] : digests.map((digest) => digest as Digest),
  );
}

/** The lock with what one build type asked of it. */
export function withAsked(lock: Lock, buildType: BuildType, asked: ReadonlySet<Digest>): Lock {
  const { answers, views = {}, sources = {}, git = {} } = lock;
  const digests = [answers, views, sources, git].flatMap((all) => Object.keys(all));
  const own = digests.filter((digest) => asked.has(digest as Digest));
  return { ...lock, builds: { ...lock.builds, [buildType]: own.sort() } };
}

/** The lock with these answers of an older one, where it has none itself. */
export function withKept(lock: Lock, older: Lock, digests: ReadonlySet<Digest>): Lock {
  const kept = <T>(before: Readonly<Record<string, T>> = {}, now: Readonly<Record<string, T>> = {}) => ({
    ...Object.fromEntries(Object.entries(before).filter(([digest]) => digests.has(digest as Digest))),
    ...now,
  });
  return {
    ...lock,
    answers: kept(older.answers, lock.answers),
    sources: kept(older.sources, lock.sources),
    git: kept(older.git, lock.git),
  };
}

/** Only the answers asked for, and what they name: all that there is to answer. */
export function pruneLock(lock: Lock, wanted: ReadonlySet<Digest>): Lock {
  const asked = <T>(all: Readonly<Record<string, T>> = {}): Record<string, T> =>
    Object.fromEntries(Object.entries(all).filter(([digest]) => wanted.has(digest as Digest)));
  const answers = asked(lock.answers);
  const views = asked(lock.views);
  const sources = asked(lock.sources);
  const git = asked(lock.git);
  const used = new Map<string, Set<string>>();
  const use = (distro: string, named: Iterable<string>) => {
    const keys = used.get(distro) ?? new Set();
    for (const key of named) keys.add(key);
    used.set(distro, keys);
  };
  for (const { distro, packages } of Object.values(answers)) use(distro, Object.keys(packages));
  for (const view of Object.values(views)) use(view.distro, keysIn(view));
  for (const { distro } of Object.values(sources)) use(distro, []);
  const distros = Object.entries(lock.distros).filter(([name]) => used.has(name));
  const pruned = distros.map(([name, distro]) => {
    const packages = Object.entries(distro.packages).filter(([key]) => used.get(name)?.has(key));
    return [name, { ...distro, packages: Object.fromEntries(packages) }] as const;
  });
  const { views: _, sources: __, git: ___, partial: ____, ...rest } = lock;
  return {
    ...rest,
    distros: Object.fromEntries(pruned),
    answers,
    ...(Object.keys(views).length > 0 && { views }),
    ...(Object.keys(sources).length > 0 && { sources }),
    ...(Object.keys(git).length > 0 && { git }),
  };
}
