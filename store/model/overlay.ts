// Overlays: what a layer changes in the tree below it.
// Pure. Knows what shows through; does not know overlayfs's marks.

import { parentOf, type TreePath } from "./path.ts";
import { type Entry, makeTree, type Tree } from "./tree.ts";

/** A layer over a tree. Plain data: worker threads send it. */
export interface Layer {
  /** What it holds; its link groups are numbered apart from the tree's. */
  readonly entries: readonly Entry[];
  /** What it hides, with all below: paths that were removed, and folders of which only its own part is left. */
  readonly hidden: readonly TreePath[];
}

/** The tree that a layer over `lower` shows. */
export function overlaid(lower: Tree, layer: Layer): Tree {
  const changed = new Map(layer.entries.map((entry) => [entry.path, entry]));
  const gone = new Set(layer.hidden);
  const kept: Entry[] = [];
  // Below a folder that was replaced, removed or made opaque nothing of the lower tree shows. Its entries need not
  // follow it at once: `foo.d` sorts between `foo` and `foo/bar`.
  const covered = new Set<TreePath>();
  for (const entry of lower.entries) {
    const isBelow = entry.path !== "" && covered.has(parentOf(entry.path));
    const over = changed.get(entry.path);
    if (isBelow || gone.has(entry.path) || (over !== undefined && over.type !== "directory"))
      covered.add(entry.path);
    if (!isBelow && over === undefined && !gone.has(entry.path)) kept.push(entry);
  }
  return makeTree([...kept, ...layer.entries.map(apart)]);
}

function apart(entry: Entry): Entry {
  if (entry.type !== "file" || entry.link === undefined) return entry;
  return { ...entry, link: entry.link + 1_000_000_000 };
}
