// The nearest word: what is near enough to be meant.

import fc from "fast-check";
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

/** Optimal string alignment as it is defined, for short words. */
function edits(a: string, b: string): number {
  if (a === "" || b === "") return a.length + b.length;
  const [first, last] = [a.slice(0, -1), b.slice(0, -1)];
  const same = a.at(-1) === b.at(-1) ? 0 : 1;
  const ways = [edits(first, b) + 1, edits(a, last) + 1, edits(first, last) + same];
  const swapped = a.length > 1 && b.length > 1 && a.at(-1) === b.at(-2) && a.at(-2) === b.at(-1);
  return Math.min(...ways, ...(swapped ? [edits(a.slice(0, -2), b.slice(0, -2)) + 1] : []));
}

test("it is the first of those that are fewest edits away, whatever is passed over before that is counted", () => {
  const word = fc.stringMatching(/^[abcé]{0,6}$/);
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 6 }), (one, others) => {
      const distances = others.map((other) => edits(one, other));
      const least = Math.min(...distances);
      const isNear = least <= Math.max(1, Math.floor(one.length / 3));
      expect(nearest(one, others)).toBe(isNear ? others[distances.indexOf(least)] : undefined);
    }),
    { numRuns: 300 },
  );
});
