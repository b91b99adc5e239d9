// Documents: what is read, where it stands, and what is refused however it is meant.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readDocument } from "../../../evaluator/manifest/document.ts";
import { limits } from "../../../evaluator/manifest/node.ts";
import { faultsOf } from "../../../store/model/fault.ts";
import { faultsFrom, lineOf, marked } from "./rig.ts";

const read = (text: string) => readDocument("/m/a.yaml", text);
const refused = async (text: string) => (await faultsFrom(() => read(text))).map(lineOf);

describe("values", () => {
  test("are YAML 1.2's", () => {
    const text =
      "a: yes\nb: true\nc: 0o17\nd: 010\ne: ~\nf: 2026-01-02\ng: [x, {h: 1.5}]\n1: one\n<<: plain\n";
    expect(read(text).value).toEqual({
      a: "yes",
      b: true,
      c: 15,
      d: 10,
      e: null,
      f: "2026-01-02",
      g: ["x", { h: 1.5 }],
      1: "one",
      "<<": "plain",
    });
  });

  test("are what stands there, where the failsafe schema is asked for", () => {
    const { value } = readDocument(
      "/m/a.yaml",
      'a: yes\nb: 1.10\nc: ~\nd: [010, "x"]\n1.0: 1e3\n',
      "failsafe",
    );
    expect(value).toEqual({ a: "yes", b: "1.10", c: "~", d: ["010", "x"], "1.0": "1e3" });
  });

  test("may be named and used again", () => {
    const document = read("a: &x\n  b: 1\nc: *x\nd: &y two\ne: [*y, *y]\n");
    expect(document.value).toEqual({ a: { b: 1 }, c: { b: 1 }, d: "two", e: ["two", "two"] });
    expect(document.place(["c", "b"])).toMatchObject({ line: 2, column: 6 });
  });

  test("take the latest meaning of a name", () => {
    expect(read("- &x 1\n- *x\n- &x 2\n- *x\n").value).toEqual([1, 1, 2, 2]);
  });
});

describe("places", () => {
  const document = read(
    'kind: x # y\r\nlist:\r\n  - one\r\n  - {a: "b c", d: }\r\ntext: |\r\n  first ${v}\r\n  then ${v}\r\n',
  );
  test.each([
    [["kind"], {}, { line: 1, column: 7, length: 1, excerpt: "kind: x # y" }],
    [["kind"], { part: "key" }, { line: 1, column: 1, length: 4 }],
    [["list", 0], {}, { line: 3, column: 5, length: 3, excerpt: "  - one" }],
    [["list", 1], {}, { line: 4, column: 5, length: 15 }],
    [["list", 1, "a"], {}, { line: 4, column: 9, length: 5 }],
    [["list", 1, "d"], {}, { line: 4, column: 16, length: 1 }],
    [["list", 1, "nothing"], {}, { line: 4, column: 5, length: 15 }],
    [["text"], { within: "${v}", nth: 1 }, { line: 7, column: 8, length: 4, excerpt: "  then ${v}" }],
    [["text"], { within: "${w}" }, { line: 5, column: 7 }],
    [[], {}, { line: 1, column: 1, length: 11 }],
  ] as const)("%j %j", (path, options, place) => {
    expect(document.place(path, options)).toMatchObject({ file: "/m/a.yaml", ...place });
  });

  test("of very long lines quote nothing", () => {
    const place = read(`a: ${"x".repeat(2000)}`).place(["a"]);
    expect(place).toEqual({ file: "/m/a.yaml", line: 1, column: 4 });
  });
});

