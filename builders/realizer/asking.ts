// Asking the world what a lock leaves open.
// Knows which indexes answer a question and what stays as it is pinned; does not know how packages are chosen.

import { linesOf } from "../../evaluator/deb/stanza.ts";
import type { World } from "../../evaluator/evaluate.ts";
import type { Lock } from "../../evaluator/lock.ts";
import { withAnswer } from "../../evaluator/lockchange.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import {
  type Closure,
  type ClosureQuestion,
  type Frame,
  isThereFor,
  questionDigest,
  questionFrame,
  questionText,
  requestsOf,
  sourceText,
} from "../../evaluator/question.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import { pathsAmong } from "../../evaluator/rpm/request.ts";
import type { LockedView } from "../../evaluator/view/answer.ts";
import { withView } from "../../evaluator/view/pinned.ts";
import { type ViewQuestion, viewText } from "../../evaluator/view/question.ts";
import type { Failure } from "../../evaluator/view/result.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Emit } from "../event.ts";
import {
  answerFromPinned,
  answerQuestion,
  basisOf,
  type Held,
  refuseOlder,
  unknownSets,
} from "../lock/answer.ts";
import { type Indexes, unknownPaths } from "../lock/indexes.ts";
import { answererText, type Listing, openAnswerers } from "../lock/listing.ts";
import { type Remark, toldOnce } from "../lock/once.ts";
import { answerView, type ViewIndexes } from "../lock/view.ts";
import { sourceLists } from "../repository/release.ts";
import { type Leave, leaving } from "./leave.ts";

/**
 * What to do with open questions: `first` locks where there is no lock file and else resolves among what is pinned;
 * `pinned` never locks; `lock` asks the world; `update` asks it again, of all or of some packages.
 */
export type Locking =
  | { readonly mode: "first" | "pinned" | "lock" }
  | { readonly mode: "update"; readonly packages: readonly string[] };

export interface AskMeans {
  /** The indexes a question is about, fetched once a run. */
  readonly indexes: Indexes;
  readonly emit: Emit;
}

export interface AskOptions {
  /** Its lock is what the answers are put into. */
  readonly world: World;
  readonly locking: Locking;
  /** What was pinned before. */
  readonly lock: Lock;
  /** Of packages and their sources; views have an answer in any case. */
  readonly leave?: Leave | undefined;
}

/** The world's lock with answers to these questions. */
export async function askWorld(
  open: readonly ClosureQuestion[],
  { world, locking, lock, leave }: AskOptions,
  means: AskMeans,
): Promise<Lock> {
  let extended = world.lock;
  // All at once: while one distribution's are read, the next one's are fetched (0.5 s of two).
  const fetching = open.map((question) =>
    means.indexes({ ...question, paths: pathsAmong(requestsOf(question)) }, assemblyOf(question, world)),
  );
  for (const indexes of fetching) indexes.catch(() => {});
  for (const [i, question] of open.entries()) {
    means.emit({ type: "step", text: `resolving ${questionText(question)}` });
    const listing = (await fetching[i]) ?? { indexes: [] };
    refuseOlder(listing.indexes, lock.distros[question.source.distro]?.indexes ?? []);
    const held = heldBy(question, lock, locking);
    const warn = (text: string) => means.emit({ type: "warning", text });
    const answer = leaving(questionDigest(question), leave, () =>
      answerQuestion(question, listing, held, warn),
    );
    if (answer === undefined) continue;
    const { closure, used } = answer;
    // Local packages come first wherever something is built: that is no news.
    if (!question.build) tellAnswerers(question, listing, closure.packages, means.emit);
    extended = withAnswer(extended, question, closure, used);
  }
  return extended;
}

/** The manifests that a question's distribution is described in: those that ship, where it is one of theirs. */
export function assemblyOf(
  { source }: { readonly source: Pick<ClosureQuestion["source"], "distro"> },
  { assembly, tools }: World,
): Assembly {
  return [...tools.values(), assembly].find((each) => namesDistro(each, source.distro)) ?? assembly;
}

