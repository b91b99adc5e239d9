// Signatures: what is believed of a request, and why the rest is not.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contentOf, type Result } from "../../../store/model/derivation.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { formatPublicKey, generateKey, parseSecretKey, type SecretKey } from "../../../store/model/key.ts";
import {
  type Claim,
  decodeSignature,
  encodeSignature,
  type Ignored,
  isGenuine,
  judge,
  signStatement,
} from "../../../store/model/signature.ts";
import { encodeStatement } from "../../../store/model/statement.ts";
import { expectGolden } from "../../goldens/golden.ts";
import { codeOf, expectFaults } from "../cache/fuzz.ts";

const keyOf = (name: string, byte: number) =>
  parseSecretKey(`kit-secret-key:${name}:${Buffer.alloc(32, byte).toString("base64")}`);
const [alice, bob, carol, mallory] = [
  keyOf("alice", 1),
  keyOf("bob", 2),
  keyOf("carol", 3),
  keyOf("mallory", 4),
];
const request = digestOf("request");
const statement = (output: string, of = request): Result => ({
  format: "kit/result/1",
  request: of,
  outputs: { file: contentOf("blob", digestOf(output)) },
  references: [],
});
const good = statement("good");
const other = statement("other");
const signed = (key: SecretKey, what: Result, from = "cache"): Claim => ({
  from,
  text: encodeSignature(signStatement(key, what)),
});
const trusted = [alice.public, bob.public, carol.public];
const why = (ignored: readonly Ignored[]) => ignored.map((item) => item.why);

describe("a signature's file", () => {
  const signature = signStatement(alice, good);
  const text = encodeSignature(signature);

  it("has a golden", () => expectGolden("signature", "kit/signature/1", text));

  it("comes back as it was written, and is the same each time", () => {
    expect(decodeSignature(text)).toEqual(signature);
    expect(decodeSignature(Buffer.from(text))).toEqual(signature);
    expect(isGenuine(decodeSignature(text))).toBe(true);
    expect(encodeSignature(signStatement(alice, good))).toBe(text);
  });

  it("has no second form", () => {
    const again = (change: object) => `${JSON.stringify({ ...JSON.parse(text), ...change })}\n`;
    const others = [
      text.trimEnd(),
      text.replace(",", ", "),
      again({ more: 1 }),
      again({ format: "kit/signature/2" }),
      again({ key: [formatPublicKey(alice.public)] }),
      again({ key: ` ${formatPublicKey(alice.public)}` }),
      again({ signature: [signature.signature] }),
      again({ signature: `${signature.signature}=` }),
      again({ signature: Buffer.alloc(63).toString("base64") }),
      again({ statement: encodeStatement(good) }),
      again({ statement: { ...good } }),
      again({ statement: null }),
      "null\n",
      "{}\n",
      "",
    ];
    expect(others.map((text) => codeOf(() => decodeSignature(text)))).toEqual(
      others.map(() => "digest/bad-signature"),
    );
  });

  it("is refused damaged, in one way; and no damage is believed", () => {
    expectFaults(text, ["digest/bad-signature"], (bytes) => {
      const decoded = decodeSignature(bytes);
      // Only the name before the key may be another: it is no part of what counts.
      if (decoded.key.bytes === alice.public.bytes && isGenuine(decoded))
        expect(decoded.statement).toEqual(good);
    });
  });
});

