// Modules: streams, defaults and who claims a package.
// Knows modulemd documents; does not know how they are fetched.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { modularField, readModules } from "../../../../builders/repository/rpm/modules.ts";
import { Fault } from "../../../../store/model/fault.ts";
import { refusal } from "../../../rig/refusal.ts";
import { modulesText } from "./sample.ts";

const read = (text: string | Uint8Array) => readModules("base modules.yaml", Buffer.from(text));
const sample = "sample:1.10:8010020190612143724:deadbeef:x86_64";

const moduleText = (stream: string, artifacts: string, more = "") => `---
document: modulemd
version: 2
data: { name: m, stream: ${stream}, version: 1, context: c, arch: x86_64, artifacts: { rpms: [${artifacts}] } ${more}}
`;

describe("what is read", () => {
  test("streams and defaults, each as it is written", () => {
    expect(read(modulesText)).toEqual({
      streams: [
        {
          name: "sample",
          stream: "1.10",
          version: "8010020190612143724",
          context: "deadbeef",
          arch: "x86_64",
          artifacts: ["sample-libs-0:3-1.noarch"],
        },
      ],
      defaults: new Map([["sample", "1.10"]]),
      warnings: [],
    });
  });

  test("who claims a package, also several", () => {
    const modular = modularField(
      read(`${modulesText}${moduleText("x", "sample-libs-0:3-1.noarch, a-1:2-3.x86_64")}`),
    );
    expect(modular("sample-libs-0:3-1.noarch")).toBe(`m:x:1:c:x86_64 ${sample}`);
    expect(modular("a-1:2-3.x86_64")).toBe("m:x:1:c:x86_64");
    expect(modular("a-0:2-3.x86_64")).toBeUndefined();
    expect(modular("constructor")).toBeUndefined();
  });

  test("no defaults without a stream, and no documents of other kinds", () => {
    const text =
      "---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: m\n  profiles: {'1': [p]}\n---\ndocument: modulemd-translations\ndata: {module: m}\n---\n# nothing\n...\n";
    expect(read(text)).toEqual({ streams: [], defaults: new Map(), warnings: [] });
    expect(read("")).toEqual({ streams: [], defaults: new Map(), warnings: [] });
  });
});

describe("what is skipped with a warning", () => {
  test.each([
    ["broken YAML", "---\ndocument: [\n", "skipped a document: line 2"],
    [
      "a key twice",
      "---\ndocument: modulemd\ndocument: modulemd\n",
      'skipped a document: line 3: the key "document" stands here twice',
    ],
    [
      "a module without a stream",
      "---\ndocument: modulemd\ndata: {name: m}\n",
      "skipped a module without a name, from line 1",
    ],
    ["a stream that would be two fields", moduleText('"a:b"', ""), "skipped a module without a name"],
    ["a name of two lines", moduleText('"a\\nb"', ""), "skipped a module without a name"],
    [
      "a billion laughs",
      `---\na: &a [x,x,x,x,x,x,x,x,x,x]\n${"bcdef"
        .split("")
        .map((each, i) => `${each}: &${each} [${`*${"abcde"[i]},`.repeat(10)}]`)
        .join("\n")}\n`,
      "skipped a document: line 6: the document holds more than",
    ],
    [
      "a document of a megabyte",
      `---\na: ${"x".repeat(2 << 20)}\n`,
      "skipped a document: line 1: the file is larger",
    ],
    ["nesting without end", `---\na: ${"[".repeat(50_000)}\n`, "skipped a document"],
  ])("%s", (_, text, warning) => {
    const { streams, warnings } = read(`${text}${moduleText("x", "a-0:1-1.noarch")}`);
    expect(streams.map(({ stream }) => stream)).toEqual(["x"]);
    expect(warnings.length).toBe(1);
    expect(warnings[0]).toContain(`base modules.yaml: ${warning}`);
  });

  test("lists that are none, and artifacts that are no words, are left out", () => {
    const { streams } = read(
      `${moduleText("x", '"a b", [c], "d-0:1-1.noarch"')}${moduleText("y", "", ", artifacts_: 1").replace("{ rpms: [] }", "none")}`,
    );
    expect(streams.map(({ artifacts }) => artifacts)).toEqual([["d-0:1-1.noarch"], []]);
  });
});

test("what is not UTF-8 or endless is refused", async () => {
  expect((await refusal(() => read(Buffer.from([0xff])))).code).toBe("digest/bad-modules");
  expect((await refusal(() => read("---\na: 1\n".repeat(30_000)))).code).toBe("digest/too-large");
});

test("whatever else is damaged is read or refused, and nothing else", () => {
  const document = Buffer.from(modulesText);
  const change = fc.tuple(
    fc.nat(document.length - 1),
    fc.constantFrom(...Buffer.from("\n:-[]{}&*!|>'\"%@`# \0\xff", "latin1")),
  );
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
      const bytes = Buffer.from(document);
      for (const [at, byte] of changes) bytes[at] = byte;
      try {
        read(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(Fault);
      }
    }),
    { numRuns: 300 },
  );
});
