// Sources laid over each other: files take the place of files, and folders of no files.

import { expect, test } from "vitest";
import { layTrees } from "../../../builders/source/builder.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import { makeTree } from "../../../store/model/tree.ts";

const common = { uid: 0, gid: 0 };
const folder = (path: string) => ({
  ...{ type: "directory" as const, path: parseTreePath(path), mode: 0o755, ...common },
});
const file = (path: string, text = path) => ({
  ...{ type: "file" as const, path: parseTreePath(path), mode: 0o644, ...common },
  ...{ size: text.length, blob: digestOf(text) },
});
const lay = (
  ...parts: [into: string, ...entries: (ReturnType<typeof file> | ReturnType<typeof folder>)[]][]
) => layTrees(parts.map(([into, ...entries]) => ({ into, tree: makeTree(entries) })));

test("a later file takes the place of an earlier one, and a folder of both is one", () => {
  const { entries } = lay(
    ["", folder("a"), file("a/b")],
    ["", folder("a"), file("a/b", "other"), file("a/c")],
  );
  expect(entries.map(({ path }) => path).filter((path) => path !== "")).toEqual(["a", "a/b", "a/c"]);
  expect(entries.find(({ path }) => path === "a/b")).toMatchObject({ blob: digestOf("other") });
});

test.each([
  ["a file over a folder", lay.bind(null, ["", folder("a"), file("a/b")], ["", file("a")])],
  ["a folder over a file", lay.bind(null, ["", file("a")], ["", folder("a"), file("a/b")])],
  ["a source within what is a file", lay.bind(null, ["", file("a")], ["a/b", file("c")])],
  ["a file over what a source is in", lay.bind(null, ["a/b", file("c")], ["", file("a")])],
])("%s is refused by a fault that names both sources, and where", (_, laid) => {
  expect(laid).toThrow(
    expect.objectContaining({
      ...{ code: "build/source-clash", about: "part 1", against: "part 0" },
      message: "of sources 1 and 2 one has a folder at a, the other has none",
    }),
  );
});
