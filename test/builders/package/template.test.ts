import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { filledTemplate } from "../../../builders/package/template.ts";

const filled = (text: string) =>
  filledTemplate(Buffer.from(text), "./motd", { arch: "arm64", name: "edge" }).toString();

describe("a template", () => {
  test("has its variables replaced, and keeps what is written $${", () => {
    expect(filled("${name} on ${arch}, $${arch} $$1 ${name}\n")).toBe("edge on arm64, ${arch} $$1 edge\n");
  });

  test.each([
    ["one\ntwo ${nothing}\n", 2, 5],
    ["$${nothing} ${nothing}", 1, 13],
    ["${arch}\n${name} ${", 2, 9],
    ["ü ${nothing}", 1, 3],
    ["${constructor}", 1, 1],
  ])("%j tells the place of what has no value", (text, line, column) => {
    expect(() => filled(text)).toThrow(
      expect.objectContaining({
        code: "manifest/unknown-variable",
        place: expect.objectContaining({ file: "./motd", line, column }),
      }),
    );
  });

  test("that is no UTF-8 is refused where it begins to be none; what names nothing stays, byte for byte", () => {
    const bytes = Buffer.from([0x24, 0x24, 0x0a, 0x61, 0xe9, 0x0a]);
    expect(filledTemplate(bytes, "./logo", {}).equals(bytes)).toBe(true);
    expect(() => filledTemplate(Buffer.concat([bytes, Buffer.from("${arch}")]), "./motd", {})).toThrow(
      expect.objectContaining({
        code: "manifest/not-text",
        place: expect.objectContaining({ file: "./motd", line: 2, column: 2 }),
      }),
    );
  });

  test("of anything is filled, or refused at a place that is in it", () => {
    const piece = fc.constantFrom("${arch}", "$${", "$", "{x}", "${x}", "\n", "text");
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const text = pieces.join("");
        try {
          expect(filled(text)).not.toContain("${x}x");
        } catch (error) {
          const { line, column } = (error as { place: { line: number; column: number } }).place;
          expect(text.split("\n")[line - 1]?.slice(column - 1)).toMatch(/^\$\{/);
        }
      }),
    );
  });
});
