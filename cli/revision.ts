// A revision of a git repository as files.
// Knows git's words; does not know what the files are.

import { spawnSync } from "node:child_process";
import { existsSync, realpathSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { Fault } from "../store/model/fault.ts";
import { temporaryFolder } from "./temporary.ts";

export interface Revision extends Disposable {
  /** The file that was named, in a folder of its own with everything else of the revision. */
  readonly file: string;
  /** A text, or a path, in which the folder is called by the revision. */
  named(text: string): string;
}

/** `REV:PATH` as git has it: from the top of the repository, or from the working directory where it begins with `./`. */
export function parseRevision(
  written: string,
): { readonly revision: string; readonly path: string } | undefined {
  const [, revision, path] = /^([^-\s:][^\n]*?):([^:\n]+)$/.exec(written) ?? [];
  return revision === undefined || path === undefined ? undefined : { revision, path };
}

/**
 * Writes a revision out beside the working tree, of which nothing changes.
 *
 * @throws {Fault} `host/no-git`, `host/no-temporary`, `usage/no-revision`
 */
export function openRevision(
  { revision, path }: { readonly revision: string; readonly path: string },
  directory: string,
): Revision {
  const top = git(["rev-parse", "--show-toplevel"], directory).trim();
  const folder = temporaryFolder("kit-revision-");
  const dispose = () => rmSync(folder, { recursive: true, force: true });
  try {
    const files = join(folder, "files");
    // An index of its own: the repository's stays as it is.
    const index = { GIT_INDEX_FILE: join(folder, "index") };
    git(["read-tree", `${revision}^{tree}`], top, index);
    git(["checkout-index", "--all", `--prefix=${files}/`], top, index);
    const at = /^\.\.?\//.test(path) ? relative(top, resolve(directory, path)) : path;
    const file = join(files, at);
    const found = existsSync(file) ? realpathSync(file) : file;
    if (!found.startsWith(`${existsSync(files) ? realpathSync(files) : files}/`))
      throw new Fault("usage/no-revision", `${path} leads out of ${revision}`, {
        hint: "name a file of the revision",
      });
    if (!existsSync(file))
      throw new Fault("usage/no-revision", `${revision} has no file ${at}`, {
        hint: `paths are from the top of the repository; from here: ${revision}:./${path}`,
      });
    return { file, named: (text) => text.replaceAll(`${files}/`, `${revision}:`), [Symbol.dispose]: dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

function git(
  argv: readonly string[],
  directory: string,
  environment: Readonly<Record<string, string>> = {},
): string {
  const { status, stdout, stderr, error } = spawnSync("git", argv, {
    cwd: directory,
    env: { ...process.env, ...environment },
    encoding: "utf8",
    maxBuffer: 16 << 20,
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT")
    throw new Fault("host/no-git", "there is no git to read a revision with", { hint: "apt install git" });
  if (status === 0) return stdout;
  throw new Fault(
    "usage/no-revision",
    `git does not give the revision: ${(stderr || String(error)).trim()}`,
    {
      hint: "a revision is written REV:PATH, like HEAD~1:image.yaml, from the top of the repository that kit runs in",
    },
  );
}
