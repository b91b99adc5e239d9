// Revisions of git repositories that manifests ask for: the question, and where a lock keeps the commit.
// Pure. Knows names of references; does not know how a repository is asked.

import * as z from "zod/mini";
import { canonicalDigest } from "../store/model/canonical.ts";
import type { Places } from "../store/model/derivation.ts";
import type { Digest } from "../store/model/digest.ts";

/** What a name means today: a branch or a tag. A commit needs no question. */
export interface GitQuestion {
  readonly url: string;
  readonly rev: string;
  /** Where a manifest asks it: the repository, and `rev`. No part of what is asked. */
  readonly places?: Places;
}

/** The commit: it names all that is in it, submodules too (git's object ids are digests). */
export interface GitAnswer {
  readonly commit: string;
}

export interface LockedGit extends GitAnswer {
  readonly question: string;
}

export const lockedGitShape = z.object({
  question: z.string(),
  commit: z.string().check(z.regex(/^[0-9a-f]{40}$/)),
});

export function gitDigest({ url, rev }: GitQuestion): Digest {
  return canonicalDigest("kit/git-question/1", { url, rev });
}

export function gitQuestionText({ url, rev }: GitQuestion): string {
  return `${url} ${rev}`;
}

/** A branch or a tag whose commit is another than before, or is pinned for the first time. */
export interface RevisionMove {
  /** As {@link gitQuestionText} has it. */
  readonly question: string;
  readonly before?: string;
  readonly after: string;
}

type Pinned = Readonly<Record<string, LockedGit>>;

export function revisionMoves(before: Pinned = {}, after: Pinned = {}): RevisionMove[] {
  return Object.entries(after).flatMap(([digest, { question, commit }]): RevisionMove[] => {
    const old = before[digest]?.commit;
    if (old === commit) return [];
    return [{ question, ...(old !== undefined && { before: old }), after: commit }];
  });
}

/** What people call the repository of a {@link gitQuestionText}. */
export function repositoryIn(text: string): string {
  return gitName(text.slice(0, Math.max(0, text.lastIndexOf(" "))));
}

/** What people call a repository: the last part of its address. */
export function gitName(url: string): string {
  return /([^/]+?)(?:\.git)?\/*$/.exec(url)?.[1] ?? url;
}

/** Whether a revision is a whole commit id. */
export function isCommit(rev: string): boolean {
  return /^[0-9a-f]{40}$/.test(rev);
}
