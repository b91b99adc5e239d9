// Asking the world for source packages that a lock leaves open.
// Knows which lists answer and what stays as it is pinned; does not know what is built of a source.

import type { Lock } from "../../evaluator/lock.ts";
import { withSource } from "../../evaluator/lockchange.ts";
import { isSearched } from "../../evaluator/question.ts";
import {
  chooseSource,
  type SourceAnswer,
  type SourceQuestion,
  sourceDigest,
  sourceQuestionText,
} from "../../evaluator/sourcepackage.ts";
import { Fault } from "../../store/model/fault.ts";
import { type Listing, lockedIndexes, sourceListsOf } from "../lock/listing.ts";
import { type AskMeans, type AskOptions, assemblyOf, type Locking } from "./asking.ts";
import { located } from "./blame.ts";
import { leaving } from "./leave.ts";

/**
 * The world's lock with answers to these questions.
 *
 * @throws {Fault} `unresolved/no-source`, `unresolved/left-out`
 */
export async function askSources(
  open: readonly SourceQuestion[],
  { world, locking, lock, leave }: AskOptions,
  means: AskMeans,
): Promise<Lock> {
  let extended = world.lock;
  for (const question of open) {
    const { source, places } = question;
    means.emit({ type: "step", text: `resolving ${sourceQuestionText(question)}` });
    if (!isSearched(source, "repositories")) throw located(leftOut(question), places);
    const listing = await means.indexes({ source }, assemblyOf(question, world));
    const answer = leaving(
      sourceDigest(question),
      leave,
      () => heldSource(question, lock, locking) ?? chosenSource(question, listing),
    );
    if (answer === undefined) continue;
    const indexes = lockedIndexes(listing);
    const date = Math.max(0, ...indexes.map((index) => index.date));
    extended = withSource(extended, question, answer, { date, indexes });
  }
  return extended;
}

/** @throws {Fault} `unresolved/no-source` */
function chosenSource(question: SourceQuestion, listing: Listing): SourceAnswer {
  try {
    return chooseSource(question, sourceListsOf(question, listing));
  } catch (error) {
    throw error instanceof Fault ? located(error, question.places) : error;
  }
}

/** What is pinned for the question, unless it is to move. */
function heldSource(question: SourceQuestion, lock: Lock, locking: Locking): SourceAnswer | undefined {
  const held = lock.sources?.[sourceDigest(question)];
  const moves =
    locking.mode === "update" && (locking.packages.length === 0 || locking.packages.includes(question.name));
  return held === undefined || moves ? undefined : { from: held.from, stanza: held.stanza };
}

function leftOut({ source, name }: SourceQuestion): Fault {
  return new Fault(
    "unresolved/left-out",
    `only the repositories of ${source.distro} list source packages, and they are left out`,
    { hint: `add repositories to its search, or take ${name} from a folder: {dir: ./${name}}` },
  );
}

/** @throws {Fault} `unresolved/not-locked` */
export function refuseOpenSources([first]: readonly SourceQuestion[]): void {
  if (first === undefined) return;
  const fault = new Fault("unresolved/not-locked", "the lock has no such source package", {
    details: [sourceQuestionText(first)],
    hint: "run `kit lock` to choose it, and commit the changed lock file",
  });
  throw located(fault, first.places);
}