function namesDistro(assembly: Assembly, distro: string): boolean {
  return [...assembly.manifests.values()].some(({ kind, name }) => kind.name === "distro" && name === distro);
}

/**
 * The same for views; what is the same on several architectures is told once. Workloads that cannot be had are told,
 * and no failure: the answer says why.
 */
export async function askViews(
  open: readonly ViewQuestion[],
  options: AskOptions,
  means: AskMeans,
): Promise<Lock> {
  const remarks: Remark[] = [];
  try {
    return await askEach(open, options, { ...means, remark: (one) => remarks.push(one) });
  } finally {
    // Told also where a later one is refused: it may be for what is told here.
    const all = open.map(({ source }) => source.architecture);
    for (const text of toldOnce(remarks, all)) means.emit({ type: "warning", text });
  }
}

async function askEach(
  open: readonly ViewQuestion[],
  { world, locking, lock }: AskOptions,
  means: AskMeans & { readonly remark: (remark: Remark) => void },
): Promise<Lock> {
  let extended = world.lock;
  for (const question of open) {
    const { source } = question;
    means.emit({ type: "step", text: `resolving ${viewText(question)}` });
    const assembly = assemblyOf(question, world);
    const { packages, sources } = await viewLists(question, assembly, means.indexes);
    const listing = { ...packages, indexes: [...packages.indexes, ...sources] };
    refuseOlder(listing.indexes, lock.distros[source.distro]?.indexes ?? []);
    const warn = (text: string) => means.remark({ architecture: source.architecture, text });
    const held = heldBy(question, lock, locking);
    const composed = answerView(question, { packages, sources }, held, warn);
    for (const line of failuresIn(composed.view)) warn(line);
    tellAnswerers(question, listing, [...composed.packages.values()], means.emit);
    const used = basisOf(question, listing, held);
    extended = withView(extended, question, composed, used);
  }
  return extended;
}

/** What a view is answered from. */
export async function viewLists(
  question: ViewQuestion,
  assembly: Assembly,
  indexes: Indexes,
): Promise<ViewIndexes> {
  const { source, buildroot } = question;
  const ofSources = { source: { ...source, architecture: sourceLists, foreign: [] } };
  const sources = buildroot === undefined ? [] : (await indexes(ofSources, assembly)).indexes;
  const paths = [...pathsAmong(everythingAsked(question)), ...unknownPaths(sources)];
  return { packages: await indexes({ source, paths }, assembly), sources };
}

/** By workloads, and by packages and sources that nobody has made yet. */
function everythingAsked({ workloads, placeholders }: ViewQuestion): string[] {
  const expected = workloads.flatMap(({ locals }) => locals);
  return [
    ...workloads.flatMap(({ requests }) => requests),
    ...expected.flatMap((stanza) => linesOf(stanza, "Requires")),
    ...Object.values(placeholders).flat(),
  ];
}

/** Where a distribution names its tiers, how many packages each gave. */
function tellAnswerers(
  question: Pick<ClosureQuestion, "source">,
  listing: Listing,
  packages: readonly Pick<ChosenPackage, "name" | "stanza" | "origin">[],
  emit: Emit,
): void {
  const { distro, search } = question.source;
  if (search === undefined) return;
  const told = answererText(packages.map(openAnswerers(question, listing)));
  emit({ type: "step", text: `packages of ${distro}: ${told || "none"}` });
}

/** Workloads and sources that failed, a line each. */
function failuresIn({ workloads, buildroot }: Pick<LockedView, "workloads" | "buildroot">): string[] {
  const told = (what: string, parts: Readonly<Record<string, { readonly failure?: Failure }>>) =>
    Object.entries(parts).flatMap(([name, { failure }]) =>
      failure === undefined ? [] : [`${what} ${name}: ${failure.explanation.join("; ")}`],
    );
  const missing = Object.entries(workloads).flatMap(([name, workload]) =>
    (workload.missing ?? []).map((text) => `workload ${name} does without ${text}, which is not there`),
  );
  return [...missing, ...told("workload", workloads), ...told("source", buildroot?.sources ?? {})];
}

