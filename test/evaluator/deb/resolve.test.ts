// Resolution: apt's choices in small, conflicts that need backtracking, and what is told where nothing works.

import { describe, expect, test } from "vitest";
import { type Question, resolve } from "../../../evaluator/deb/resolve.ts";
import type { UniverseOptions } from "../../../evaluator/deb/universe.ts";
import { pkg, source, stanza, universeOf } from "./archive.ts";

type Ask = Partial<Question> & { readonly options?: Partial<UniverseOptions> };

function ask(packages: readonly string[], requests: readonly string[], { options, ...question }: Ask = {}) {
  return resolve(universeOf(packages, options), { requests, base: [], recommends: false, ...question });
}

/** `name version` of all chosen, or the explanation. */
function chosen(packages: readonly string[], requests: readonly string[], more: Ask = {}): readonly string[] {
  const resolution = ask(packages, requests, more);
  if (!resolution.ok) return [...resolution.explanation, `→ ${resolution.hint}`];
  return resolution.packages.map(({ name, version, architecture }) =>
    architecture === "amd64" ? `${name} ${version}` : `${name}:${architecture} ${version}`,
  );
}

describe("as apt chooses", () => {
  test("dependencies, pre-dependencies, and no recommendations unless wanted", () => {
    const packages = [
      pkg("a", "Depends: b", "Pre-Depends: c (>= 1)", "Recommends: d, nowhere"),
      pkg("b", "Depends: a"),
      pkg("c"),
      pkg("d", "Suggests: e"),
      pkg("e"),
    ];
    expect(chosen(packages, ["a"])).toEqual(["a 1", "b 1", "c 1"]);
    expect(chosen(packages, ["a"], { recommends: true })).toEqual(["a 1", "b 1", "c 1", "d 1"]);
  });

  test("a name with its architecture is like a virtual one: who is more important provides it", () => {
    const packages = [
      pkg("x", "Architecture: arm64", "Priority: optional"),
      pkg("y", "Architecture: arm64", "Priority: standard", "Provides: x (= 1)"),
      pkg("a", "Depends: x:arm64"),
      pkg("b", "Architecture: arm64", "Depends: x"),
    ];
    const options = { foreign: ["arm64"] };
    expect(chosen(packages, ["a"], { options })).toEqual(["a 1", "y:arm64 1"]);
    expect(chosen(packages, ["b:arm64"], { options })).toEqual(["b:arm64 1", "x:arm64 1"]);
  });

  test("the first alternative, unless another one is there already or it cannot be installed", () => {
    const packages = [
      pkg("a", "Depends: x | y | z"),
      pkg("x", "Depends: nowhere"),
      pkg("y"),
      pkg("z"),
      pkg("b", "Depends: z"),
    ];
    expect(chosen(packages, ["a"])).toEqual(["a 1", "y 1"]);
    expect(chosen(packages, ["a", "z"])).toEqual(["a 1", "z 1"]);
    // apt walks the requests by name: when it comes to a, nobody has asked for z yet.
    expect(chosen(packages, ["a", "b"])).toEqual(["a 1", "b 1", "y 1", "z 1"]);
  });

  test("providers: the named package, then essential, priority, and the one mentioned last", () => {
    const v = (name: string, ...fields: string[]) => pkg(name, "Provides: v", ...fields);
    expect(chosen([pkg("a", "Depends: v"), v("p"), v("q"), pkg("v")], ["a"])).toEqual(["a 1", "v 1"]);
    expect(
      chosen([pkg("a", "Depends: v"), v("p", "Priority: optional"), v("q", "Priority: extra")], ["a"]),
    ).toEqual(["a 1", "p 1"]);
    expect(
      chosen([pkg("a", "Depends: v"), v("p", "Essential: yes"), v("q", "Priority: required")], ["a"]),
    ).toEqual(["a 1", "p 1"]);
    expect(chosen([pkg("a", "Depends: v"), v("p"), v("q")], ["a"])).toEqual(["a 1", "q 1"]);
    expect(chosen([pkg("a", "Depends: v", "Suggests: q"), v("p"), v("q")], ["a"])).toEqual(["a 1", "p 1"]);
  });

  test("what an asked package conflicts with is never tried", () => {
    const packages = [pkg("a", "Depends: x | y"), pkg("x"), pkg("y"), pkg("z", "Conflicts: x")];
    expect(chosen(packages, ["a", "z"])).toEqual(["a 1", "y 1", "z 1"]);
  });

  test("a leftover of a failed try is swept", () => {
    const packages = [
      pkg("a", "Depends: x | y"),
      pkg("x", "Depends: extra, deep"),
      pkg("deep", "Depends: nowhere"),
      pkg("extra"),
      pkg("y"),
    ];
    expect(chosen(packages, ["a"])).toEqual(["a 1", "y 1"]);
    // Unless someone suggests it: apt keeps it then, and so do we, and say why.
    const suggesting = [...packages.slice(0, -1), pkg("y", "Suggests: extra")];
    expect(ask(suggesting, ["a"])).toMatchObject({
      packages: [
        { name: "a" },
        { name: "extra", reasons: [{ by: "y", relation: "Suggests: extra" }] },
        { name: "y" },
      ],
    });
  });

  test("a provider may conflict with the name it provides", () => {
    const mta = (name: string) => pkg(name, "Provides: mta", "Conflicts: mta");
    expect(chosen([pkg("a", "Depends: mta"), mta("x"), mta("y")], ["a"])).toEqual(["a 1", "y 1"]);
    expect(chosen([mta("x"), mta("y")], ["x", "y"])).toEqual([
      "x is asked for, which is x 1",
      "y is asked for, which is y 1",
      "x 1 conflicts with mta, and so with y 1",
      "→ it works without x or y",
    ]);
  });
});

