// What a spec needs and cannot have: all of it at once, each by itself with its own reason.

import { expect, test } from "vitest";
import { universe } from "../../../evaluator/rpm/universe.ts";
import { unmetNeeds } from "../../../evaluator/rpm/unmet.ts";
import { rpm, source } from "./repository.ts";

const main = source([
  rpm("base 1-1"),
  rpm("make 4-1"),
  rpm("lib 1-1"),
  rpm("dev 1-1", { Requires: ["lib >= 2"] }),
  rpm("one 1-1", { Conflicts: ["two"] }),
  rpm("two 1-1"),
]);

const unmet = (requires: readonly string[], base = ["base"]) => {
  const needs = {
    Package: "x-needs",
    Version: "1-1",
    Architecture: "noarch",
    Requires: `\n ${requires.join("\n ")}`,
  };
  const all = universe({ architecture: "x86_64", sources: [main], locals: [needs] });
  return unmetNeeds(all, { requests: ["make", "x-needs"], base, recommends: false }, "x-needs");
};

test("nothing that provides it, no such version, and what needs something that is not there", () => {
  expect(unmet(["make", "mkae", "make >= 9", "(none or pkgconfig(x))", "dev"])).toEqual([
    { text: "mkae", explanation: ["nothing provides mkae"], hint: "did you mean make?" },
    { text: "make >= 9", explanation: ["make has 4-1.x86_64 (main)"] },
    {
      text: "(none or pkgconfig(x))",
      explanation: ["nothing provides none", "nothing provides pkgconfig(x)"],
      hint: "did you mean one?",
    },
    {
      text: "dev",
      explanation: ["dev 1-1 needs lib >= 2, which nothing satisfies: lib has 1-1.x86_64 (main)"],
      hint: "add a repository that has lib >= 2",
    },
  ]);
});

test("nothing where they only exclude each other, or the rest cannot be had either", () => {
  expect(unmet(["one", "two"])).toEqual([]);
  expect(unmet(["nobody"], ["nothing"])).toEqual([]);
});