/** What is pinned for a question's distro and is to stay: everything, but for what an update is to move. */
function heldBy({ source }: Pick<ClosureQuestion, "source">, lock: Lock, locking: Locking): Held {
  const { distro, repositories } = source;
  const { packages: pinned = {}, indexes = [] } = lock.distros[distro] ?? {};
  // A repository or a suite that the distribution has no more gives nothing, whatever is pinned from it.
  const packages = Object.values(pinned).filter(({ from }) =>
    repositories.some(({ name, suites }) =>
      (suites.length > 0 ? suites : [""]).some((suite) => from === `${name} ${suite}`),
    ),
  );
  if (locking.mode !== "update")
    return { packages, frames: framesOf(source, lock), indexes, moves: false, moving: [] };
  const stays = ({ stanza }: (typeof packages)[number]) =>
    locking.packages.length > 0 && !locking.packages.includes(stanza["Package"] ?? "");
  const moving = locking.packages.toSorted();
  return { packages: packages.filter(stays), frames: [], indexes, moves: true, moving };
}

function framesOf(source: ClosureQuestion["source"], lock: Lock): Frame[] {
  return Object.values(lock.answers)
    .map(({ question }) => questionFrame(question))
    .filter((frame) => frame.source === sourceText(source));
}

/** The same for groups: of one that was asked for, all that was not left out then is pinned. */
function unknownGroups({ groups = [], exclude }: ClosureQuestion, frames: readonly Frame[]): string[] {
  const isKnown = (group: string) =>
    frames.some((frame) => frame.groups.includes(group) && isThereFor(frame, exclude));
  return groups.filter((group) => !isKnown(group)).map((group) => `the group ${group} was not asked for`);
}

/** What was asked for and was not there is not there now; what nobody asked for may be, and is no more optional. */
function decided(question: ClosureQuestion, frames: readonly Frame[]): ClosureQuestion {
  const { requests, exclude, optional = [] } = question;
  const isKnown = (text: string) =>
    frames.some((frame) => frame.optional.includes(text) && isThereFor(frame, exclude));
  return { ...question, requests: [...requests, ...optional.filter((text) => !isKnown(text))] };
}

/** An answer among what is pinned. @throws {Fault} `unresolved/not-locked` */
export function provisional(question: ClosureQuestion, world: World): [Digest, Closure] {
  const { packages = {}, indexes = [] } = world.lock.distros[question.source.distro] ?? {};
  const date = Math.max(0, ...indexes.map((index) => index.date));
  const frames = framesOf(question.source, world.lock);
  const unknown = [
    ...unknownSets(question.base, question.exclude, frames),
    ...unknownGroups(question, frames),
  ];
  const answer =
    unknown.length > 0
      ? { missing: unknown }
      : answerFromPinned(decided(question, frames), Object.values(packages), date);
  if ("closure" in answer) return [questionDigest(question), answer.closure];
  throw new Fault("unresolved/not-locked", "the lock does not answer a question that the manifests ask now", {
    ...(question.building && { place: question.building.place }),
    details: [questionText(question), ...answer.missing.map((line) => `among the locked packages: ${line}`)],
    hint: "run `kit lock` to resolve it, with --arch where a package is for another architecture and --build-type where it is another build, and commit the changed lock file",
  });
}

/** A view is answered as a whole, out of the indexes. @throws {Fault} `unresolved/not-locked` */
export function refuseOpenViews([first]: readonly ViewQuestion[]): void {
  if (first === undefined) return;
  throw new Fault("unresolved/not-locked", "the lock does not answer what the view asks now", {
    details: [viewText(first)],
    hint: "run `kit lock` to resolve it, and commit the changed lock file",
  });
}
