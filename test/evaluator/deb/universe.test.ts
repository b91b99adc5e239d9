// Universes: what is found in an index, which version is the candidate, who satisfies what.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mentionOrder } from "../../../evaluator/deb/mention.ts";
import { parseRelations } from "../../../evaluator/deb/relation.ts";
import { packagesIndex, splitPriority, type Universe } from "../../../evaluator/deb/universe.ts";
import { pkg, source, stanza, universeOf } from "./archive.ts";

function candidateOf(universe: Universe, name: string): string | undefined {
  return universe.package(name, "amd64")?.candidate?.version;
}

function satisfiers(universe: Universe, relation: string, architecture = "amd64"): string[] {
  const [[parsed] = []] = parseRelations(relation);
  if (parsed === undefined) throw new Error(`no relation in ${relation}`);
  return universe
    .satisfiers(parsed, architecture)
    .map((version) => `${version.name}:${version.package.architecture} ${version.version}`);
}

describe("packagesIndex", () => {
  const text = [
    pkg("a 1", "Provides: virtual (= 1), other:any,", "Description: x\n Package: not\n Provides: nothing"),
    pkg("a 2"),
    "Version: 3\nPackage: late\nArchitecture: amd64",
    "Nothing: here",
    pkg("ü 1"),
    pkg("b 1", "Provides: virtual,\n folded"),
  ].join("\n\n");

  test("finds stanzas by name and by what they provide", () => {
    const index = packagesIndex(Buffer.from(`\n\n${text}\n`));
    expect(index.size).toBe(6);
    expect(index.named("a")).toEqual([0, 1]);
    expect(index.named("late")).toEqual([2]);
    expect(index.named("not")).toEqual([]);
    expect(index.providing("virtual").map(index.nameAt)).toEqual(["a", "b"]);
    expect(index.providing("folded").map(index.nameAt)).toEqual(["b"]);
    expect(index.providing("nothing")).toEqual([]);
    expect(index.providing("other").map(index.nameAt)).toEqual(["a"]);
    expect(index.text(1)).toBe(pkg("a 2"));
    expect(index.warnings).toEqual(['skipped a stanza without a Package field, beginning "Nothing: here"']);
    // Who has several lists is told which one it is.
    expect(universeOf([], { sources: [source([text], { suite: "lunar" })] }).warnings()).toEqual([
      'main lunar: skipped a stanza without a Package field, beginning "Nothing: here"',
    ]);
    const broken = Array.from({ length: 150 }, (_, i) => `Nothing: ${i}`).join("\n\n");
    expect(
      universeOf([], { sources: [source([broken])] })
        .warnings()
        .at(-1),
    ).toBe("main stable: 50 more warnings like these");
  });

  test("is empty over nothing", () => {
    const index = packagesIndex(new Uint8Array());
    expect([index.size, [...index.names()], index.withLine("x")]).toEqual([0, [], []]);
  });

  test("reads the view it is given, not the buffer behind it", () => {
    const whole = Buffer.from(`${pkg("outside")}\n\n${pkg("inside")}\n\n${pkg("beyond")}\n`);
    const start = whole.indexOf("Package: inside");
    const index = packagesIndex(new Uint8Array(whole.buffer, whole.byteOffset + start, pkg("inside").length));
    expect([...index.names()]).toEqual(["inside"]);
  });
});

