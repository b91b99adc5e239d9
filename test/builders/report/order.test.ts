// Which rows of a list are shown, in which order, and that an address says the same again.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  firstOrder,
  type Rules,
  rowsFor,
  turned,
  type Wish,
  wishIn,
  withWish,
} from "../../../builders/report/page/order.ts";

interface Row {
  readonly name: string;
  readonly size: number;
  readonly level: number;
}

const rules: Rules<Row> = {
  columns: [
    { key: "name", value: ({ name }) => name },
    { key: "size", kind: "number", value: ({ size }) => size },
    { key: "version" },
  ],
  choices: [{ key: "level", accepts: ({ level }, value) => level === Number(value) }],
};
const rows: Row[] = [
  { name: "bash", size: 5, level: 0 },
  { name: "gcc", size: 9, level: 1 },
  { name: "libssl3", size: 5, level: 0 },
  { name: "libssl-dev", size: 7, level: 1 },
];
const texts = rows.map(({ name }) => name);

function shown(written: string, level: string, key: string, down: boolean): string[] {
  const wish = { written, chosen: new Map([["level", level]]), order: { key, down } };
  return rowsFor(rows, texts, rules, wish).map(({ name }) => name);
}

describe("a list", () => {
  it("has the rows with all the words and choices, in order", () => {
    expect(shown("", "", "name", false)).toEqual(["bash", "gcc", "libssl-dev", "libssl3"]);
    expect(shown(" SSL  lib", "", "name", true)).toEqual(["libssl3", "libssl-dev"]);
    expect(shown("ssl", "1", "name", false)).toEqual(["libssl-dev"]);
    expect(shown("", "", "size", true)).toEqual(["gcc", "libssl-dev", "bash", "libssl3"]);
    expect(shown("", "", "size", false)).toEqual(["bash", "libssl3", "libssl-dev", "gcc"]);
  });

  it("stays as it is for a column without order, and for one that is not there", () => {
    expect(shown("", "", "version", true)).toEqual(texts);
    expect(shown("", "", "nothing", false)).toEqual(texts);
  });

  it("turns with a second click, and begins with the largest number", () => {
    const [name, size] = rules.columns;
    if (name === undefined || size === undefined) throw new Error("no columns");
    const first = firstOrder(rules);
    expect(turned(name, first)).toEqual({ key: "name", down: true });
    expect(turned(size, first)).toEqual({ key: "size", down: true });
    expect(turned(size, turned(size, first))).toEqual({ key: "size", down: false });
  });
});

describe("an address", () => {
  const order = fc.record({ key: fc.constantFrom("name", "size"), down: fc.boolean() });
  const word = fc.stringMatching(/^[a-z &=%]{0,8}$/).map((text) => text.trim());

  it("says what was wished, beside what another list says", () => {
    fc.assert(
      fc.property(word, word, order, (written, level, order) => {
        const wish: Wish = { written, chosen: new Map([["level", level]]), order };
        const prefixed = { ...rules, prefix: "source-" };
        const both = withWish(withWish(new Map(), wish, rules), { ...wish, written: "other" }, prefixed);
        expect(wishIn(both, rules)).toEqual(wish);
        expect(wishIn(both, prefixed)).toEqual({ ...wish, written: "other" });
      }),
    );
  });

  it("says nothing of what is as it is at first", () => {
    expect(withWish(new Map([["q", "old"]]), wishIn(new Map(), rules), rules)).toEqual(new Map());
    expect(wishIn(new Map(), { ...rules, order: "size" }).order).toEqual({ key: "size", down: false });
  });
});
