// Files of a manifest on their way into a root: what a mode makes of a folder's.

import { expect, test } from "vitest";
import { modeWithin } from "../../../builders/package/place.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import { directoryAt, type Entry } from "../../../store/model/tree.ts";

const path = parseTreePath("a");
const file: Entry = { type: "file", path, mode: 0o755, uid: 0, gid: 0, size: 0, blob: digestOf("") };
const link: Entry = { type: "symlink", path, mode: 0o777, uid: 0, gid: 0, target: "b" };

test.each([
  [undefined, 0o755, 0o755],
  [0o644, 0o644, 0o755],
  [0o640, 0o640, 0o750],
  [0o600, 0o600, 0o700],
  [0o750, 0o750, 0o750],
  [0o4755, 0o4755, 0o755],
])("a mode of %o is a file's, and a folder's as whoever reads it may enter", (mode, ofFile, ofFolder) => {
  expect(modeWithin(file, mode).mode).toBe(ofFile);
  expect(modeWithin(directoryAt(path), mode).mode).toBe(ofFolder);
  expect(modeWithin(link, mode).mode).toBe(0o777);
});