describe("requests", () => {
  const packages = [
    pkg("a 1"),
    pkg("a 2", "Depends: b"),
    pkg("b 1", "Provides: v"),
    pkg("c 1", "Provides: v, w"),
  ];
  test.each([
    [["a"], ["a 2", "b 1"]],
    [["a=1"], ["a 1"]],
    [["a (<< 2)"], ["a 1"]],
    [["a (>= 1)"], ["a 2", "b 1"]],
    [["a:amd64"], ["a 2", "b 1"]],
    [["a", "a=1"], ["a 1"]],
    [["w"], ["c 1"]],
    [["v"], ["v is a virtual package, provided by b and c", "→ ask for one of the packages that provide v"]],
    [
      ["a=3"],
      [
        "no version is a (= 3); a has 2 (main stable) and 1 (main stable)",
        "→ ask for a version that exists, or add the suite that has the one you want",
      ],
    ],
    [["bb-package"], ["there is no package bb-package", "→ add the suite that has it"]],
    [
      ["bc", "dd"],
      ["there is no package bc", "there is no package dd", "→ did you mean b?; add the suite that has it"],
    ],
  ])("%j", (requests, expected) => {
    expect(chosen(packages, requests)).toEqual(expected);
  });

  test.each(["", "a b", "a | b", "a, b", "a [amd64]", "=1", "a="])("%j is refused", (text) => {
    expect(() => ask(packages, [text])).toThrow(/not a package request/);
  });
});

describe("base, locals, exclude", () => {
  const packages = [
    pkg("e", "Essential: yes", "Depends: lib"),
    pkg("r", "Priority: required"),
    pkg("lib"),
    pkg("a", "Depends: lib, v"),
    pkg("p", "Provides: v"),
    pkg("q", "Provides: v"),
  ];

  test("base sets with their reasons", () => {
    const resolution = ask(packages, ["a"], { base: ["essential", "required", "p"] });
    expect(resolution).toMatchObject({
      packages: [
        { name: "a", reasons: [{ by: "request", relation: "a" }] },
        { name: "e", reasons: [{ by: "base", relation: "e" }] },
        {
          name: "lib",
          reasons: [
            { by: "a", relation: "lib" },
            { by: "e", relation: "lib" },
          ],
        },
        {
          name: "p",
          reasons: [
            { by: "base", relation: "p" },
            { by: "a", relation: "v" },
          ],
          origin: { repository: "main", suite: "stable" },
        },
        { name: "r", reasons: [{ by: "base", relation: "r" }] },
      ],
    });
  });

  test("an excluded package does not exist", () => {
    expect(chosen(packages, ["a"], { options: { exclude: ["q"] } })).toEqual(["a 1", "lib 1", "p 1"]);
    expect(chosen(packages, ["a"], { options: { exclude: ["lib"] } })).toEqual([
      "a is asked for, which is a 1",
      "a 1 needs lib, which nothing satisfies: lib is excluded",
      "→ take lib out of what is excluded",
    ]);
    expect(chosen(packages, ["q"], { options: { exclude: ["q"] } })).toEqual([
      "q is excluded",
      "→ take q out of what is excluded, or do not ask for it",
    ]);
  });

  test("a local package replaces the archive's, with its own dependencies", () => {
    const locals = [stanza("lib 0.1", "Depends: p")];
    const resolution = ask(packages, ["e"], { options: { locals } });
    expect(resolution).toMatchObject({
      packages: [{ name: "e" }, { name: "lib", version: "0.1", origin: "local" }, { name: "p" }],
    });
  });
});

