// What a build needs and cannot have: all of it at once, each by itself with its own reason.

import { expect, test } from "vitest";
import { universe } from "../../../evaluator/deb/universe.ts";
import { unmetNeeds } from "../../../evaluator/deb/unmet.ts";
import { pkg, source } from "./archive.ts";

const archive = source([
  pkg("base 1"),
  pkg("make 4"),
  pkg("lib 1"),
  pkg("dev 1", "Depends: lib (>= 2)"),
  pkg("one 1", "Conflicts: two"),
  pkg("two 1"),
  pkg("rival 1", "Conflicts: base"),
]);

const unmet = (depends: string, { architecture = "all", base = ["base"] } = {}) => {
  const needs = { Package: "x-needs", Version: "1", Architecture: architecture, Depends: depends };
  const all = universe({ architecture: "amd64", foreign: ["arm64"], sources: [archive], locals: [needs] });
  return unmetNeeds(all, { requests: ["make", "x-needs"], base, recommends: false }, "x-needs");
};

test("nothing by this name, no such version, and what needs something that is not there", () => {
  expect(unmet("make, mkae | nobody, make (>= 9), dev, rival")).toEqual([
    {
      text: "mkae | nobody",
      explanation: ["there is no package mkae", "there is no package nobody"],
      hint: "did you mean make?",
    },
    { text: "make (>= 9)", explanation: ["make has 4 (main stable)"] },
    {
      text: "dev",
      explanation: ["dev 1 needs lib (>= 2), which nothing satisfies: lib has 1 (main stable)"],
      hint: "add a suite that has lib (>= 2)",
    },
    {
      text: "rival",
      explanation: expect.arrayContaining([expect.stringContaining("rival 1 conflicts with base")]),
    },
  ]);
});

test("nothing where they only exclude each other, or the rest cannot be had either", () => {
  expect(unmet("one, two")).toEqual([]);
  expect(unmet("nobody", { base: ["nothing"] })).toEqual([]);
});

test("of another architecture's what nothing satisfies", () => {
  expect(unmet("nobody, dev:amd64", { architecture: "arm64" }).map(({ text }) => text)).toEqual(["nobody"]);
});