describe("candidates", () => {
  const stable = source([pkg("a 1.9"), pkg("b 1")]);
  const updates = source([pkg("a 1.10"), pkg("b 1")], { suite: "updates" });
  const backports = source([pkg("a 3"), pkg("c 1")], { suite: "backports", priority: 100 });

  test("the highest version of the highest priority", () => {
    const universe = universeOf([], { sources: [backports, updates, stable] });
    expect(candidateOf(universe, "a")).toBe("1.10");
    expect(candidateOf(universe, "c")).toBe("1");
    expect(universe.package("a", "amd64")?.versions.map(({ version }) => version)).toEqual([
      "3",
      "1.10",
      "1.9",
    ]);
    // The same version in two suites is one version, and comes from the one that sorts first.
    expect(universe.package("b", "amd64")?.versions.map(({ origin }) => origin)).toEqual([
      { repository: "main", suite: "stable" },
    ]);
  });

  test("pins: by glob, by suite or repository, the first that matches", () => {
    const sources = [stable, updates, backports];
    const pinned = (...pins: { package: string; from: string; priority: number }[]) =>
      candidateOf(universeOf([], { sources, pins }), "a");
    expect(pinned({ package: "a", from: "backports", priority: 900 })).toBe("3");
    expect(pinned({ package: "[!b]", from: "stable", priority: 501 })).toBe("1.9");
    expect(pinned({ package: "?", from: "stable", priority: 501 })).toBe("1.9");
    expect(pinned({ package: "b*", from: "stable", priority: 501 })).toBe("1.10");
    expect(pinned({ package: "[", from: "stable", priority: 501 })).toBe("1.10");
    expect(pinned({ package: "*", from: "main", priority: 400 })).toBe("3");
    expect(
      pinned(
        { package: "a", from: "updates", priority: -1 },
        { package: "*", from: "updates", priority: 990 },
      ),
    ).toBe("1.9");
  });

  test("a rank goes before every priority and pin, but not before never", () => {
    const ranked = (rank: number) => source([pkg("a 1")], { suite: "near", priority: 1, rank });
    const pins = [{ package: "a", from: "stable", priority: 32_767 }];
    expect(candidateOf(universeOf([], { sources: [ranked(0), stable], pins }), "a")).toBe("1.9");
    expect(candidateOf(universeOf([], { sources: [ranked(1), stable], pins }), "a")).toBe("1");
    expect(candidateOf(universeOf([], { sources: [ranked(1), stable] }), "b")).toBe("1");
    const never = [{ package: "a", from: "near", priority: -1 }];
    expect(candidateOf(universeOf([], { sources: [ranked(3), stable], pins: never }), "a")).toBe("1.9");
    // Of one version in two places the higher rank counts.
    const both = [source([pkg("a 1.9")], { suite: "near", rank: 1 }), stable, updates];
    expect(candidateOf(universeOf([], { sources: both }), "a")).toBe("1.9");
  });

  test("a rank and a priority are told apart again", () => {
    fc.assert(
      fc.property(fc.nat(5), fc.integer({ min: -32_768, max: 32_767 }), (rank, priority) => {
        const { sources } = { sources: [source([pkg("a 1")], { priority, rank })] };
        const version = universeOf([], { sources }).package("a", "amd64")?.versions[0];
        const told = splitPriority(version?.priority ?? Number.NaN);
        expect(told).toEqual({ rank: priority > 0 ? rank : 0, priority });
      }),
    );
  });

  test("a priority of zero and below is never a candidate", () => {
    const pins = [{ package: "a", from: "main", priority: 0 }];
    expect(candidateOf(universeOf([pkg("a 1")], { pins }), "a")).toBeUndefined();
  });

  test("locals stand above everything, the excluded do not exist", () => {
    const universe = universeOf([pkg("a 9"), pkg("b 1", "Provides: v")], {
      locals: [stanza("a 1", "Provides: v")],
      exclude: ["b"],
    });
    expect(candidateOf(universe, "a")).toBe("1");
    expect(universe.package("a", "amd64")?.candidate?.origin).toBe("local");
    expect(universe.package("b", "amd64")).toBeUndefined();
    expect(satisfiers(universe, "v")).toEqual(["a:amd64 1"]);
  });

  test("what a suite's repository excludes it has not, and others may", () => {
    const main = source([pkg("a 9"), pkg("b 9", "Provides: v", "Essential: yes"), pkg("bc 9")], {
      exclude: ["a", "b*"],
    });
    const universe = universeOf([], { sources: [main, source([pkg("a 1")], { repository: "other" })] });
    expect(["a", "b", "bc"].map((name) => candidateOf(universe, name))).toEqual(["1", undefined, undefined]);
    expect(["a", "b", "c"].map(universe.isExcluded)).toEqual([false, true, false]);
    expect([satisfiers(universe, "v"), universe.base("essential")]).toEqual([[], []]);
  });

  test("base sets follow the candidate's fields", () => {
    const old = source([
      pkg("a 1", "Essential: yes"),
      pkg("b 1", "Essential: yes", "Priority: required"),
      pkg("c 1", "Priority: required"),
      pkg("e 1", "Priority: important"),
      pkg("f 1", "Priority: standard"),
    ]);
    const recent = source([pkg("a 2")], { suite: "updates" });
    const universe = universeOf([], { sources: [old, recent], locals: [stanza("d 1", "Essential: yes")] });
    expect(universe.base("essential")).toEqual(["b", "d"]);
    expect(universe.base("required")).toEqual(["b", "c"]);
    expect(universe.base("important")).toEqual(["e"]);
    expect(universe.base("standard")).toEqual(["f"]);
  });
});

