// Variables: where they are replaced, what they may stand for, and what is said of those that stand for nothing.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readDocument } from "../../../evaluator/manifest/document.ts";
import { settle } from "../../../evaluator/manifest/settle.ts";
import {
  expandText,
  expandVariables,
  type Target,
  unresolvedFault,
  variablesOf,
} from "../../../evaluator/manifest/variables.ts";
import { assembleText, faultsFrom, lineOf, linesFrom, marked, thingKind } from "./rig.ts";

const target: Target = { arch: "arm64", buildType: "debug", distro: "debian/trixie" };

const settled = async (text: string, to = target) => settle(await assembleText(text), thingKind, to).manifest;

describe("expanded", () => {
  test("in every text, for a target", async () => {
    const manifest = await settled(`kind: thing
name: hello-\${arch}
version: 1.2.0
description: "\${name} \${version} \${buildType} \${distro} \${vars} $\${arch} $\${"
vars: {vars: "\${color}!", color: green, number: 7, flag: true}
color: \${color}
files: [{path: "/usr/lib/\${number}/\${flag}", from: "./\${arch}/x"}]
`);
    expect(manifest).toMatchObject({
      name: "hello-arm64",
      description: "hello-arm64 1.2.0 debug debian/trixie green! ${arch} ${",
      vars: { vars: "green!", color: "green", number: 7, flag: true },
      color: "green",
      files: [{ path: "/usr/lib/7/true", from: "./arm64/x" }],
    });
  });

  test("not in keys and not in `kind`", () => {
    const value = { kind: "${arch}", "${arch}": ["${arch}"] };
    expect(expandVariables(value, new Map([["arch", "a"]])).value).toEqual({
      kind: "${arch}",
      "${arch}": ["a"],
    });
  });

  test("once: what a variable holds is not looked at again", () => {
    const { variables } = variablesOf({ vars: { a: "$${b}", b: "x" } }, target);
    expect(expandVariables("${a}", variables).value).toBe("${b}");
  });

  test("local files are those of the target", async () => {
    const assembled = await assembleText('kind: thing\nname: a\nfiles: [{path: /x, from: "../${arch}/x"}]\n');
    expect(settle(assembled, thingKind, target).locals).toEqual([
      { path: ["files", 0, "from"], file: "../arm64/x", at: "/arm64/x" },
    ]);
    expect(settle(assembled, thingKind, { ...target, arch: "amd64" }).locals[0]?.at).toBe("/amd64/x");
  });
});

