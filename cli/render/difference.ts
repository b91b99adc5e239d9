// What differs between a recorded output and the same one built again.
// Pure: knows trees and how a difference is worded; does not read the store.

import { type Content, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { type Entry, entriesByPath, type Tree } from "../../store/model/tree.ts";
import { plural } from "./text.ts";

/** Lines for a person: both contents by digest and, of trees, the first ten paths that differ, with what differs. */
export function differenceLines(
  name: string,
  recorded: Content | undefined,
  made: Content,
  readTree: (tree: Digest) => Tree,
): string[] {
  const lines = [`${name}: recorded ${recorded ?? "nothing"}`, `${name}: now      ${made}`];
  if (recorded === undefined) return lines;
  const [before, after] = [splitContent(recorded), splitContent(made)];
  if (before.kind !== "tree" || after.kind !== "tree") return lines;
  const differing = differences(readTree(before.digest), readTree(after.digest));
  const more = differing.length - listed;
  return [
    ...lines,
    ...differing.slice(0, listed).map(([path, what]) => `${name}: /${path}: ${what}`),
    ...(more > 0 ? [`${name}: and ${plural(more, "other path")}`] : []),
  ];
}

const listed = 10;

function differences(before: Tree, after: Tree): [string, string][] {
  const [known, now] = [entriesByPath(before), entriesByPath(after)];
  const gone = [...known.keys()].filter((path) => !now.has(path)).map((path) => [path, "is gone"] as const);
  const others = [...now].flatMap(([path, entry]): (readonly [string, string])[] => {
    const earlier = known.get(path);
    if (earlier === undefined) return [[path, "is new"]];
    const what = aspects(earlier, entry);
    return what === "" ? [] : [[path, what]];
  });
  return [...gone, ...others].map(([path, what]): [string, string] => [path, what]).sort(byPath);
}

function aspects(a: Entry, b: Entry): string {
  if (a.type !== b.type) return `was a ${a.type}, is a ${b.type}`;
  const inside = a.type === "file" && b.type === "file" && a.blob !== b.blob;
  const target = a.type === "symlink" && b.type === "symlink" && a.target !== b.target;
  return [
    ...(inside ? ["content"] : []),
    ...(target ? ["target"] : []),
    ...(a.mode === b.mode ? [] : ["mode"]),
    ...(a.uid === b.uid && a.gid === b.gid ? [] : ["owner"]),
    ...(JSON.stringify(a.xattrs) === JSON.stringify(b.xattrs) ? [] : ["attributes"]),
  ].join(", ");
}

function byPath([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}
