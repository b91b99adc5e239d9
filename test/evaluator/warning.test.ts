// Warnings: their order.

import { expect, test } from "vitest";
import { sortedWarnings } from "../../evaluator/warning.ts";

test("how many more there are stands last of its list, whatever the number", () => {
  const told = [
    "a: skipped x",
    "a: skipped y",
    "a: 199900 more warnings like these",
    "b: skipped x",
    "b: 3 more warnings like these",
  ];
  expect(sortedWarnings(told.toReversed())).toEqual(told);
});
