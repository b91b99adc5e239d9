// A set of digests, compared with the language's own.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openDigestSet } from "../../store/digestset.ts";
import { digestOf, hexOf } from "../../store/model/digest.ts";

/** Digits of few values, so that they meet, and of equal beginnings, so that their places do. */
const digits = fc
  .record({ start: fc.integer({ min: 0, max: 3 }), nth: fc.integer({ min: 0, max: 200 }) })
  .map(({ start, nth }) => `${`${start}`.repeat(8)}${hexOf(digestOf(`${nth}`)).slice(8)}`);

describe("a set of digests", () => {
  it("is what a set of strings is, however it grows and whichever way they come in", () => {
    const step = fc.record({ hex: digits, from: fc.boolean(), at: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), fc.integer({ min: 0, max: 40 }), (steps, expected) => {
        const [set, plain] = [openDigestSet(expected), new Set<string>()];
        for (const { hex, from, at } of steps) {
          expect(set.has(hex)).toBe(plain.has(hex));
          const added = from ? set.addFrom(Buffer.from(`${" ".repeat(at)}${hex} rest`), at) : set.add(hex);
          expect(added).toBe(!plain.has(hex));
          plain.add(hex);
          expect(set.size).toBe(plain.size);
        }
        for (const { hex } of steps) expect(set.has(hex)).toBe(true);
        for (let nth = 0; nth < 50; nth++) expect(set.has(hexOf(digestOf(`other ${nth}`)))).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it("takes a hundred thousand in less than 100 bytes each", () => {
    const all = Array.from({ length: 100_000 }, (_, nth) => hexOf(digestOf(`${nth}`)));
    globalThis.gc?.();
    const before = process.memoryUsage().arrayBuffers;
    const set = openDigestSet();
    for (const hex of all) if (set.has(hex) || !set.add(hex)) expect.fail(hex);
    for (const hex of all) if (!set.has(hex) || set.add(hex)) expect.fail(hex);
    expect(set.size).toBe(100_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(100 * 100_000 * 2);
  });

  it.each(["", "abc", "g".repeat(64), "0".repeat(63), "0".repeat(62).concat("é"), "0".repeat(65)])(
    "does not hold %j, and refuses to",
    (text) => {
      const set = openDigestSet();
      set.add("0".repeat(64));
      expect(set.has(text)).toBe(false);
      expect(() => set.add(text)).toThrow(RangeError);
      // In a buffer it is not told where digits end.
      const bytes = Buffer.from(`${text.slice(0, 63)}${"\n".repeat(64)}`);
      expect(() => set.addFrom(bytes, 0)).toThrow(RangeError);
      expect(() => set.addFrom(bytes.subarray(0, 63), 0)).toThrow(RangeError);
      expect(set.size).toBe(1);
    },
  );
});
