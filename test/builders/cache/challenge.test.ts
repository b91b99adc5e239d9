// Challenges: who agrees with whom, and what is followed to ask on.

import { describe, expect, it } from "vitest";
import { compare, followed } from "../../../builders/cache/challenge.ts";
import { contentOf, type Result } from "../../../store/model/derivation.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { generateKey } from "../../../store/model/key.ts";
import type { Testimony } from "../../../store/model/testimony.ts";

const request = digestOf("request");
const statement = (output: string): Result => ({
  format: "kit/result/1",
  request,
  outputs: { file: contentOf("blob", digestOf(output)), log: contentOf("blob", digestOf("log")) },
  references: [],
});
const [alice, bob] = [generateKey("alice").public, generateKey("bob").public];
const said = (
  output: string,
  from: string,
  standing: "unsigned" | "own" | { trusted: typeof alice } | { unknown: typeof alice },
): Testimony => {
  const common = { kind: "statement", from, statement: statement(output) } as const;
  if (typeof standing === "string") return { ...common, standing };
  return "trusted" in standing
    ? { ...common, standing: "trusted", key: standing.trusted }
    : { ...common, standing: "unknown", key: standing.unknown };
};
const comparing = (...testimonies: Testimony[]) =>
  compare([{ builder: "tar", label: "x.tar", request, testimonies }]);

describe("a comparison", () => {
  it("counts who is alone, and who is not", () => {
    expect(comparing()).toMatchObject({ agreed: 0, single: 0, silent: 1, differing: [] });
    expect(comparing(said("a", "one", "unsigned"))).toMatchObject({ single: 1 });
    expect(comparing(said("a", "one", { trusted: alice }), said("a", "two", { unknown: bob }))).toMatchObject(
      { agreed: 1, single: 0, differing: [] },
    );
  });

  it("takes a statement beside its signature for one word", () => {
    const both = [said("a", "one", "unsigned"), said("a", "one", { trusted: alice })];
    expect(comparing(...both)).toMatchObject({ agreed: 0, single: 1 });
    expect(comparing(...both, said("a", "two", "unsigned"))).toMatchObject({ agreed: 1 });
  });

  it("tells each side, also those whose word counts for nothing", () => {
    const { differing } = comparing(
      said("a", "this store", "own"),
      said("a", "one", { trusted: alice }),
      said("b", "two", { unknown: bob }),
      said("c", "two", "unsigned"),
    );
    expect(differing).toHaveLength(1);
    expect(differing[0]).toMatchObject({ builder: "tar", label: "x.tar", request });
    expect(differing[0]?.sides.map(({ speakers }) => speakers)).toEqual([
      [
        { from: "this store", standing: "own" },
        { from: "one", standing: "trusted", key: alice },
      ],
      [{ from: "two", standing: "unknown", key: bob }],
      [{ from: "two", standing: "unsigned" }],
    ]);
  });

  it("tells of what is no statement at all", () => {
    const { broken, single } = comparing(
      { kind: "none", from: "one", why: "torn" },
      said("a", "two", "unsigned"),
    );
    expect([single, broken]).toEqual([1, [{ request, from: "one", why: "torn" }]]);
  });
});

describe("what is followed", () => {
  const trusted = said("a", "one", { trusted: alice });
  const other = said("b", "two", "unsigned");

  it("is what enough trusted keys say, whatever others do", () => {
    expect(followed([trusted, other], 1)).toEqual(statement("a"));
    expect(followed([trusted, other], 2)).toBeUndefined();
    expect(followed([trusted, other, said("a", "two", { trusted: bob })], 2)).toEqual(statement("a"));
    expect(followed([trusted, trusted], 2)).toEqual(statement("a"));
  });

  it("is else what all say; nothing where trusted keys contradict each other", () => {
    expect(followed([other, other], 1)).toEqual(statement("b"));
    expect(followed([trusted, said("b", "two", { trusted: bob })], 1)).toBeUndefined();
    expect(followed([], 1)).toBeUndefined();
  });
});
