// Paths in a tree: which are safe, what is the same, and that they sort as bytes do.

import { basename } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparePaths, joinPath, parentOf, parseTreePath } from "../../../store/model/path.ts";

/** Any well-formed text: surrogate pairs, and the code points above them that UTF-16 sorts below. */
const unicode = fc.string({
  unit: fc.oneof(
    fc
      .integer({ min: 1, max: 0x10ffff })
      .filter((point) => point < 0xd800 || point > 0xdfff)
      .map((point) => String.fromCodePoint(point)),
    fc.constantFrom("a", "-", ".", "/", "\u{10000}", "\uffff", "\ue000", "\u{1f600}", "\ud7ff"),
  ),
});

describe("comparePaths", () => {
  it("orders as Buffer.compare orders the UTF-8", () => {
    fc.assert(
      fc.property(unicode, unicode, unicode, (start, a, b) => {
        expect(Math.sign(comparePaths(start + a, start + b))).toBe(
          Buffer.compare(Buffer.from(start + a), Buffer.from(start + b)),
        );
      }),
      { numRuns: 5000 },
    );
  });
});

describe("parseTreePath", () => {
  it("reads one place written in several ways as one", () => {
    for (const text of ["usr/bin", "/usr/bin", "./usr/bin", "usr//bin/", "/./usr/./bin/."])
      expect(parseTreePath(text)).toBe("usr/bin");
    for (const text of ["", "/", ".", "./", "//./"]) expect(parseTreePath(text)).toBe("");
  });

  it("gives nothing that leaves the root, and leaves what it gave as it is", () => {
    const part = fc.oneof(unicode, fc.constantFrom("..", ".", "", "...", "..a", "a..", "\0"));
    fc.assert(
      fc.property(
        fc.array(part).map((parts) => parts.join("/")),
        (text) => {
          let path: string;
          try {
            path = parseTreePath(text);
          } catch (error) {
            expect(error).toMatchObject({ code: "digest/unsafe-path" });
            expect(
              text.split("/").includes("..") || /[\0�]/.test(text) || Buffer.byteLength(text) > 255,
            ).toBe(true);
            return;
          }
          expect(text.split("/")).not.toContain("..");
          expect(
            path.split("/").filter((name) => name === "." || name === ".." || (name === "" && path !== "")),
          ).toEqual([]);
          expect(parseTreePath(path)).toBe(path);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it("refuses what climbs, is no UTF-8 or is too long", () => {
    const bad = [
      "..",
      "../a",
      "a/../b",
      "/..",
      "a/..",
      "a\0b",
      "\ud800",
      "a/\udc00",
      "a\ufffd",
      "x".repeat(256),
      "é".repeat(128),
      `${"a/".repeat(2048)}a`,
    ];
    for (const text of bad)
      expect(() => parseTreePath(text), JSON.stringify(text.slice(0, 20))).toThrow(
        expect.objectContaining({ code: "digest/unsafe-path" }),
      );
    expect(parseTreePath("x".repeat(255))).toHaveLength(255);
    expect(parseTreePath(`${"a/".repeat(2047)}a`)).toHaveLength(4095);
    for (const text of ["...", "..a", "a..", ".hidden", "etc/.pwd", "a b", "a\nb", "-", "~", "@"])
      expect(parseTreePath(text)).toBe(text);
  });
});

describe("parts", () => {
  it("a path is its parent joined with its name", () => {
    const path = fc
      .array(fc.string({ minLength: 1, unit: fc.constantFrom("a", "b", "-", ".c") }), { minLength: 1 })
      .map((parts) => parseTreePath(parts.join("/")));
    fc.assert(
      fc.property(path, (path) => {
        expect(joinPath(parentOf(path), parseTreePath(basename(path)))).toBe(path);
      }),
    );
    expect(joinPath(parseTreePath(""), parseTreePath("a"))).toBe("a");
    expect(joinPath(parseTreePath("a"), parseTreePath(""))).toBe("a");
  });
});
