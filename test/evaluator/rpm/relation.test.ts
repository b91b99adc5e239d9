// rpm's relations: their forms, what may be mixed, and that what is written comes back.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatRelation, parseRelation, type Relation, simplesOf } from "../../../evaluator/rpm/relation.ts";
import { Fault } from "../../../store/model/fault.ts";

describe("parseRelation", () => {
  test.each<[string, Relation]>([
    ["bash", { name: "bash" }],
    ["bash >= 5.0-1", { name: "bash", operator: ">=", version: "5.0-1" }],
    ["bash >=5", { name: "bash", operator: ">=", version: "5" }],
    ["bash == 5", { name: "bash", operator: "=", version: "5" }],
    ["config(foo) = 1:2-3", { name: "config(foo)", operator: "=", version: "1:2-3" }],
    ["libc.so.6(GLIBC_2.34)(64bit)", { name: "libc.so.6(GLIBC_2.34)(64bit)" }],
    ["/usr/bin/perl", { name: "/usr/bin/perl" }],
    ["(a)", { name: "a" }],
    ["( a  or\tb )", { kind: "or", operands: [{ name: "a" }, { name: "b" }] }],
    ["(a and b and c)", { kind: "and", operands: [{ name: "a" }, { name: "b" }, { name: "c" }] }],
    [
      "(a >= 1 if (b or lib(x)) else d)",
      {
        kind: "if",
        wanted: { name: "a", operator: ">=", version: "1" },
        condition: { kind: "or", operands: [{ name: "b" }, { name: "lib(x)" }] },
        otherwise: { name: "d" },
      },
    ],
    ["(a unless b)", { kind: "unless", wanted: { name: "a" }, condition: { name: "b" } }],
    [
      "(a >= 1 with a < 2)",
      {
        kind: "with",
        operands: [
          { name: "a", operator: ">=", version: "1" },
          { name: "a", operator: "<", version: "2" },
        ],
      },
    ],
    [
      "((a or b) without c)",
      {
        kind: "without",
        operands: [{ kind: "or", operands: [{ name: "a" }, { name: "b" }] }, { name: "c" }],
      },
    ],
  ])("%s", (text, expected) => {
    expect(parseRelation(text)).toEqual(expected);
  });

  const malformed = [
    "(a and b or c)",
    "(a if b if c)",
    "(a if b and c)",
    "(a without b without c)",
    "(a else b)",
    "(a if b else c else d)",
    "((a and b) with c)",
    "((a if b) without c)",
    "(a and)",
    "()",
    "(a",
    "(a b)",
    "(a >= )",
    "(a <> 1)",
  ];
  test.each([...malformed, "(a and b) c", "", "a b", "a >=", "a >= 1 b", ")", "a <>1"])(
    "refuses %j",
    (text) => {
      expect(() => parseRelation(text)).toThrow(Fault);
      expect(() => parseRelation(text)).toThrow(/malformed dependency/);
    },
  );

  // `(a else b)` rpm lets through; it means nothing.
  test("refuses no less than rpmbuild does", { timeout: 60_000 }, () => {
    const wellFormed = [
      "(a and b and c)",
      "(a if b else c)",
      "((a or b) with c)",
      "(a without (b or c))",
      "(a)",
    ];
    const forms = [...malformed.filter((text) => text !== "(a else b)"), ...wellFormed];
    const file = join(mkdtempSync(join(tmpdir(), "kit-relation-")), "x.spec");
    const told = forms.map((text) => {
      const spec = `Name: x\nVersion: 1\nRelease: 1\nSummary: x\nLicense: x\nRequires: ${text}\n%description\n`;
      writeFileSync(file, spec);
      return [text, spawnSync("rpmspec", ["-q", file]).status === 0];
    });
    rmSync(dirname(file), { recursive: true });
    expect(told).toEqual(forms.map((text) => [text, wellFormed.includes(text)]));
  });

  test("is bounded in length and depth", () => {
    const nested = (depth: number) => `${"(a or ".repeat(depth)}b${")".repeat(depth)}`;
    expect(() => parseRelation(nested(32))).not.toThrow();
    expect(() => parseRelation(nested(33))).toThrow(/deeper than 32/);
    expect(() => parseRelation("(".repeat(60_000))).toThrow(/deeper than 32/);
    expect(() => parseRelation("a".repeat(70_000))).toThrow(/longer than/);
    expect(() => parseRelation(`(${"a or ".repeat(10_000)}b)`)).not.toThrow();
  });

  test("throws nothing but faults", () => {
    const piece = fc.constantFrom(
      "(",
      ")",
      " ",
      "a",
      "and",
      "or",
      "if",
      "else",
      "with",
      ">=",
      "1",
      ",",
      "\t",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        try {
          const relation = parseRelation(pieces.join(""));
          expect(parseRelation(formatRelation(relation))).toEqual(relation);
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

test("formatting and parsing are inverse", () => {
  const name = fc.constantFrom("a", "lib(x)(64bit)", "/usr/bin/x", "pkgconfig(b)", "c-d.e+f");
  const simple = fc
    .record({
      name,
      bound: fc.option(
        fc.tuple(fc.constantFrom("<", "<=", "=", ">=", ">"), fc.constantFrom("1", "2:3~rc^1-4")),
      ),
    })
    .map(
      ({ name, bound }) => ({ name, ...(bound && { operator: bound[0], version: bound[1] }) }) as Relation,
    );
  const { relation } = fc.letrec<{ relation: Relation; onePackage: Relation }>((tie) => ({
    onePackage: fc.oneof(
      { maxDepth: 2 },
      simple,
      fc.record({
        kind: fc.constantFrom("or" as const, "with" as const),
        operands: fc.array(tie("onePackage"), { minLength: 2, maxLength: 3 }),
      }),
      fc.record({
        kind: fc.constant("without" as const),
        operands: fc.tuple(tie("onePackage"), tie("onePackage")),
      }),
    ),
    relation: fc.oneof(
      { maxDepth: 4 },
      tie("onePackage"),
      fc.record({
        kind: fc.constantFrom("and" as const, "or" as const),
        operands: fc.array(tie("relation"), { minLength: 2, maxLength: 3 }),
      }),
      fc.record(
        {
          kind: fc.constantFrom("if" as const, "unless" as const),
          wanted: tie("relation"),
          condition: tie("relation"),
          otherwise: tie("relation"),
        },
        { requiredKeys: ["kind", "wanted", "condition"] },
      ),
    ),
  }));
  fc.assert(
    fc.property(relation, (value) => {
      const parsed = parseRelation(formatRelation(value));
      expect(parsed).toEqual(value);
      expect([...simplesOf(parsed)].length).toBeGreaterThan(0);
    }),
    { numRuns: 1000 },
  );
});
