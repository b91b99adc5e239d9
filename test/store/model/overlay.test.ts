// What a layer over a tree shows. Real overlays are held against this in scan.test.ts.
// Trees and layers are written as paths.

import { expect, test } from "vitest";
import { digestOf } from "../../../store/model/digest.ts";
import { overlaid } from "../../../store/model/overlay.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import { directoryAt, type Entry, makeTree } from "../../../store/model/tree.ts";

/** `path/` is a folder; `path=text#1` a file, here of link group 1. */
function entry(written: string): Entry {
  const [, path = "", text, link] = /^([^=]*?)(?:\/|=([^#]*)(?:#(\d))?)$/.exec(written) ?? [];
  if (text === undefined) return directoryAt(parseTreePath(path), 0o700);
  const owned = { path: parseTreePath(path), mode: 0o644, uid: 0, gid: 0 };
  return {
    type: "file",
    ...owned,
    size: text.length,
    blob: digestOf(text),
    ...(link && { link: Number(link) }),
  };
}

const lower = ["a=a", "d/", "d/x=x", "d/deep/y=y", "d.d/z=z", "one=linked#1", "two=linked#1"];

test.each<[string, { entries?: string[]; hidden?: string[] }, string[]]>([
  ["nothing", {}, lower],
  ["a changed file", { entries: ["a=b"] }, ["a=b", ...lower.slice(1)]],
  ["a removed file", { hidden: ["a"] }, lower.slice(1)],
  ["a removed folder, and no sibling", { hidden: ["d"] }, ["a=a", "d.d/z=z", "one=linked#1", "two=linked#1"]],
  [
    "a folder that keeps its own part alone",
    { entries: ["d/", "d/x=new"], hidden: ["d"] },
    ["a=a", "d/", "d/x=new", "d.d/z=z", "one=linked#1", "two=linked#1"],
  ],
  ["a folder with more in it", { entries: ["d/", "d/more=m"] }, [...lower, "d/more=m"]],
  [
    "a file in place of a folder",
    { entries: ["d=file"] },
    ["a=a", "d=file", "d.d/z=z", "one=linked#1", "two=linked#1"],
  ],
  ["a folder in place of a file", { entries: ["a/", "a/in=in"] }, ["a/", "a/in=in", ...lower.slice(1)]],
  [
    "a group of its own beside the tree's",
    { entries: ["new=n#1", "other=n#1"] },
    [...lower, "new=n#2", "other=n#2"],
  ],
  [
    "a group that lost a member",
    { entries: ["two=alone"] },
    [...lower.slice(0, 5), "one=linked", "two=alone"],
  ],
])("%s", (_, { entries = [], hidden = [] }, shown) => {
  const tree = makeTree(lower.map(entry));
  const layer = {
    entries: [directoryAt(parseTreePath("")), ...entries.map(entry)],
    hidden: hidden.map(parseTreePath),
  };
  expect(overlaid(tree, layer)).toEqual(makeTree(shown.map(entry)));
});
