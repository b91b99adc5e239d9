// Tables and the compact form: what is put in is found again, and damage is told.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compactInMemory, encodeHead, openCompact } from "../../evaluator/compact.ts";
import { type Lists, newLists } from "../../evaluator/lists.ts";
import { openTable } from "../../evaluator/table.ts";
import { Fault } from "../../store/model/fault.ts";

const word = fc
  .oneof(fc.string({ maxLength: 6 }), fc.string({ unit: "binary", maxLength: 4 }))
  .map((text) => text.toWellFormed());
const entries = fc.array(fc.tuple(word, fc.array(fc.nat(0xffff_ffff), { minLength: 1, maxLength: 4 })), {
  maxLength: 30,
});

function listsOf(pairs: readonly (readonly [string, readonly number[]])[]): [Lists, Map<string, number[]>] {
  const lists = newLists();
  const plain = new Map<string, number[]>();
  for (const [key, numbers] of pairs) {
    if (plain.has(key)) continue;
    const sorted = [...new Set(numbers)].sort((a, b) => a - b);
    plain.set(key, sorted);
    for (const number of sorted) {
      lists.add(key, number);
      lists.add(key, number);
    }
  }
  return [lists, plain];
}

describe("a table", () => {
  test("gives back what was put in, wherever its bytes lie", () => {
    fc.assert(
      fc.property(entries, fc.array(word), fc.nat(3), (pairs, others, shift) => {
        const [lists, plain] = listsOf(pairs);
        const encoded = Buffer.concat(lists.encode());
        expect(encoded.length % 4).toBe(0);
        const moved = Buffer.concat([Buffer.alloc(shift), encoded]).subarray(shift);
        const table = openTable(moved);
        for (const [key, numbers] of plain) expect(table.get(key)).toEqual(numbers);
        for (const key of others) expect(table.get(key)).toEqual(plain.get(key) ?? []);
        const keys = [...plain.keys()];
        expect([...table.keys()]).toEqual(keys);
        expect(keys.map(table.rank)).toEqual([...keys.keys()]);
      }),
    );
  });

  test("has keys without numbers, taken from where they stand", () => {
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const lists = newLists();
        const text = Buffer.from(words.join(""));
        let at = 0;
        for (const each of words) {
          const end = at + Buffer.byteLength(each);
          lists.addKey(text, at, end);
          at = end;
        }
        const table = openTable(Buffer.concat(lists.encode()));
        const keys = [...new Set(words)];
        expect([...table.keys()]).toEqual(keys);
        expect(keys.map(table.rank)).toEqual([...keys.keys()]);
        expect(keys.flatMap(table.get)).toEqual([]);
        expect(keys.every(lists.has)).toBe(true);
      }),
    );
  });

  test("whose slots are damaged finds nothing, and ends", () => {
    const [lists] = listsOf([["a", [1]]]);
    const encoded = Buffer.concat(lists.encode());
    const damagedSlots = Buffer.concat([
      encoded.subarray(0, 4 * 6),
      Buffer.alloc(4 * 8, 0xff),
      encoded.subarray(-4),
    ]);
    expect(damagedSlots.length).toBe(encoded.length);
    expect(openTable(damagedSlots).get("b")).toEqual([]);
  });

  test("that is cut short is damaged", () => {
    const [lists] = listsOf([
      ["a", [1, 2]],
      ["bb", [3]],
    ]);
    const encoded = Buffer.concat(lists.encode());
    for (let length = 0; length < encoded.length; length += 4)
      expect(() => openTable(encoded.subarray(0, length))).toThrow(Fault);
  });
});

describe("the compact form", () => {
  const text = Buffer.from("\nA: 1\n\nB: 2\n\n\nC: ü\n");
  const [lists] = listsOf([["x", [0, 2]]]);
  const scanned = { starts: [1, 7, 14], tables: { letters: lists }, warnings: ["odd"] };

  test("gives stanzas, tables and warnings", () => {
    const compact = compactInMemory(scanned, text);
    expect([0, 1, 2, 3].map(compact.text)).toEqual(["A: 1", "B: 2", "C: ü", ""]);
    expect([compact.size, compact.warnings]).toEqual([3, ["odd"]]);
    expect(compact.table("letters").get("x")).toEqual([0, 2]);
    expect([...compact.table("none").keys()]).toEqual([]);
  });

  test("is refused where it is cut, or something else", () => {
    const whole = Buffer.concat([...encodeHead(scanned, text.length), text]);
    const open = (bytes: Buffer) => () =>
      openCompact((start, end) => bytes.subarray(start, end)).table("letters");
    expect(open(whole)).not.toThrow();
    for (let length = 0; length < whole.length - text.length; length++)
      expect(open(whole.subarray(0, length))).toThrow("is damaged");
    expect(open(Buffer.concat([Buffer.from("kit/index/9"), whole.subarray(11)]))).toThrow("is damaged");
  });
});
