// The nearest word: what is near enough to be meant.

import { expect, test } from "vitest";
import { nearest } from "../../../evaluator/manifest/nearest.ts";

test.each([
  ["nmae", ["name", "kind"], "name"],
  ["Name", ["name"], "name"],
  ["packges", ["packages", "package"], "packages"],
  ["architecture", ["architectures", "packages"], "architectures"],
  ["ext3", ["tar", "ext4"], "ext4"],
  ["xy", ["ab", "cd"], undefined],
  ["foo", [], undefined],
  ["a".repeat(100), ["a".repeat(99)], undefined],
  ["", ["a"], "a"],
])("%j of %j", (word, candidates, meant) => {
  expect(nearest(word, candidates)).toBe(meant);
});
