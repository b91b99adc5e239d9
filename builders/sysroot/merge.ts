// Several packages' files as one sysroot.
// Pure: nobody's file is laid over another's; what is the same may be there twice.

import { Fault, shortList } from "../../store/model/fault.ts";
import type { TreePath } from "../../store/model/path.ts";
import { type Entry, makeTree, sameContent, type Tree } from "../../store/model/tree.ts";
import { filesInput } from "./recipe.ts";

export interface NamedTree {
  readonly name: string;
  readonly tree: Tree;
}

/** @throws {Fault} `build/sysroot-clash` naming both packages and the first ten paths that they have otherwise */
export function mergeSysroot(packages: readonly NamedTree[]): Tree {
  const entries = new Map<TreePath, { readonly entry: Entry; readonly owner: string }>();
  const clashes = new Map<string, Clash>();
  let links = 0;
  for (const { name, tree } of packages) {
    const offset = links;
    for (const entry of tree.entries) {
      const present = entries.get(entry.path);
      const link = entry.type === "file" && entry.link !== undefined ? entry.link + offset : undefined;
      links = Math.max(links, link ?? 0);
      if (present === undefined) {
        entries.set(entry.path, {
          entry: { ...entry, ...(link !== undefined && { link }) } as Entry,
          owner: name,
        });
      } else if (present.entry.type === "directory" && entry.type === "directory") {
        // Who may enter it is for whoever lets more in.
        const mode = present.entry.mode | entry.mode;
        entries.set(entry.path, { ...present, entry: { ...present.entry, mode } });
      } else if (!sameContent(present.entry, entry)) {
        const pair = `${present.owner} and ${name}`;
        const { paths = [] } = clashes.get(pair) ?? {};
        clashes.set(pair, { owners: [present.owner, name], paths: [...paths, entry.path] });
      }
    }
  }
  const [clash] = clashes.values();
  if (clash !== undefined) throw clashOf(clash);
  return makeTree([...entries.values()].map(({ entry }) => entry));
}

interface Clash {
  readonly owners: readonly [string, string];
  readonly paths: readonly TreePath[];
}

function clashOf({ owners: [first, second], paths }: Clash): Fault {
  return new Fault("build/sysroot-clash", `${first} and ${second} install other things at the same places`, {
    details: shortList(paths),
    ...{ about: filesInput(second), against: filesInput(first) },
    hint: "a sysroot has one of each path: rename it in one of them, or let one depend on the other instead of bringing its own",
  });
}
