// Text: made harmless, measured, cut and wrapped; sizes and durations in words.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bytesText,
  cut,
  displayWidth,
  durationText,
  hanging,
  paintOf,
  plural,
  visible,
  wrap,
} from "../../../cli/render/text.ts";
import { harmful } from "./rig.ts";

const foreign = fc.string({ unit: "binary" });

test.each([
  ["hello_1.2.0 ~ größe 漢字", "hello_1.2.0 ~ größe 漢字"],
  ["a\x1b[2Jb\x07\x7f\x00", "a\\x1b[2Jb\\x07\\x7f\\x00"],
  ["one\r\n\ttwo", "one\\r\\n\\ttwo"],
  ["\u009b31m", "\\x9b31m"],
  ["\u202egpj.exe\u2066", "\\u202egpj.exe\\u2066"],
  ["a\u200bb\ufeff\u00ad\u3164", "a\\u200bb\\ufeff\\xad\\u3164"],
  ["x\u2028y", "x\\u2028y"],
  ["\ud800", "\\ud800"],
  ["\u{e0041}", "\\u{e0041}"],
])("%j is shown as %j", (text, shown) => expect(visible(text)).toBe(shown));

test("visible text holds nothing that a terminal obeys, and stays as it is", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        foreign,
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
      ),
      (text) => {
        expect(visible(text)).not.toMatch(harmful);
        expect(visible(text).isWellFormed()).toBe(true);
        expect(visible(visible(text))).toBe(visible(text));
      },
    ),
  );
});

test.each([
  ["plain", 5],
  ["größe", 5],
  ["漢字", 4],
  ["ｆｕｌｌ", 8],
  ["한글", 4],
  ["🎉!", 3],
  ["🇩🇪", 2],
  ["e\u0301", 1],
  ["…~│", 3],
])("%s takes %i columns", (text, width) => expect(displayWidth(text)).toBe(width));

test.each([
  ["hello", 5, "hello"],
  ["hello!", 5, "hell…"],
  ["漢字漢字", 4, "漢…"],
  ["漢字漢字", 5, "漢字…"],
  ["ae\u0301b!", 3, "ae\u0301…"],
  ["hello", 1, "…"],
  ["hello", 0, ""],
])("%s cut to %i columns is %s", (text, width, expected) => expect(cut(text, width)).toBe(expected));

test("wrapped at spaces, else anywhere", () => {
  expect(wrap("the quick brown fox", 10)).toEqual(["the quick", "brown fox"]);
  expect(wrap("abcdefghijkl mn", 5)).toEqual(["abcde", "fghij", "kl mn"]);
  expect(wrap("    indented text", 12)).toEqual(["    indented", "text"]);
  expect(wrap("漢字漢字漢", 5)).toEqual(["漢字", "漢字", "漢"]);
  expect(wrap("hello     ", 5)).toEqual(["hello"]);
  expect(wrap("", 5)).toEqual([""]);
  expect(wrap("all of it ".repeat(99), Number.POSITIVE_INFINITY)).toHaveLength(1);
  expect(hanging("hint: ", "one two three four five", 20)).toEqual([
    "hint: one two three",
    "      four five",
  ]);
});

test("wrapping loses nothing but spaces, and keeps the width", () => {
  fc.assert(
    fc.property(foreign.map(visible), fc.integer({ min: 2, max: 40 }), (text, width) => {
      const lines = wrap(text, width);
      expect(lines.join("").replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
      for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      expect(displayWidth(cut(text, width))).toBeLessThanOrEqual(width);
    }),
  );
});

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [1536, "1.5 KiB"],
  [12_897_485, "12.3 MiB"],
  [1024 * 1024 - 1, "1.0 MiB"],
  [1_073_741_824, "1.0 GiB"],
  [5e20, "444089.2 PiB"],
])("%d bytes are %s", (bytes, text) => expect(bytesText(bytes)).toBe(text));

test.each([
  [0, "0 ms"],
  [85.7, "85 ms"],
  [999.9, "999 ms"],
  [1000, "1.0 s"],
  [1290, "1.2 s"],
  [59_999, "59.9 s"],
  [60_000, "1 min 00 s"],
  [185_000, "3 min 05 s"],
  [3_599_999, "59 min 59 s"],
  [7_500_000, "2 h 05 min"],
  [-3, "0 ms"],
])("%d milliseconds are %s", (milliseconds, text) => expect(durationText(milliseconds)).toBe(text));

test("colours only where they are allowed", () => {
  expect(paintOf(true).bad("x")).toBe("\x1b[1;31mx\x1b[0m");
  expect(paintOf(true).bad("")).toBe("");
  expect(paintOf(false).bad("x")).toBe("x");
});

describe("plural", () => {
  test.each([
    [0, "0 errors"],
    [1, "1 error"],
    [2, "2 errors"],
  ])("%i", (count, text) => expect(plural(count, "error")).toBe(text));
});
