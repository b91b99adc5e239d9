// The canonical text: one value, one text, and no other value has it.

import fc from "fast-check";
import { expect, describe as group, it } from "vitest";
import { type Canonical, canonicalDigest, describe } from "../../../store/model/canonical.ts";
import { digestOf } from "../../../store/model/digest.ts";

const key = fc.oneof(
  fc.string(),
  fc.constantFrom("a", "b", "- ", "[0]", "{0}", "a: 1", "a\n  b", '"a"', "__proto__", "\ud800"),
);
const scalar = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("1", "true", "null", "[0]", "{0}", "\n", "  - 1", "\ud800", "\\ud800"),
  fc.maxSafeInteger().map((value) => value + 0),
  fc.boolean(),
  fc.constant(null),
);
const { value } = fc.letrec<{ value: Canonical }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

group("describe", () => {
  it("gives no two values one text", () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(describe("d", a) === describe("d", b)).toBe(isSame(a, b));
      }),
      { numRuns: 3000 },
    );
  });

  it("tells apart what is nearly the same", () => {
    const near: Canonical[] = [
      null,
      "null",
      0,
      "0",
      false,
      "false",
      "",
      [],
      {},
      [[]],
      [{}],
      { a: [] },
      { a: {} },
      ["a"],
      [["a"]],
      ["a", "a"],
      { a: "b" },
      { a: "b", c: "d" },
      { 'a: "b"\n  c': "d" },
      { a: { b: 1 } },
      { "a.b": 1 },
      { "a b": 1 },
      { '"a b"': 1 },
      ["- a"],
      "\ud800",
      "\\ud800",
      "\ufffd",
      "\u2028",
      "\n",
      "\\n",
      { "": 1 },
      { '""': 1 },
    ];
    expect(new Set(near.map((item) => describe("d", item))).size).toBe(near.length);
  });

  it("does not care for the order of members, nor for those that are undefined", () => {
    fc.assert(
      fc.property(
        fc.dictionary(key, value, { maxKeys: 6, noNullPrototype: true }),
        fc.infiniteStream(fc.nat()),
        (members, random) => {
          const entries = Object.entries(members).map((entry) => ({
            entry,
            rank: random.next().value as number,
          }));
          const shuffled = Object.fromEntries(
            entries.sort((a, b) => a.rank - b.rank).map(({ entry }) => entry),
          );
          expect(describe("d", shuffled)).toBe(describe("d", members));
          const absent = { ...members, nothing: undefined };
          if (!("nothing" in members)) expect(describe("d", absent)).toBe(describe("d", members));
        },
      ),
    );
  });

  it("cares for the order of items", () => {
    expect(describe("d", ["a", "b"])).not.toBe(describe("d", ["b", "a"]));
  });

  it("reads like a page, one scalar a line", () => {
    const request = { name: "hello", list: ["a", 1], empty: [], nested: { yes: true, "odd key": null } };
    expect(describe("kit/test/1", request)).toBe(
      [
        "kit/test/1",
        "{4}",
        "  empty: [0]",
        "  list: [2]",
        '    - "a"',
        "    - 1",
        '  name: "hello"',
        "  nested: {2}",
        '    "odd key": null',
        "    yes: true",
        "",
      ].join("\n"),
    );
  });

  it("refuses numbers that are no whole numbers", () => {
    for (const number of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]) {
      expect(() => describe("d", { deep: [number] })).toThrow(RangeError);
    }
  });

  it("is what the digest is of, domain included", () => {
    expect(canonicalDigest("a", 1)).toBe(digestOf("a\n1\n"));
    expect(canonicalDigest("a", 1)).not.toBe(canonicalDigest("b", 1));
  });
});

function isSame(a: Canonical | undefined, b: Canonical | undefined): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]));
  if (isRecord(a) && isRecord(b)) {
    const names = Object.keys(a);
    return (
      names.length === Object.keys(b).length &&
      names.every((name) => Object.hasOwn(b, name) && isSame(a[name], b[name]))
    );
  }
  return a === b;
}

function isRecord(value: Canonical | undefined): value is { readonly [key: string]: Canonical | undefined } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