describe("judging", () => {
  it("believes what a trusted key signed, under the name it is trusted by", () => {
    const renamed = signStatement({ ...alice, public: { ...alice.public, name: "root" } }, good);
    const verdict = judge(request, [{ from: "a", text: encodeSignature(renamed) }], { trusted, required: 1 });
    expect(verdict).toEqual({
      kind: "accepted",
      statement: good,
      signers: [alice.public],
      signatures: [decodeSignature(encodeSignature(renamed))],
      ignored: [],
    });
  });

  it("counts keys by their bytes, not by names, files or caches", () => {
    const names = [alice.public, { ...alice.public, name: "also-alice" }];
    const claims = [signed(alice, good, "a"), signed(alice, good, "b"), signed(alice, good, "b")];
    const verdict = judge(request, claims, { trusted: names, required: 2 });
    expect([verdict.kind, why(verdict.ignored)]).toEqual(["none", ["too-few"]]);
    expect(verdict.ignored[0]?.line).toBe(
      `a, b: ignored a statement on ${request}: 1 of the 2 keys it needs signed it: alice`,
    );
  });

  it("adds up what several caches have", () => {
    const claims = [signed(bob, good, "b"), signed(alice, good, "a")];
    const verdict = judge(request, claims, { trusted, required: 2 });
    expect(verdict).toMatchObject({ kind: "accepted", signers: [bob.public, alice.public] });
  });

  it("says why of all else", () => {
    const altered = encodeSignature({ ...signStatement(alice, good), statement: other });
    const claims: Claim[] = [
      { from: "bare", text: encodeStatement(good) },
      signed(mallory, other),
      { from: "liar", text: altered },
      signed(alice, statement("good", digestOf("another"))),
      { from: "torn", text: Buffer.from([0, 1, 2]) },
      { from: "page", text: "<html>" },
    ];
    const verdict = judge(request, claims, { trusted, required: 1 });
    expect(verdict.kind).toBe("none");
    expect(why(verdict.ignored)).toEqual([
      "unsigned",
      "unknown-key",
      "altered",
      "other-request",
      "malformed",
      "malformed",
    ]);
    for (const { line } of verdict.ignored) expect(line).toMatch(/^[\x20-\x7e]{40,400}$/);
    expect(verdict.ignored[2]?.line).toContain("liar: ignored a statement on blake3-");
  });

  it("does not complain of a statement alone that somebody trusted signed", () => {
    const claims = [{ from: "c", text: encodeStatement(good) }, signed(alice, good)];
    expect(judge(request, claims, { trusted, required: 1 }).ignored).toEqual([]);
  });

  it("does not complain of an unknown key that signed what enough trusted keys did, but of one that did not", () => {
    const claims = [signed(mallory, good, "m"), signed(alice, good)];
    const one = { trusted, required: 1 };
    expect(judge(request, claims, one)).toMatchObject({ kind: "accepted", ignored: [] });
    expect(why(judge(request, claims, { trusted, required: 2 }).ignored)).toEqual(["unknown-key", "too-few"]);
    const verdict = judge(request, [...claims, signed(mallory, other, "o")], one);
    expect(verdict).toMatchObject({ kind: "accepted", ignored: [{ from: "o", why: "unknown-key" }] });
  });

  it("says once what is wrong with a statement, and not that it is unsigned beside", () => {
    const claims = [{ from: "c", text: encodeStatement(good) }, signed(mallory, good)];
    const { ignored } = judge(request, claims, { trusted, required: 1 });
    expect(why(ignored)).toEqual(["unknown-key"]);
  });

  it("mixes no contradictions, whatever the numbers", () => {
    for (const required of [1, 2, 3]) {
      const claims = [signed(alice, good, "a"), signed(bob, good, "a"), signed(carol, other, "c")];
      const verdict = judge(request, claims, { trusted, required });
      expect(verdict).toMatchObject({
        kind: "conflict",
        sides: [
          { statement: good, signers: [alice.public, bob.public], from: ["a"] },
          { statement: other, signers: [carol.public], from: ["c"] },
        ],
      });
      expect(verdict.kind === "conflict" && verdict.line).toMatch(/alice and bob signed .* carol signed/);
    }
    const both = [signed(alice, good, "a"), signed(alice, other, "b")];
    expect(judge(request, both, { trusted, required: 1 }).kind).toBe("conflict");
  });

  it("lets nobody untrusted make a contradiction", () => {
    const claims = [
      signed(mallory, other),
      { from: "bare", text: encodeStatement(other) },
      signed(alice, good),
    ];
    expect(judge(request, claims, { trusted, required: 1 })).toMatchObject({
      kind: "accepted",
      statement: good,
    });
  });

  it("demands a signature", () => {
    for (const required of [0, -1, Number.NaN])
      expect(() => judge(request, [], { trusted, required })).toThrow(RangeError);
    expect(judge(request, [], { trusted, required: 1 })).toEqual({ kind: "none", ignored: [] });
  });

  it("accepts only what enough trusted keys signed and none contradicts", () => {
    const secrets = [alice, bob, carol, mallory, generateKey("stranger")];
    const claim = fc.record({ key: fc.nat(4), what: fc.nat(1), whole: fc.boolean(), bare: fc.boolean() });
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 8 }), fc.integer({ min: 1, max: 3 }), (all, required) => {
        const claims = all.map(({ key, what, whole, bare }) => {
          const result = what === 0 ? good : other;
          const real = signStatement(secrets[key] as SecretKey, result);
          if (bare) return { from: "x", text: encodeStatement(result) };
          return {
            from: "x",
            text: encodeSignature(whole ? real : { ...real, statement: statement("forged") }),
          };
        });
        const votes = [0, 1].map(
          (side) =>
            new Set(
              all
                .filter(({ key, what, whole, bare }) => key < 3 && what === side && whole && !bare)
                .map((c) => c.key),
            ).size,
        );
        const [mine = 0, theirs = 0] = votes;
        const expected =
          mine > 0 && theirs > 0 ? "conflict" : Math.max(mine, theirs) >= required ? "accepted" : "none";
        expect(judge(request, claims, { trusted, required }).kind).toBe(expected);
      }),
      { numRuns: 150 },
    );
  });
});