describe("refused", () => {
  const start = "kind: thing\nname: a\n";
  test.each([
    [
      "description: x ${archs} y\n",
      "3:16 manifest/unknown-variable",
      'unknown variable "archs"',
      "${archs}",
      "did you mean ${arch}?",
    ],
    [
      "vars: {color: red}\ncolor: ${colour}\n",
      "4:8 manifest/unknown-variable",
      'unknown variable "colour"',
      "${colour}",
      "did you mean ${color}?",
    ],
    [
      "description: |\n  ${arch} ${HOME}\n  ${arch} ${HOME}\n",
      "4:11 manifest/unknown-variable",
      'unknown variable "HOME"',
      "${HOME}",
      "known here: arch,",
    ],
    [
      'description: "${arch"\n',
      "3:15 manifest/unknown-variable",
      "this variable is never closed with }",
      "${arch",
      "$${",
    ],
    ["description: ${}\n", "3:14 manifest/unknown-variable", 'unknown variable ""', "${}", "known here"],
    [
      "description: ${version}\n",
      "3:14 manifest/unknown-variable",
      "${version} has no value here",
      "${version}",
      "known here",
    ],
    [
      "vars: {a: '${b}', b: '${c}', c: '${b}'}\n",
      "3:34 manifest/cycle",
      "a variable stands for itself: b → c → b",
      "${b}",
      undefined,
    ],
    ["vars: {a: 'x${a}'}\n", "3:13 manifest/cycle", "a variable stands for itself: a → a", "${a}", undefined],
  ])("%j", async (text, where, message, covered, hint) => {
    const faults = await faultsFrom(() => assembleText(start + text));
    const fault = faults[0] as (typeof faults)[number];
    expect(lineOf(fault)).toBe(`root.yaml:${where} ${message}`);
    expect(marked(fault)).toBe(covered);
    if (hint) expect(fault.hint).toContain(hint);
  });

  test("each use once, and no second fault for the value it stands in", async () => {
    expect(await linesFrom(`${start}color: \${colr}\ndescription: "\${x} \${x}"\n`)).toEqual([
      'root.yaml:3:8 manifest/unknown-variable unknown variable "colr"',
      'root.yaml:4:15 manifest/unknown-variable unknown variable "x"',
      'root.yaml:4:20 manifest/unknown-variable unknown variable "x"',
    ]);
  });

  test("a machine is who asks', else the manifest's own; where neither says, that is told", async () => {
    const plain = await assembleText(`${start}description: on \${machine}\n`);
    const [fault] = await faultsFrom(() => settle(plain, thingKind, target));
    expect(fault && lineOf(fault)).toBe(
      "root.yaml:3:17 manifest/unknown-variable ${machine} has no value here: nobody who asks names a machine",
    );
    expect(fault?.hint).toMatch(/^name one in the image that has it .*: vars: {machine: any}; /);
    const asked = { ...target, machine: "board" };
    expect(settle(plain, thingKind, asked).manifest.description).toBe("on board");
    const named = await assembleText(`${start}vars: {machine: qemu}\ndescription: on \${machine}\n`);
    expect(settle(named, thingKind, target).manifest.description).toBe("on qemu");
    expect(settle(named, thingKind, asked).manifest.description).toBe("on board");
  });

  test("what is wrong for one target alone, when it is asked for", async () => {
    const assembled = await assembleText(`${start}vars: {amd64: 1}\nmode: \${mode-\${arch}}\n`).catch(
      () => undefined,
    );
    expect(assembled).toBeUndefined();
    const buildType = await assembleText(
      'kind: thing\nname: a\nvars: {x: "${buildType}"}\nfiles: [{path: "/${x}"}, {path: /debug}]\n',
    );
    const [repeated] = await faultsFrom(() => settle(buildType, thingKind, target));
    expect(repeated && lineOf(repeated)).toBe(
      "root.yaml:4:26 manifest/bad-value files[1] has the path of an earlier entry: /debug",
    );
  });

  test("variables that grow without end", async () => {
    const names = Array.from({ length: 40 }, (_, index) => `v${index}`);
    const doubling = names.map((name, index) => `  ${name}: "\${v${index + 1}}\${v${index + 1}}"`);
    const text = `${start}vars:\n${doubling.join("\n")}\n  v40: xxxxxxxx\n`;
    expect((await linesFrom(text))[0]).toContain("manifest/too-large");
    const chain = Array.from({ length: 9000 }, (_, index) => `  v${index}: "\${v${index + 1}}"`);
    expect((await linesFrom(`${start}vars:\n${chain.join("\n")}\n  v9000: x\n`))[0]).toContain(
      "manifest/too-large",
    );
    const wide = `${start}vars: {a: ${"x".repeat(100_000)}}\ndescription: "${"${a}".repeat(100_000)}"\n`;
    expect((await linesFrom(wide))[0]).toContain("manifest/too-large");
  });
});

test("a text without variables, escaped, is itself again", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom("$", "{", "}", "a", "\n", "x y")), (parts) => {
      // A dollar before an escape would be read as part of it: the language has no way to write `$${` otherwise.
      const text = parts.join("").replace(/\$+\{/g, "${");
      expect(
        expandText(
          text.replaceAll("${", () => "$${"),
          () => "lost",
        ),
      ).toBe(text);
    }),
  );
});

test("what is expanded is what is defined, whatever the text", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, value) => {
      const text = before.replaceAll("$", "").replaceAll("{", "");
      expect(expandText(`${text}\${x}${text}`, (name) => (name === "x" ? value : undefined))).toBe(
        text + value + text,
      );
    }),
  );
});

test("what is for all architectures has none", () => {
  const target = { arch: "amd64", buildType: "release", distro: "debian/trixie" } as const;
  const arch = (...architectures: string[]) => variablesOf({ architectures }, target).variables.get("arch");
  expect([arch("all"), arch("noarch"), arch("any"), arch("all", "amd64"), arch()]).toEqual([
    ...[undefined, undefined],
    ...["amd64", "amd64", "amd64"],
  ]);
  const fault = {
    code: "manifest/unknown-variable",
    message: expect.stringContaining("for all architectures"),
  };
  const use = { path: [], text: "${arch}", name: "arch", nth: 0, why: "unknown" } as const;
  const document = readDocument("/m/root.yaml", "architectures: [all]\nname: x-${arch}\n");
  expect(unresolvedFault(document, { ...use, path: ["name"] }, new Map())).toMatchObject({
    ...fault,
    place: { line: 2, column: 9 },
  });
});
