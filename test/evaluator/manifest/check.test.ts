// The check: every kind of fault, its exact place and its hint.

import { describe, expect, test } from "vitest";
import { assembleText, faultsFrom, lineOf, linesFrom, marked } from "./rig.ts";

async function only(text: string) {
  const faults = await faultsFrom(() => assembleText(text));
  expect(faults.map(lineOf)).toHaveLength(1);
  return faults[0] as (typeof faults)[number];
}

const start = "kind: thing\nname: a\n";

describe("one fault", () => {
  test.each([
    ["colour: red\n", "3:1 manifest/unknown-key", 'unknown key "colour"', "colour", 'did you mean "color"?'],
    [
      "files: [{path: x, form: ./y}]\n",
      "3:19 manifest/unknown-key",
      'unknown key "form" in files[0]',
      "form",
      'did you mean "from"?',
    ],
    [
      "files: [{path: x, qqq: 1}]\n",
      "3:19 manifest/unknown-key",
      'unknown key "qqq" in files[0]',
      "qqq",
      "known here: path, from",
    ],
    [
      "files: [{from: ./y}]\n",
      "3:9 manifest/missing-key",
      'the key "path" is missing in files[0]',
      "{from: ./y}",
      undefined,
    ],
    [
      "color: gren\n",
      "3:8 manifest/bad-value",
      'color cannot be "gren"',
      "gren",
      'did you mean "green"? one of red, green',
    ],
    ["color: blue\n", "3:8 manifest/bad-value", 'color cannot be "blue"', "blue", "one of red, green"],
    [
      "mode: 0644\n",
      "3:7 manifest/wrong-type",
      "mode must be text, not a number",
      "0644",
      'put it in quotes: "0644"',
    ],
    [
      'mode: "0999"\n',
      "3:7 manifest/bad-value",
      '"0999" is not a file mode',
      '"0999"',
      expect.stringContaining("octal"),
    ],
    [
      "files: ./b.yaml\n",
      "3:8 manifest/wrong-type",
      "files must be a list, not text",
      "./b.yaml",
      'write a list: ["./b.yaml"]',
    ],
    [
      "files: {}\n",
      "3:8 manifest/wrong-type",
      "files must be a list, not a mapping",
      "{}",
      "write a list: [a, b]",
    ],
    ["files: [x]\n", "3:9 manifest/wrong-type", "files[0] must be a mapping, not text", "x", undefined],
    [
      'weight: "7"\n',
      "3:9 manifest/wrong-type",
      "weight must be a number, not text",
      '"7"',
      "leave out the quotes: 7",
    ],
    [
      "weight: 1.5\n",
      "3:9 manifest/wrong-type",
      "weight must be a whole number, not a number",
      "1.5",
      "leave out the fraction",
    ],
    [
      "heavy: yes\n",
      "3:8 manifest/wrong-type",
      "heavy must be true or false, not text",
      "yes",
      "write true or false",
    ],
    [
      "needs:\n",
      "3:1 manifest/wrong-type",
      "needs must be a list, not empty",
      "needs",
      "give it a value, or leave the key out",
    ],
    [
      "source: {url: x}\n",
      "3:9 manifest/missing-key",
      'the key "sha256" is missing in source',
      "{url: x}",
      undefined,
    ],
    ["source: 3\n", "3:9 manifest/wrong-type", "source must be a mapping, not a number", "3", undefined],
    [
      "part: {type: weel, spokes: 3}\n",
      "3:14 manifest/bad-value",
      'part.type cannot be "weel"',
      "weel",
      'did you mean "wheel"? one of wheel, axle',
    ],
    [
      "part: {spokes: 3}\n",
      "3:7 manifest/missing-key",
      'the key "type" is missing in part',
      "{spokes: 3}",
      "type: one of wheel, axle",
    ],
    [
      "vars: {a-b: 1}\n",
      "3:8 manifest/bad-value",
      '"a-b" is not a variable\'s name',
      "a-b",
      "letters, digits and _, no digit first",
    ],
    [
      "vars: {arch: arm}\n",
      "3:8 manifest/bad-value",
      '"arch" is a name kit gives a value itself',
      "arch",
      "choose another name",
    ],
    [
      "vars: {a: [1]}\n",
      "3:11 manifest/wrong-type",
      "vars.a must be text or a number or true or false, not a list",
      "[1]",
      expect.stringContaining(""),
    ],
    [
      "sourceDateEpoch: -1\n",
      "3:18 manifest/bad-value",
      "-1 is before 1970",
      "-1",
      expect.stringContaining("seconds"),
    ],
    [
      "files:\n  - path: /a\n  - path: /a\n",
      "5:5 manifest/bad-value",
      "files[1] has the path of an earlier entry: /a",
      "path: /a",
      expect.stringContaining("rename"),
    ],
  ])("%j", async (text, where, message, covered, hint) => {
    const fault = await only(start + text);
    expect(lineOf(fault)).toBe(`root.yaml:${where} ${message}`);
    expect(marked(fault)).toBe(covered);
    expect(fault.hint).toEqual(hint);
    expect(fault.exit).toBe(3);
  });

  test.each([
    ["", "1:1 manifest/wrong-type the file holds no manifest"],
    ["- a\n", "1:1 manifest/wrong-type a manifest is a mapping"],
    ["name: a\n", '1:1 manifest/missing-key the key "kind" is missing'],
    ["name: a\nkind: thng\n", '2:7 manifest/bad-value there is no kind "thng"'],
    ["kind:\n", "1:1 manifest/bad-value there is no kind null"],
    ["kind: thing\n", '1:1 manifest/missing-key the key "name" is missing'],
  ])("of the manifest as a whole: %j", async (text, line) => {
    expect(lineOf(await only(text))).toBe(`root.yaml:${line}`);
  });

  test("says what a missing key is for, and which kind was meant", async () => {
    expect((await only("kind: thing\n")).hint).toBe("name: What it is called.");
    expect((await only("kind: thng\n")).hint).toBe('did you mean "thing"? one of thing, box');
  });
});

test("all faults are told at once, in order of place", async () => {
  const text = `kind: thing
nam: a
color: grene
mode: 644
files:
  - {path: 1, form: ./a}
  - {path: /b, from: b}
  - {path: /b}
needs: [../missing.yaml, "\${nothing}"]
weight: heavy
`;
  expect(await linesFrom(text)).toEqual([
    'root.yaml:1:1 manifest/missing-key the key "name" is missing',
    'root.yaml:2:1 manifest/unknown-key unknown key "nam"',
    'root.yaml:3:8 manifest/bad-value color cannot be "grene"',
    "root.yaml:4:7 manifest/wrong-type mode must be text, not a number",
    "root.yaml:6:12 manifest/wrong-type files[0].path must be text, not a number",
    'root.yaml:6:15 manifest/unknown-key unknown key "form" in files[0]',
    'root.yaml:7:22 manifest/bad-value "b" is not a path relative to the manifest',
    "root.yaml:8:5 manifest/bad-value files[2] has the path of an earlier entry: /b",
    "root.yaml:9:9 manifest/missing-file there is no file /missing.yaml",
    'root.yaml:9:27 manifest/unknown-variable unknown variable "nothing"',
    "root.yaml:10:9 manifest/wrong-type weight must be a number, not text",
  ]);
});

test("defaults are filled in, and nothing else is changed", async () => {
  const { kind, document } = await assembleText(`${start}weight: 3\n`);
  expect(kind.schema.parse(document.value)).toEqual({
    kind: "thing",
    name: "a",
    weight: 3,
    color: "red",
    vars: {},
    needs: [],
    files: [],
  });
});
