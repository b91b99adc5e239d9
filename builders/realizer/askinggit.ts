// Asking the world which commits branches and tags are that a lock leaves open.
// Knows what stays as it is pinned; does not know how a server is asked, nor what is built of a commit.

import { type GitQuestion, gitDigest, gitName, gitQuestionText } from "../../evaluator/gitsource.ts";
import type { Lock } from "../../evaluator/lock.ts";
import { withGit } from "../../evaluator/lockchange.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Emit } from "../event.ts";
import type { Keeper } from "../keeper/client.ts";
import type { AskOptions } from "./asking.ts";
import { located, locatedError } from "./blame.ts";

export interface GitMeans {
  readonly keeper: () => Promise<Pick<Keeper, "resolveRevision">>;
  readonly emit: Emit;
}

/**
 * The world's lock with answers to these questions.
 *
 * @throws {Fault} `unresolved/no-revision`, `network/…`
 */
export async function askGit(
  open: readonly GitQuestion[],
  { world, locking, lock }: AskOptions,
  { keeper, emit }: GitMeans,
): Promise<Lock> {
  let extended = world.lock;
  for (const question of open) {
    const held = lock.git?.[gitDigest(question)];
    const moves =
      locking.mode === "update" &&
      (locking.packages.length === 0 || locking.packages.includes(gitName(question.url)));
    if (held !== undefined && !moves) {
      extended = withGit(extended, question, { commit: held.commit });
      continue;
    }
    emit({ type: "step", text: `resolving ${gitQuestionText(question)}` });
    const answering = (await keeper()).resolveRevision(question);
    const commit = await answering.catch((error: unknown) => {
      throw locatedError(error, question.places);
    });
    extended = withGit(extended, question, { commit });
  }
  return extended;
}

/** @throws {Fault} `unresolved/not-locked` */
export function refuseOpenGit([first]: readonly GitQuestion[]): void {
  if (first === undefined) return;
  const fault = new Fault("unresolved/not-locked", "the lock has no such revision", {
    ...{ details: [gitQuestionText(first)], about: "rev" },
    hint: "run `kit lock` to choose its commit, and commit the changed lock file",
  });
  throw located(fault, first.places);
}
