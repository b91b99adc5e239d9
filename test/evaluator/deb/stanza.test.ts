// Stanzas: byte for byte there and back, and what is refused.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fieldOf, formatStanza, parseStanza, parseStanzas } from "../../../evaluator/deb/stanza.ts";
import { Fault } from "../../../store/model/fault.ts";

const real = `Package: base-files
Version: 12.4+deb12u11
Description: Debian base system miscellaneous files
 This package contains the basic filesystem hierarchy.
 .
   indented,  and trailing blanks  
Conffiles:
 /etc/debian_version 1234
 /etc/issue 5678 obsolete
Empty:
Tag: x::y,
\ttabbed
`;

describe("parseStanza", () => {
  test("keeps order and continuation lines", () => {
    const stanza = parseStanza(real);
    expect(Object.keys(stanza)).toEqual(["Package", "Version", "Description", "Conffiles", "Empty", "Tag"]);
    expect(stanza.Conffiles).toBe("\n /etc/debian_version 1234\n /etc/issue 5678 obsolete");
    expect(stanza.Empty).toBe("");
    expect(formatStanza(stanza)).toBe(real);
  });

  test("finds fields whatever their case, and none that is inherited", () => {
    const stanza = parseStanza("package: a\nMULTI-ARCH: same\n");
    expect(fieldOf(stanza, "Package")).toBe("a");
    expect(fieldOf(stanza, "Multi-Arch")).toBe("same");
    expect(fieldOf(stanza, "constructor")).toBeUndefined();
    expect(parseStanza("__proto__: x\n")).toHaveProperty("__proto__", "x");
  });

  test("drops comments and carriage returns", () => {
    expect({ ...parseStanza("\n# about\nA: 1\r\n# more\n b\n\n") }).toEqual({ A: "1\n b" });
  });

  test.each([
    ["", /no field/],
    [" a\n", /continuation/],
    ["a b\n", /no field/],
    [": x\n", /no field/],
    ["A: 1\na: 2\n", /twice/],
    ["A: 1\n\nB: 2\n", /second paragraph/],
    ["12: x\n", /no field/],
    [`A: ${"x".repeat(9 << 20)}\n`, /longer/],
  ])("refuses %#", (text, why) => {
    expect(() => parseStanza(text)).toThrow(Fault);
    expect(() => parseStanza(text)).toThrow(why);
  });

  test("what archive tools write comes back byte for byte", () => {
    const line = fc.stringMatching(/^[!-~][ -~]{0,20}$/);
    const value = fc.oneof(
      fc
        .tuple(line, fc.array(line, { maxLength: 3 }))
        .map(([first, rest]) => [` ${first}`, ...rest.map((text) => ` ${text}`)].join("\n")),
      fc
        .array(line, { minLength: 0, maxLength: 3 })
        .map((lines) => lines.map((text) => `\n ${text}`).join("")),
    );
    const field = fc.tuple(fc.stringMatching(/^[A-Z][a-z]{1,6}(-[A-Z][a-z]{1,4})?$/), value);
    const fields = fc.uniqueArray(field, {
      minLength: 1,
      maxLength: 6,
      selector: ([name]) => name.toLowerCase(),
    });
    fc.assert(
      fc.property(fields, (list) => {
        const text = list.map(([name, rest]) => `${name}:${rest}\n`).join("");
        expect(formatStanza(parseStanza(text))).toBe(text);
      }),
    );
  });
});

describe("parseStanzas", () => {
  test("splits at empty lines, however many, and reads UTF-8", () => {
    const text = "\n\nA: ü\n\n \t\n\n# alone\n\nB: 2\n c\n";
    expect(parseStanzas(Buffer.from(text)).map((stanza) => ({ ...stanza }))).toEqual([
      { A: "ü" },
      { B: "2\n c" },
    ]);
    expect(parseStanzas(new Uint8Array())).toEqual([]);
  });
});
