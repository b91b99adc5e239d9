// The commits that changed a file, and what was in it at each.
// Knows git's words; does not know what the file says.

import { spawnSync } from "node:child_process";
import { basename, dirname } from "node:path";

export interface Commit {
  readonly commit: string;
  /** When it was committed, as ISO 8601. */
  readonly date: string;
  /** The file's path at the time, from the top of the repository: it may have been renamed since. */
  readonly path: string;
}

/**
 * The newest `most` commits that changed the file, the oldest first; none where it is in no repository, was never
 * committed, or there is no git. A history is shown where there is one, so its absence is no fault.
 */
export function commitsOf(file: string, most: number): Commit[] {
  const options = ["--follow", "--no-show-signature", "--no-ext-diff", "-z", "--name-only"];
  const log = ["log", ...options, `--max-count=${most}`, "--format=%x02%H%x01%cI", "--", basename(file)];
  const text = git(log, dirname(file), 16 << 20)?.toString("utf8");
  return text === undefined ? [] : parseLog(text).reverse();
}

/** The file's text at a commit; nothing where it was removed there, or is larger than `limit` bytes. */
export function contentAt({ commit, path }: Commit, file: string, limit: number): string | undefined {
  return git(["cat-file", "blob", `${commit}:${path}`], dirname(file), limit)?.toString("utf8");
}

/** Of `git log -z --name-only --format=%x02%H%x01%cI`: a record is its fields, then the name of the one file. */
export function parseLog(text: string): Commit[] {
  return text.split("\x02").flatMap((record) => {
    const [, commit, date, path] = /^([0-9a-f]{40,64})\x01([^\0\n]+)[\0\n]+([^\0]+)\0*$/.exec(record) ?? [];
    return commit === undefined || date === undefined || path === undefined ? [] : [{ commit, date, path }];
  });
}

function git(argv: readonly string[], directory: string, limit: number): Buffer | undefined {
  const { status, stdout, error } = spawnSync("git", ["--no-pager", "--literal-pathspecs", ...argv], {
    cwd: directory,
    // A repository that lacks an object is not asked to fetch it, and nobody is asked for a password.
    env: { ...process.env, GIT_OPTIONAL_LOCKS: "0", GIT_NO_LAZY_FETCH: "1", GIT_TERMINAL_PROMPT: "0" },
    maxBuffer: limit,
    stdio: ["ignore", "pipe", "ignore"],
  });
  // What is too long is cut off, and git may have ended well for all that.
  return status === 0 && error === undefined ? stdout : undefined;
}
