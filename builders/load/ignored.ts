// What .gitignore files leave out of a folder.
// Knows which of them count for it; does not know what is done with the rest.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { type GitIgnore, gitIgnore } from "./gitignore.ts";

/** One .gitignore, and the folder its patterns are relative to. */
interface Rules {
  readonly folder: string;
  readonly rules: GitIgnore;
}

/** Rules that hold in a folder, the nearest last. */
export type IgnoreRules = readonly Rules[];

const name = ".gitignore";

/**
 * The .gitignore files above a folder that git would look at, farthest first, whether they are there or not: of its
 * repository, none outside of one.
 */
export function ignoreFilesAbove(folder: string): readonly string[] {
  const above: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    if (at !== folder) above.unshift(join(at, name));
    if (existsSync(join(at, ".git"))) return above;
    if (dirname(at) === at) return [];
  }
}

/** Rules for a folder that somebody names; what leaves out the very folder does not count, for it is meant. */
export function rulesAbove(folder: string): IgnoreRules {
  const rules = ignoreFilesAbove(folder).flatMap((file) => rulesIn(dirname(file)));
  return isIgnored(rules, folder, true) ? [] : rules;
}

/** With those of the folder's own file. */
export function rulesWithin(folder: string, above: IgnoreRules): IgnoreRules {
  return [...above, ...rulesIn(folder)];
}

/** The nearest file that says anything of it decides (gitignore(5)). */
export function isIgnored(rules: IgnoreRules, path: string, isFolder: boolean): boolean {
  for (const { folder, rules: own } of rules.toReversed()) {
    const ignored = own(relative(folder, path), isFolder);
    if (ignored !== undefined) return ignored;
  }
  return false;
}

function rulesIn(folder: string): IgnoreRules {
  const file = join(folder, name);
  if (!existsSync(file)) return [];
  return [{ folder, rules: gitIgnore(readFileSync(file, "utf8")) }];
}
