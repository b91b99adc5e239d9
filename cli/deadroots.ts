// Which roots keep nothing any more.
// Knows links and lock files of the host; does not collect.

import { existsSync, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Layout } from "../store/layout.ts";
import { type RootFile, readRoots } from "../store/roots.ts";

/**
 * Roots whose link is gone, or leads out of the store; whose lock is gone. What cannot be looked at counts as there.
 * The keeper could not tell: inside its namespaces it is nobody to the host.
 */
export function deadRoots(layout: Layout): Pick<RootFile, "name" | "stamp">[] {
  const store = realpathSync(layout.root);
  const leadsHere = (link: string) => {
    if (!lstatSync(link).isSymbolicLink()) return false;
    const target = resolve(dirname(link), readlinkSync(link));
    // The store may be reached by several paths, and what the link named may be gone already.
    const there = existsSync(target) ? realpathSync(target) : target;
    return [store, layout.root].some((root) => there.startsWith(`${root}/`));
  };
  return readRoots(layout)
    .filter(({ root: { kind, link } }) => {
      try {
        return kind === "link" ? !leadsHere(link) : !statSync(link).isFile();
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        return code === "ENOENT" || code === "ENOTDIR";
      }
    })
    .map(({ name, stamp }) => ({ name, stamp }));
}