describe("satisfiers", () => {
  const universe = universeOf(
    [
      pkg("a 1"),
      pkg("b 2", "Provides: a (= 5), plain, over (>= 3)"),
      pkg("c 1", "Multi-Arch: allowed", "Provides: mapped:any"),
      pkg("d 1", "Multi-Arch: foreign", "Provides: tool"),
      pkg("d 1", "Multi-Arch: foreign", "Architecture: arm64"),
      pkg("a 1", "Architecture: arm64"),
      pkg("e 1", "Architecture: all", "Multi-Arch: foreign"),
      pkg("f 1", "Architecture: all"),
    ],
    { foreign: ["arm64"] },
  );

  test.each([
    ["a", ["a:amd64 1", "b:amd64 2"]],
    ["a (>= 2)", ["b:amd64 2"]],
    ["a (= 1)", ["a:amd64 1"]],
    ["plain", ["b:amd64 2"]],
    ["plain (= 2)", []],
    ["over", []],
    ["a:arm64", ["a:arm64 1"]],
    ["a:any", []],
    ["c:any", ["c:amd64 1"]],
    ["mapped:any", ["c:amd64 1"]],
    ["d", ["d:amd64 1", "d:arm64 1"]],
    ["tool", ["d:amd64 1"]],
    ["nothing", []],
  ])("%s", (relation, expected) => {
    expect(satisfiers(universe, relation)).toEqual(expected);
  });

  test("a foreign package's dependencies", () => {
    expect(satisfiers(universe, "a", "arm64")).toEqual(["a:arm64 1"]);
    expect(satisfiers(universe, "tool", "arm64")).toEqual(["d:amd64 1"]);
    expect(satisfiers(universe, "e", "arm64")).toEqual(["e:amd64 1"]);
    // Architecture `all` counts as native unless it says Multi-Arch: foreign.
    expect(satisfiers(universe, "f", "arm64")).toEqual([]);
    expect(satisfiers(universe, "a", "every")).toEqual(["a:amd64 1", "a:arm64 1", "b:amd64 2"]);
  });
});

describe("of what is fetched", () => {
  const file = ["Filename: pool/a.deb", "Size: 7", `SHA256: ${"0".repeat(64)}`];
  const fetched = (packages: readonly string[]) => universeOf(packages, { fetched: true });

  test("a stanza says which file it is", () => {
    expect(candidateOf(fetched([pkg("a 1", ...file)]), "a")).toBe("1");
  });

  test.each([
    ["no Filename", file.slice(1)],
    ['the malformed Filename "../../etc/passwd"', ["Filename: ../../etc/passwd", ...file.slice(1)]],
    ['the malformed Filename "/etc/passwd"', ["Filename: /etc/passwd", ...file.slice(1)]],
    ['the malformed Size "x"', ["Filename: a.deb", "Size: x", ...file.slice(2)]],
    ['the malformed Size "-1"', ["Filename: a.deb", "Size: -1", ...file.slice(2)]],
    ["no SHA256", file.slice(0, 2)],
    ['the malformed SHA256 "0"', [...file.slice(0, 2), "SHA256: 0"]],
  ])("one with %s is skipped, with a warning", (what, fields) => {
    const all = fetched([pkg("a 2", ...fields), pkg("a 1", ...file)]);
    expect(candidateOf(all, "a")).toBe("1");
    expect(all.warnings()).toEqual([`main stable, a: skipped a stanza: a has ${what}`]);
  });
});

