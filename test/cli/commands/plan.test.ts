// What evaluate, graph, why and log tell of a plan, and how a derivation is named.

import { mkdirSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { packageLines, packageReasons } from "../../../cli/commands/chains.ts";
import { planLines, planRecord } from "../../../cli/commands/evaluate.ts";
import { logByDigits } from "../../../cli/commands/log.ts";
import { dotLines, graphRecord } from "../../../cli/commands/plangraph.ts";
import { knownOf, select, short } from "../../../cli/commands/selection.ts";
import { reasonLines, reasons } from "../../../cli/commands/why.ts";
import type { ChosenPackage } from "../../../evaluator/resolution.ts";
import { layoutOf } from "../../../store/layout.ts";
import { contentOf, derivation, type Result } from "../../../store/model/derivation.ts";
import { type Digest, digestOf, hexOf } from "../../../store/model/digest.ts";
import { digest, folder, knownAs, made } from "./rig.ts";

const local = contentOf("blob", digest("a local file"));
const base = derivation({
  builder: "fetch",
  label: "base.deb",
  parameters: { sha256: "0" },
  inputs: { local: { content: local } },
  outputs: ["out"],
});
const root = made("the root", { base }, "rootfs");
const image = made('a "quoted"\\image', { root, again: root });
const all = [base, root, image];
const plan = {
  views: [],
  wanted: [],
  outputs: [
    { type: "tar", name: "first", architecture: "amd64", derivation: image, output: "out", file: "x.tar" },
  ],
};

describe("evaluate", () => {
  it("tells derivations before their users, with their inputs, then the outputs", () => {
    expect(planLines(plan)).toEqual([
      `${short(base.digest)} fetch base.deb`,
      `    local ${local}`,
      `${short(root.digest)} rootfs the root`,
      `    base ${short(base.digest)} base.deb (out)`,
      `${short(image.digest)} tar a "quoted"\\image`,
      `    root ${short(root.digest)} the root (out)`,
      `    again ${short(root.digest)} the root (out)`,
      `output tar first amd64 ${short(image.digest)}`,
    ]);
  });

  it("as data, nothing is nested and everything can be found by digest", () => {
    const record = JSON.parse(JSON.stringify(planRecord(plan)));
    expect(record.outputs).toEqual([
      {
        type: "tar",
        name: "first",
        architecture: "amd64",
        output: "out",
        file: "x.tar",
        derivation: image.digest,
      },
    ]);
    expect(record.derivations.map((item: { digest: string }) => item.digest)).toEqual(
      all.map((item) => item.digest),
    );
    expect(record.derivations[1].inputs).toEqual({ base: { derivation: base.digest, output: "out" } });
    expect(record.derivations[0]).toMatchObject({
      parameters: { sha256: "0" },
      inputs: { local: { content: local } },
    });
  });
});

describe("graph", () => {
  it("as dot, each edge once, text escaped", () => {
    expect(dotLines(all)).toEqual([
      "digraph plan {",
      "  node [shape=box];",
      `  "${short(base.digest)}" [label="fetch\\nbase.deb"];`,
      `  "${short(root.digest)}" [label="rootfs\\nthe root"];`,
      `  "${short(image.digest)}" [label="tar\\na \\"quoted\\"\\\\image"];`,
      `  "${short(base.digest)}" -> "${short(root.digest)}";`,
      `  "${short(root.digest)}" -> "${short(image.digest)}";`,
      "}",
    ]);
  });

  it("as data, each input is an edge", () => {
    expect(graphRecord(all).edges.map(({ input }) => input)).toEqual(["base", "root", "again"]);
  });
});

describe("why", () => {
  const results = new Map<Digest, Result>();
  const known = () => knownOf(all, (request) => results.get(request));

  it("of what cannot be requested yet, the derivation's own text is told", () => {
    const [, item] = known();
    const told = reasons(item ?? knownAs(root), { locals: new Map() });
    expect(told.request).toBeUndefined();
    expect(`blake3-${hexOf(digestOf(told.text))}`).toBe(root.digest);
    expect(reasonLines(told)).toContain(
      `    base not built yet from ${short(base.digest)} fetch base.deb (out)`,
    );
  });

  it("of what is built, exactly what was hashed, what came of it, and where inputs are from", () => {
    const request = known()[0]?.request?.digest ?? base.digest;
    const out = contentOf("blob", digest("bytes"));
    results.set(request, { format: "kit/result/1", request, outputs: { out }, references: [] });
    const [first, second] = known();
    const told = reasons(first ?? knownAs(base), { locals: new Map([["/here/file", local]]) });
    expect(digestOf(told.text)).toBe(request);
    expect(told.text).toMatch(/^kit\/request\/1\n/);
    expect(told).toMatchObject({
      request,
      outputs: { out },
      inputs: [{ name: "local", content: local, from: "/here/file" }],
    });
    expect(reasonLines(told).slice(0, 5)).toEqual([
      "fetch base.deb",
      `derivation ${base.digest}`,
      `request    ${request}`,
      "built into",
      `    out ${out}`,
    ]);
    expect(second?.request?.request.inputs).toEqual({ base: out });
  });
});

describe("why, of a package", () => {
  const source = { distro: "small", architecture: "amd64", repositories: [], pins: [] };
  const asked = (
    requests: readonly string[],
    base: readonly string[],
    packages: readonly ChosenPackage[],
  ) => ({
    question: { source, requests, base, exclude: [], locals: [] },
    closure: { packages, date: 0 },
  });
  const chosen = (name: string, by: string, relation: string): ChosenPackage => ({
    ...{ name, version: "1", architecture: "amd64", stanza: {}, origin: "local" },
    reasons: [{ by, relation }],
  });
  const base = [chosen("mawk", "base-files", "awk"), chosen("base-files", "base", "base-files")];
  const answered = [
    asked(["tool"], [], [...base, chosen("tool", "request", "tool")]),
    asked([], ["essential"], base),
    asked(
      ["app"],
      ["essential"],
      [...base, chosen("app", "request", "app"), chosen("lib", "app", "lib (>= 1)")],
    ),
  ];

  it("the root is told of, not its base alone, nor tools", () => {
    expect(packageLines(packageReasons(answered, "lib"))).toEqual([
      "lib 1 amd64 in small amd64: <essential> app",
      "    request app -> lib (>= 1)",
    ]);
    for (const name of ["lib:amd64", "lib:any"])
      expect(packageReasons(answered, name)).toEqual(packageReasons(answered, "lib"));
    expect(packageLines(packageReasons(answered, "mawk"))).toEqual([
      "mawk 1 amd64 in small amd64: <essential> app",
      "    base base-files -> awk [mawk]",
    ]);
  });

  it("tools are told of what is in no root; nothing of what is nowhere", () => {
    expect(packageLines(packageReasons(answered, "tool"))).toEqual([
      "tool 1 amd64 in small amd64: tool",
      "    request tool",
    ]);
    expect(packageReasons(answered, "none")).toEqual([]);
  });

  it("no more than ten chains are written out", () => {
    const many = Array.from({ length: 12 }, (_, i) => chosen(`app${i}`, "request", `app${i}`));
    const lib = {
      ...chosen("lib", "", ""),
      reasons: many.map(({ name }) => ({ by: name, relation: "lib" })),
    };
    const lines = packageLines(packageReasons([asked(["apps"], ["essential"], [...many, lib])], "lib"));
    expect(lines).toHaveLength(12);
    expect(lines.at(-1)).toBe("    and 2 more, as short");
  });
});

describe("naming a derivation", () => {
  const twin = made("base.deb", { base }, "unpack");
  const known = [...all, twin].map((item) => knownAs(item, digest(`request of ${item.builder}`)));

  it.each([
    ["the root", root],
    ["the r", root],
    ["rootfs the root", root],
    ["unpack base.deb", twin],
    ["fetch ", base],
    [hexOf(image.digest).slice(0, 8), image],
    [image.digest, image],
    [hexOf(digest("request of rootfs")).slice(0, 16), root],
  ])("%s", (wanted, item) => {
    expect(select(known, wanted).derivation).toBe(item);
  });

  it("what is not there is told with what is near, what is ambiguous with all it may be", () => {
    expect(() => select(known, "the rot")).toThrow(
      expect.objectContaining({ code: "usage/no-derivation", hint: 'did you mean "the root"?' }),
    );
    expect(() => select(known, "base.deb")).toThrow(
      expect.objectContaining({
        code: "usage/ambiguous",
        details: [`${short(base.digest)} fetch base.deb`, `${short(twin.digest)} unpack base.deb`],
      }),
    );
  });
});

describe("naming a log", () => {
  it("by its first digits, if they are one's alone", () => {
    const layout = layoutOf(folder());
    const names = [`ab${"1".repeat(62)}`, `ab1${"2".repeat(61)}`];
    mkdirSync(`${layout.logs}/ab`, { recursive: true });
    for (const name of [...names, `${names[0]}.tmp-1`]) writeFileSync(`${layout.logs}/ab/${name}`, "");
    expect(logByDigits(layout, "ab12")).toBe(`blake3-${names[1]}`);
    expect(logByDigits(layout, "ab111")).toBe(`blake3-${names[0]}`);
    expect(() => logByDigits(layout, "ab1")).toThrow(expect.objectContaining({ code: "usage/ambiguous" }));
    expect(() => logByDigits(layout, "ab13")).toThrow(expect.objectContaining({ code: "usage/no-log" }));
    expect(() => logByDigits(layout, "cd00")).toThrow(expect.objectContaining({ code: "usage/no-log" }));
  });
});
