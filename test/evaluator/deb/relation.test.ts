// Dependency fields: their forms, and that what is written comes back.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatRelation, parseRelations, type Relation } from "../../../evaluator/deb/relation.ts";
import { Fault } from "../../../store/model/fault.ts";

describe("parseRelations", () => {
  test("reads every form", () => {
    expect(
      parseRelations("a (>= 1:2~rc) | b:any [amd64 !arm64] <!nocheck cross> <stage1>,\n c(=3) , d:native,"),
    ).toEqual([
      [
        { name: "a", operator: ">=", version: "1:2~rc" },
        {
          name: "b",
          architecture: "any",
          architectures: ["amd64", "!arm64"],
          profiles: [["!nocheck", "cross"], ["stage1"]],
        },
      ],
      [{ name: "c", operator: "=", version: "3" }],
      [{ name: "d", architecture: "native" }],
    ]);
  });

  test("takes the deprecated operators for what they mean", () => {
    expect(parseRelations("a (< 1), b (> 2)")).toEqual([
      [{ name: "a", operator: "<=", version: "1" }],
      [{ name: "b", operator: ">=", version: "2" }],
    ]);
  });

  test("an empty field holds nothing", () => {
    expect(parseRelations(" \n ")).toEqual([]);
  });

  test.each([
    "a b",
    "a (1)",
    "a (>= )",
    "a |",
    "a (>= 1",
    "(>= 1)",
    "a [amd64",
    "-a",
    "a (>= 1) (<< 2)",
    "a <x",
    "a [amd64,arm64]",
    "a [amd64 :arm64]",
    "a [!]",
  ])("refuses %j", (text) => {
    expect(() => parseRelations(text)).toThrow(Fault);
    expect(() => parseRelations(text)).toThrow(/malformed dependency/);
  });

  test("formatting and parsing are inverse", () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9+.-]{0,8}$/);
    const relation = fc
      .record(
        {
          name: word,
          architecture: fc.constantFrom("any", "native", "arm64"),
          bound: fc.tuple(
            fc.constantFrom("<<", "<=", "=", ">=", ">>"),
            fc.stringMatching(/^[0-9][0-9a-z.+~-]{0,6}$/),
          ),
          architectures: fc.array(fc.constantFrom("amd64", "!arm64", "linux-any"), {
            minLength: 1,
            maxLength: 3,
          }),
          profiles: fc.array(fc.array(fc.constantFrom("nocheck", "!cross"), { minLength: 1, maxLength: 2 }), {
            minLength: 1,
            maxLength: 2,
          }),
        },
        { requiredKeys: ["name"] },
      )
      .map(
        ({ bound, ...rest }) =>
          ({ ...rest, ...(bound && { operator: bound[0], version: bound[1] }) }) as Relation,
      );
    fc.assert(
      fc.property(
        fc.array(fc.array(relation, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
        (groups) => {
          expect(
            parseRelations(groups.map((group) => group.map(formatRelation).join(" | ")).join(", ")),
          ).toEqual(groups);
        },
      ),
    );
  });
});
