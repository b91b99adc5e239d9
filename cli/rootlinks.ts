// What links and locks of the host say of the store's roots.
// Knows where links lead, and lock files; does not collect, nor mend.

import { existsSync, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { AbsentOutput } from "../builders/realizer/mend.ts";
import type { Layout } from "../store/layout.ts";
import { readSoundProfiles } from "../store/profiles.ts";
import { type RootFile, readRoots, readSoundRoots } from "../store/roots.ts";

/**
 * Roots whose link is gone, or leads out of the store; whose lock is gone. What cannot be looked at counts as there.
 * The keeper could not tell: inside its namespaces it is nobody to the host.
 */
export function deadRoots(layout: Layout): Pick<RootFile, "name" | "stamp">[] {
  const leadsTo = openLinks(layout);
  return readRoots(layout)
    .filter(({ root: { kind, link } }) => {
      try {
        return kind === "link" ? leadsTo(link) === undefined : !statSync(link).isFile();
      } catch (error) {
        return isGone(error);
      }
    })
    .map(({ name, stamp }) => ({ name, stamp }));
}

/** Outputs that links lead to or generations name, and that are not there. */
export function absentOutputs(layout: Layout): AbsentOutput[] {
  const leadsTo = openLinks(layout);
  const wanted = new Map<string, string[]>();
  const want = (path: string | undefined, by: string) => {
    const place = /^outputs\/[0-9a-f]{64}(?=\/|$)/.exec(path ?? "")?.[0];
    if (place !== undefined) wanted.set(place, [...(wanted.get(place) ?? []), by]);
  };
  for (const { kind, link } of readSoundRoots(layout)) {
    try {
      if (kind === "link") want(leadsTo(link), link);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  for (const { name, generations } of readSoundProfiles(layout))
    for (const { number, outputs } of generations)
      for (const place of Object.values(outputs)) want(place, `generation ${number} of ${name}`);
  return [...wanted]
    .filter(([place]) => !existsSync(`${layout.root}/${place}`))
    .map(([place, by]) => ({ place, by }));
}

/** Where a link leads, relative to the store; undefined where that is elsewhere, or it is none. */
function openLinks(layout: Layout): (link: string) => string | undefined {
  const stores = [realpathSync(layout.root), layout.root];
  return (link) => {
    if (!lstatSync(link).isSymbolicLink()) return undefined;
    const target = resolve(dirname(link), readlinkSync(link));
    // The store may be reached by several paths, and what the link named may be gone already.
    const there = existsSync(target) ? realpathSync(target) : target;
    const store = stores.find((root) => there.startsWith(`${root}/`));
    return store && there.slice(store.length + 1);
  };
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
