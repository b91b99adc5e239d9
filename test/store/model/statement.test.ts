// Statements: one text each, and nothing else is one.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentOf, type Result } from "../../../store/model/derivation.ts";
import { digestOf } from "../../../store/model/digest.ts";
import {
  decodeStatement,
  encodeStatement,
  signedText,
  statementDigest,
} from "../../../store/model/statement.ts";
import { expectGolden } from "../../goldens/golden.ts";
import { codeOf, expectFaults } from "../cache/fuzz.ts";

const root = contentOf("tree", digestOf("root"));
const list = contentOf("blob", digestOf("list"));
const made: Result = {
  format: "kit/result/1",
  request: digestOf("request"),
  outputs: { root, list },
  references: [contentOf("tree", digestOf("needed")), list],
};
const text = encodeStatement(made);

const content = fc
  .tuple(fc.constantFrom("blob" as const, "tree" as const), fc.string())
  .map(([kind, of]) => contentOf(kind, digestOf(of)));
const results: fc.Arbitrary<Result> = fc.record({
  format: fc.constant("kit/result/1" as const),
  request: fc.string().map((of) => digestOf(of)),
  outputs: fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,63}$/), content, { noNullPrototype: true }),
  references: fc.array(content),
});

describe("statements", () => {
  it("have a golden, and so has what is signed", () => {
    expectGolden("statement-canonical", "kit/result/1", `${text}${statementDigest(made)}\n`);
    expectGolden("statement-signed", "kit/statement/1", signedText(made));
    expect(statementDigest(made)).toBe(digestOf(text));
  });

  it("come back as they were written, whatever their order was", () => {
    fc.assert(
      fc.property(results, (result) => {
        const text = encodeStatement(result);
        const back = decodeStatement(text);
        expect(encodeStatement(back)).toBe(text);
        expect(back.outputs).toEqual(result.outputs);
        expect(back.references).toEqual([...new Set(result.references)].sort());
        expect(decodeStatement(Buffer.from(text))).toEqual(back);
      }),
    );
  });

  it("have no second form", () => {
    const again = (change: (members: Record<string, unknown>) => unknown) =>
      `${JSON.stringify(change(JSON.parse(text)))}\n`;
    const others = [
      text.trimEnd(),
      `${text}\n`,
      ` ${text}`,
      text.replace(":", ": "),
      text.replaceAll("blake3-", "BLAKE3-"),
      text.replace("blob", "bl\\u006fb"),
      text.replace('"request"', '"request":"","request"'),
      again(({ request, ...rest }) => ({ request, ...rest })),
      again((all) => ({ ...all, more: 1 })),
      again((all) => ({ ...all, format: "kit/result/2" })),
      again((all) => ({ ...all, request: [made.request] })),
      again((all) => ({ ...all, references: [root, root] })),
      again((all) => ({ ...all, references: [root, [list]] })),
      again((all) => ({ ...all, references: { length: 0 } })),
      again((all) => ({ ...all, outputs: [root] })),
      again((all) => ({ ...all, outputs: { root, list } })),
      again((all) => ({ ...all, outputs: { "../x": root } })),
      again((all) => ({ ...all, outputs: { Root: root } })),
      again((all) => ({ ...all, outputs: { ["a".repeat(65)]: root } })),
      text.replace('"root"', '"__proto__"'),
      "null\n",
      "[]\n",
      "",
      "[".repeat(1_000_000),
      "x".repeat((1 << 20) + 1),
    ];
    expect(others.map((other) => [other.slice(0, 60), codeOf(() => decodeStatement(other))])).toEqual(
      others.map((other) => [other.slice(0, 60), "digest/bad-statement"]),
    );
  });

  it("are not made with names that no output has", () => {
    expect(codeOf(() => encodeStatement({ ...made, outputs: { "a/b": root } }))).toBe("digest/bad-statement");
    const many = Array.from({ length: 14_000 }, (_, index) => contentOf("blob", digestOf(`${index}`)));
    expect(codeOf(() => encodeStatement({ ...made, references: many }))).toBe("digest/bad-statement");
  });

  it("are refused damaged, in one way", () => {
    expectFaults(text, ["digest/bad-statement"], (bytes) => {
      const back = decodeStatement(bytes);
      expect(encodeStatement(back)).toBe(bytes.toString());
    });
  });
});
