// The guard against writing through symlinks: those an archive made, followed as an unpacker would.
// Knows paths and targets; does not know archives, nor what is on any disk.

import { Fault } from "../../store/model/fault.ts";
import { parentOf, type TreePath } from "../../store/model/path.ts";

const maxHops = 40;

export interface SymlinkGuard {
  /** Notes that the archive makes a symlink. */
  made(path: TreePath, target: string): void;
  /** Where the archive made a symlink at `path`: its target. */
  targetOf(path: TreePath): string | undefined;
  /**
   * @throws {Fault} `digest/unsafe-path` where `path`, or a directory above it, is a symlink of the archive
   * that leaves the root: an absolute one, one that climbs out, or one in a loop
   */
  check(path: TreePath): void;
}

export function symlinkGuard(): SymlinkGuard {
  const links = new Map<string, string>();
  let safe = new Set<string>();
  return {
    made(path, target) {
      links.set(path, target);
      safe = new Set();
    },
    targetOf: (path) => links.get(path),
    check(path) {
      if (links.size === 0) return;
      const parent = parentOf(path);
      if (safe.has(parent) && !links.has(path)) return;
      const through = escapeOf(path, links);
      if (through !== undefined) throw unsafe(path, through, links.get(through));
      safe.add(parent);
    },
  };
}

// The symlink through which a path leaves the root, if one does.
function escapeOf(path: string, links: ReadonlyMap<string, string>): string | undefined {
  const todo = path.split("/").reverse();
  const at: string[] = [];
  let last: string | undefined;
  for (let hops = 0; todo.length > 0; ) {
    const part = todo.pop() ?? "";
    if (part === "" || part === ".") continue;
    if (part === "..") {
      if (at.pop() === undefined) return last;
      continue;
    }
    at.push(part);
    const here = at.join("/");
    const target = links.get(here);
    if (target === undefined) continue;
    last = here;
    if (target.startsWith("/") || ++hops > maxHops) return here;
    at.pop();
    todo.push(...target.split("/").reverse());
  }
  return undefined;
}

function unsafe(path: string, through: string, target: string | undefined): Fault {
  return new Fault(
    "digest/unsafe-path",
    `refused path ${JSON.stringify(path)}: it is written through the symlink ${JSON.stringify(through)} → ` +
      `${JSON.stringify(target)}, which leaves the root`,
  );
}
