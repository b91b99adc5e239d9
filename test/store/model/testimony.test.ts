// Testimonies: what claims say, whatever they are worth.

import { describe, expect, it } from "vitest";
import { contentOf, type Result } from "../../../store/model/derivation.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { parseSecretKey } from "../../../store/model/key.ts";
import { encodeSignature, signStatement } from "../../../store/model/signature.ts";
import { encodeStatement } from "../../../store/model/statement.ts";
import { hear, unanimous } from "../../../store/model/testimony.ts";

const keyOf = (name: string, byte: number) =>
  parseSecretKey(`kit-secret-key:${name}:${Buffer.alloc(32, byte).toString("base64")}`);
const [alice, mallory] = [keyOf("alice", 1), keyOf("mallory", 4)];
const request = digestOf("request");
const statement = (output: string, of = request): Result => ({
  format: "kit/result/1",
  request: of,
  outputs: { file: contentOf("blob", digestOf(output)) },
  references: [],
});
const hearing = (text: string) =>
  hear(request, { from: "cache", text }, [{ ...alice.public, name: "friend" }]);

describe("a claim", () => {
  it("is heard with what it is worth", () => {
    const good = statement("good");
    const common = { kind: "statement", from: "cache", statement: good };
    expect(hearing(encodeSignature(signStatement(alice, good)))).toEqual({
      ...common,
      standing: "trusted",
      key: { ...alice.public, name: "friend" },
    });
    expect(hearing(encodeSignature(signStatement(mallory, good)))).toEqual({
      ...common,
      standing: "unknown",
      key: mallory.public,
    });
    expect(hearing(encodeStatement(good))).toEqual({ ...common, standing: "unsigned" });
    const forged = { ...signStatement(alice, statement("bad")), statement: good };
    expect(hearing(encodeSignature(forged))).toMatchObject({ ...common, standing: "altered" });
  });

  it("that is none, or on something else, says nothing", () => {
    const elsewhere = encodeStatement(statement("good", digestOf("other")));
    expect(hearing("hello")).toMatchObject({ kind: "none", why: expect.stringContaining("not a signature") });
    expect(hearing(elsewhere)).toMatchObject({ kind: "none", why: expect.stringContaining("it is on") });
  });
});

describe("unanimity", () => {
  const [good, other] = [statement("good"), statement("other")].map(encodeStatement) as [string, string];

  it("is of all that say anything", () => {
    expect(unanimous([hearing(good), hearing("hello"), hearing(good)])).toEqual(statement("good"));
    expect(unanimous([hearing(good), hearing(other)])).toBeUndefined();
    expect(unanimous([hearing("hello")])).toBeUndefined();
    expect(unanimous([])).toBeUndefined();
  });
});
