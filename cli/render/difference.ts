// What differs between a recorded output and the same one built again.
// Pure: knows trees and how a difference is worded; does not read the store.

import { type FileChange, fileChanges } from "../../evaluator/diff/files.ts";
import { type Content, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { Tree } from "../../store/model/tree.ts";
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
  const differing = fileChanges(readTree(before.digest), readTree(after.digest));
  const more = differing.length - listed;
  return [
    ...lines,
    ...differing.slice(0, listed).map((change) => `${name}: /${change.path}: ${whatOf(change)}`),
    ...(more > 0 ? [`${name}: and ${plural(more, "other path")}`] : []),
  ];
}

const listed = 10;

function whatOf({ verb, aspects = [] }: FileChange): string {
  if (verb === "changed") return aspects.join(", ");
  return verb === "added" ? "is new" : "is gone";
}