test.each(["99999999999:1", "a:1", ":1", "1 2"])("the version %j is none", (version) => {
  const all = universeOf([`Package: a\nVersion: ${version}\nArchitecture: amd64`]);
  expect(candidateOf(all, "a")).toBeUndefined();
  expect(all.warnings()).toEqual([
    `main stable, a: skipped a stanza: a has the malformed Version ${JSON.stringify(version)}`,
  ]);
});

test("a broken stanza is skipped with a warning that names it", () => {
  const universe = universeOf([
    "Package: noversion\nArchitecture: amd64",
    "Package: broken\nVersion: 1\nArchitecture: amd64\nnonsense",
    pkg("baddep", "Depends: a (1)"),
    pkg("good", "Depends: a"),
  ]);
  for (const name of ["noversion", "broken", "baddep"])
    expect(universe.package(name, "amd64")).toBeUndefined();
  expect(candidateOf(universe, "good")).toBe("1");
  expect(universe.warnings()).toEqual([
    'main stable, baddep: skipped a stanza: malformed dependency "a (1)": expected NAME[:ARCH] [(OPERATOR VERSION)] [[ARCHS]] [<PROFILES>]',
    'main stable, broken: skipped a stanza: malformed stanza "Package: broken": no field: "nonsense"',
    "main stable, noversion: skipped a stanza: noversion has no Version",
  ]);
});

describe("mention order", () => {
  const packages = [
    pkg(
      "m",
      "Source: aaa (1)",
      "Recommends: y",
      "Pre-Depends: x, w | v (>= 1)",
      "Description: u is prose, u",
    ),
    pkg("n", "Depends: u:any, t"),
    pkg("t", "Provides: s"),
    pkg("u"),
  ];

  test("in a list of several architectures a package is spoken of by its own, a native one by those of all too", () => {
    const mixed = [
      pkg("c", "Architecture: arm64", "Suggests: h, f:amd64"),
      pkg("d", "Architecture: all", "Depends: g"),
      pkg("e", "Architecture: amd64", "Depends: h, g:any"),
    ];
    const order = mentionOrder([source(mixed).index], "amd64");
    const sorted = (architecture: string) => ["f", "g", "h"].toSorted((a, b) => order(a, b, architecture));
    expect(sorted("amd64")).toEqual(["f", "g", "h"]);
    expect(sorted("arm64")).toEqual(["h", "f", "g"]);
  });

  test("a clash, and what is provided for all architectures, speak of a name only where nobody did before", () => {
    const mixed = [
      pkg("a", "Architecture: arm64", "Suggests: i"),
      pkg("b", "Architecture: arm64", "Multi-Arch: foreign", "Provides: i, k"),
      pkg("c", "Breaks: i, l"),
      pkg("d", "Depends: e:native"),
      pkg("f"),
      pkg("i"),
    ];
    const order = mentionOrder([source(mixed).index], "amd64");
    const names = ["e", "f", "i", "k", "l"];
    expect(names.toSorted((a, b) => order(a, b, "amd64"))).toEqual(["k", "l", "e", "f", "i"]);
  });

  test("is by stanza, then by the order apt reads fields in", () => {
    const names = ["zz", "u", "t", "s", "n", "y", "v", "w", "x", "m"];
    const expected = ["m", "x", "w", "v", "y", "n", "t", "s", "u", "zz"];
    const sorted = (list: typeof packages, ...parts: readonly string[]) => {
      const order = mentionOrder([source(list).index], "amd64");
      return parts.toSorted((a, b) => order(a, b, "amd64"));
    };
    expect(sorted(packages, ...names)).toEqual(expected);
    expect(sorted(packages.toReversed(), ...names)).toEqual(expected);
  });
});