describe("refused", () => {
  test.each([
    ["a: 1\n  b: 2\n", "a.yaml:1:4 manifest/syntax nested mappings are not allowed in compact mappings"],
    ["a:\n\tb: 1\n", "a.yaml:2:1 manifest/syntax tabs are not allowed as indentation"],
    ['a: "open\nb: 1\n', 'a.yaml:2:4 manifest/syntax missing closing "quote'],
    [
      "a: [1, 2\n",
      "a.yaml:1:8 manifest/syntax flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    ["a: 1\n---\nb: 2\n", "a.yaml:2:1 manifest/syntax a second document begins here"],
    ["a: !secret x\n", "a.yaml:1:4 manifest/syntax unresolved tag: !secret"],
    ["a: 1\nb: 2\na: 3\n", 'a.yaml:3:1 manifest/duplicate-key the key "a" stands here twice'],
    ["{x: 1}: 2\n", "a.yaml:1:1 manifest/syntax a key must be text"],
    ["a: *nobody\n", "a.yaml:1:4 manifest/syntax nothing above is named &nobody"],
    ["a: &a [*a]\n", "a.yaml:1:8 manifest/syntax the alias *a stands inside what it names"],
    ["__proto__: {a: 1}\n", "a.yaml:1:1 manifest/syntax this cannot be a key"],
    [
      "%YAML 1.1\n---\na: yes\n",
      "a.yaml:1:1 manifest/syntax a manifest is YAML 1.2, and this one says it is YAML 1.1",
    ],
    [
      "a: [x, linux-${arch}]\n",
      "a.yaml:1:15 manifest/syntax a variable stands here in a text without quotes",
    ],
  ])("%j", async (text, line) => {
    expect((await refused(text))[0]).toBe(line);
  });

  test("a duplicate key, with the first one beside it", async () => {
    const [fault] = await faultsFrom(() => read("a:\n  b: 1\n  b: 2\n"));
    expect(fault && marked(fault)).toBe("b");
    expect(fault?.related).toMatchObject([{ message: "the first one", place: { line: 2, column: 3 } }]);
  });

  test("several faults in one pass", async () => {
    expect(await refused("a: 1\na: 2\nb: *c\nb: 1\n")).toHaveLength(3);
  });
});

describe("dangerous texts are refused at once", () => {
  const laughs = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (const [name, last] of ["ba", "cb", "dc", "ed", "fe", "gf", "hg", "ih"]) {
    laughs.push(`${name}: &${name} [${Array(10).fill(`*${last}`).join(", ")}]`);
  }
  const kib = 1024;
  test.each([
    ["a bomb of aliases", laughs.join("\n")],
    ["deep lists", "[".repeat(900)],
    ["deep lists that close", `${"[".repeat(65)}${"]".repeat(65)}`],
    ["deep lists beyond the stack", "[".repeat(200 * kib)],
    ["deep blocks", Array.from({ length: 200 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n")],
    ["many commas", `[${",".repeat(1000 * kib)}]`],
    ["many keys", Array.from({ length: 60_000 }, (_, n) => `${n}:`).join("\n")],
    ["much text", "x".repeat(1024 * kib + 1)],
  ])("%s", async (_, text) => {
    const [fault] = await faultsFrom(() => read(text));
    expect(fault?.code).toBe("manifest/too-large");
  });

  test("what lies just below the limits is read", () => {
    expect(read(`${"[".repeat(64)}${"]".repeat(64)}`).value).toHaveLength(1);
    expect(read(`a: |\n${"  line\n".repeat(100_000)}`).value).toHaveProperty("a");
  });

  test("no more than so many faults are told", async () => {
    expect(await refused("a: *b\n".repeat(1000))).toHaveLength(limits.faults);
  });
});

test("any text gives a document or faults with places inside it", () => {
  const bits = [
    "a",
    "b",
    ":",
    ": ",
    "-",
    "- ",
    "\n",
    "\n  ",
    " ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "!t ",
    "|",
    ">",
    "'",
    '"',
    "#",
    "%",
    "? ",
    "---\n",
    "${",
    "\t",
    "\r\n",
    "\\",
    "é",
    "\u{1f600}",
    "\0",
    "\ufeff",
  ];
  const yamlish = fc.array(fc.constantFrom(...bits), { maxLength: 60 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(yamlish, fc.string({ unit: "binary" })), (text) => {
      try {
        const { place, value } = read(text);
        expect(place([]).line).toBeGreaterThan(0);
        JSON.stringify(value);
      } catch (error) {
        const faults = faultsOf(error);
        if (faults.length === 0) throw error;
        const lines = text.split("\n").length;
        for (const { place } of faults) {
          expect(place?.line).toBeLessThanOrEqual(lines);
          if (place?.excerpt) expect(place.column).toBeLessThanOrEqual(place.excerpt.length + 1);
        }
      }
    }),
    { numRuns: 3000, examples: [["[${]\r\na"]] },
  );
});