describe("where apt's first choice conflicts", () => {
  test("another alternative deep down", () => {
    const packages = [
      pkg("a", "Depends: x | y"),
      pkg("x", "Depends: m"),
      pkg("m", "Breaks: n"),
      pkg("y"),
      pkg("z", "Depends: k"),
      pkg("k", "Depends: n"),
      pkg("n"),
    ];
    expect(chosen(packages, ["a", "z"])).toEqual(["a 1", "k 1", "n 1", "y 1", "z 1"]);
  });

  test("an older version, where the candidate cannot be had", () => {
    const old = source([pkg("a 1"), pkg("b 1")]);
    const recent = source([pkg("a 2", "Depends: b (>= 2)")], { suite: "updates" });
    expect(chosen([], ["a"], { options: { sources: [old, recent] } })).toEqual(["a 1"]);
  });

  test("what two alternatives lack alike is hinted at once", () => {
    const packages = [pkg("a", "Depends: x | y"), pkg("x", "Depends: extra"), pkg("y", "Depends: extra")];
    expect(chosen(packages, ["a"]).at(-1)).toBe("→ add a suite that has extra");
  });

  test("two conflicting wishes in a row", () => {
    const packages = [
      pkg("a", "Depends: p1 | p2, q1 | q2"),
      pkg("p1", "Conflicts: q1"),
      pkg("p2"),
      pkg("q1"),
      pkg("q2", "Conflicts: p1"),
    ];
    expect(chosen(packages, ["a"])).toEqual(["a 1", "p2 1", "q1 1"]);
  });

  test("recommendations give way", () => {
    const packages = [
      pkg("a", "Depends: x | y", "Recommends: r"),
      pkg("x", "Conflicts: b"),
      pkg("y"),
      pkg("b", "Depends: c"),
      pkg("c"),
      pkg("r", "Conflicts: c"),
    ];
    expect(chosen(packages, ["a", "b"], { recommends: true })).toEqual(["a 1", "b 1", "c 1", "y 1"]);
  });
});

describe("several architectures", () => {
  const options = { foreign: ["arm64"] };
  const same = (version: string, architecture: string) =>
    pkg(`lib ${version}`, `Architecture: ${architecture}`, "Multi-Arch: same");

  test("Multi-Arch: same goes together in one version only", () => {
    expect(chosen([same("1", "amd64"), same("1", "arm64")], ["lib", "lib:arm64"], { options })).toEqual([
      "lib 1",
      "lib:arm64 1",
    ]);
    expect(chosen([same("2", "amd64"), same("1", "arm64")], ["lib", "lib:arm64"], { options })).toEqual([
      "lib is asked for, which is lib 2",
      "lib:arm64 is asked for, which is lib:arm64 1",
      "lib 2 breaks lib:arm64 (<< 2), and so lib:arm64 1",
      "→ it works without lib or lib:arm64",
    ]);
    const updates = source([same("1", "amd64"), same("2", "amd64")], { suite: "updates" });
    const sources = [source([same("1", "arm64")]), updates];
    expect(chosen([], ["lib", "lib:arm64"], { options: { ...options, sources } })).toEqual([
      "lib 1",
      "lib:arm64 1",
    ]);
  });

  test("other packages of one name exclude each other", () => {
    const tool = (architecture: string) => pkg("tool", `Architecture: ${architecture}`);
    expect(ask([tool("amd64"), tool("arm64")], ["tool", "tool:arm64"], { options }).ok).toBe(false);
  });

  test("foreign packages take Multi-Arch: foreign tools from the native architecture", () => {
    const packages = [
      pkg("app", "Architecture: arm64", "Depends: tool, lib, py:any"),
      pkg("tool", "Multi-Arch: foreign"),
      pkg("py", "Multi-Arch: allowed"),
      same("1", "amd64"),
      same("1", "arm64"),
    ];
    expect(chosen(packages, ["app:arm64"], { options })).toEqual([
      "app:arm64 1",
      "lib:arm64 1",
      "py 1",
      "tool 1",
    ]);
  });
});

describe("explanations", () => {
  test("a version nobody has", () => {
    const packages = [pkg("a", "Depends: b"), pkg("b", "Depends: c (>= 2) | d"), pkg("c 1.5")];
    expect(chosen(packages, ["a"])).toEqual([
      "a is asked for, which is a 1",
      "a 1 needs b: b 1",
      "b 1 needs c (>= 2) | d, which nothing satisfies: c has 1.5 (main stable), there is no package d",
      "→ add a suite that has c (>= 2) | d",
    ]);
  });

  test("a clash between two chains tells only them", () => {
    const noise = Array.from({ length: 20 }, (_, i) => pkg(`n${i}`, `Depends: n${(i + 1) % 20}`));
    const packages = [
      pkg("a", "Depends: n0, b"),
      pkg("b", "Depends: x (<< 2)"),
      pkg("c", "Depends: n3, x (>= 2)"),
      pkg("x 1"),
      pkg("x 2"),
      ...noise,
    ];
    expect(chosen(packages, ["a", "c", "n5"])).toEqual([
      "a is asked for, which is a 1",
      "c is asked for, which is c 1",
      "c 1 needs x (>= 2): x 2",
      "a 1 needs b: b 1",
      "b 1 needs x (<< 2): x 1",
      "x can be there once only, as 2 or as 1",
      "→ it works without a or c",
    ]);
  });

  test("a base package is not offered for dropping", () => {
    const packages = [pkg("a", "Conflicts: e"), pkg("e", "Essential: yes")];
    expect(chosen(packages, ["a"], { base: ["essential"] })).toEqual([
      "a is asked for, which is a 1",
      "e is part of the base, which is e 1",
      "a 1 conflicts with e, and so with e 1",
      "→ it works without a",
    ]);
  });
});
