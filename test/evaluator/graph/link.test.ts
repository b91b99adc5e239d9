// From descriptions to nodes and edges: who depends on whom, who provides what, and what cannot be.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { requestRequirement, stanzaProvisions, stanzaRequirements } from "../../../evaluator/graph/deb.ts";
import type { Pool } from "../../../evaluator/graph/described.ts";
import type { Graph } from "../../../evaluator/graph/graph.ts";
import { linkPools } from "../../../evaluator/graph/link.ts";
import { makeGraph } from "../../../evaluator/graph/make.ts";
import { faultsOf } from "../../../store/model/fault.ts";
import { anySources, brief, briefEdges, described, goal, pool, remote, source } from "./rig.ts";

const graphed = (...pools: Pool[]): Graph => linkPools(pools).graph;
const codes = (task: () => unknown): string[] => {
  try {
    task();
    return [];
  } catch (error) {
    return faultsOf(error).map(({ code, message }) => `${code} ${message}`);
  }
};

describe("roles", () => {
  test("runs depend on their builds and what they require, builds and tests on runs", () => {
    const graph = graphed(
      pool(
        [
          source("app", {
            packages: [described("app", { needs: "libc6" }), described("app-doc")],
            build: "make, lib",
            test: "bats",
          }),
          source("lib"),
        ],
        { goals: [goal("image", "app, vim")] },
      ),
    );
    expect(graph.nodes.map(brief)).toEqual([
      "Goal image",
      "Build app 1",
      "Build lib 1",
      "Run app 1",
      "Run app-doc 1",
      "Run lib 1",
      ...["bats", "libc6", "make", "vim"].map((name) => `Remote ${name}`),
      "Test app 1",
    ]);
    expect(briefEdges(graph)).toEqual([
      "Goal image -> Run app 1",
      "Goal image -> Remote vim",
      "Build app 1 -> Run lib 1",
      "Build app 1 -> Remote make",
      "Run app 1 -> Build app 1",
      "Run app 1 -> Remote libc6",
      "Run app-doc 1 -> Build app 1",
      "Run lib 1 -> Build lib 1",
      "Test app 1 -> Remote bats",
    ]);
  });

  test("what is taken as it is has its digest, and nothing is built", () => {
    const graph = graphed(
      pool([source("blob", { made: { how: "prebuilt", state: "UpToDate", digest: "sha256:0" } })]),
    );
    expect(graph.nodes.map((node) => [brief(node), node.state, node.digest])).toEqual([
      ["Run blob 1", "Meta", undefined],
      ["PreBuilt blob 1", "UpToDate", "sha256:0"],
    ]);
    expect(briefEdges(graph)).toEqual(["Run blob 1 -> PreBuilt blob 1"]);
  });

  test("no edge leads to the node itself, nor to another provider of what the package itself is", () => {
    const own = described("a", { needs: "a, thing, a (>= 1)", provides: [{ name: "thing" }] });
    const graph = graphed(
      pool([
        source("a", { packages: [own] }),
        source("b", { packages: [described("b", { provides: [{ name: "thing" }] })] }),
      ]),
    );
    expect(briefEdges(graph)).toEqual(["Run a 1 -> Build a 1", "Run b 1 -> Build b 1"]);
  });

  test("requirements that were answered lead where the answer says, told once for each pair", () => {
    const answers = ["libc6 1 amd64"];
    const app = {
      ...described("app"),
      requires: [
        { text: "libc6 (>= 1)", answers },
        { text: "libc6", answers },
      ],
    };
    const graph = graphed(
      pool([source("app", { packages: [app] })], {
        remotes: [remote("libc6"), remote("libc6", { version: "2" })],
      }),
    );
    expect(graph.edges.filter(({ kind }) => kind === "run")).toEqual([
      {
        ...{ from: "LocalRun app 1 amd64 d", to: "RemoteRun libc6 1 amd64 d", kind: "run" },
        requirements: ["libc6", "libc6 (>= 1)"],
      },
    ]);
  });
});

describe("providers", () => {
  const chosen = (needs: string, ...candidates: Pool["sources"][number]["packages"]) => {
    const graph = graphed(
      pool([
        source("user", { packages: [described("user", { needs })] }),
        ...candidates.map((item) => source(`${item.name}-${item.version}`, { packages: [item] })),
      ]),
    );
    return graph.edges
      .filter(({ from, kind }) => from.startsWith("LocalRun user") && kind === "run")
      .map(({ to, passedOver = [] }) => [to, ...passedOver].map((id) => id.split(" ").slice(1, 3).join(" ")));
  };
  const mta = (name: string, version?: string) =>
    described(name, { provides: [{ name: "mta", ...(version !== undefined && { version }) }] });

  test("the highest version that satisfies is taken, as dpkg sorts versions", () => {
    expect(
      chosen("x (>= 1)", described("x", { version: "1.9" }), described("x", { version: "1.10" })),
    ).toEqual([["x 1.10", "x 1.9"]]);
    expect(
      chosen("x (<< 1.10)", described("x", { version: "1.10~rc1" }), described("x", { version: "1.9" })),
    ).toEqual([["x 1.10~rc1", "x 1.9"]]);
    expect(
      chosen("x (<= 1:0)", described("x", { version: "2:0" }), described("x", { version: "9" })),
    ).toEqual([["x 9"]]);
  });

  test("who is called so comes before who provides it; equals are taken by name", () => {
    expect(chosen("mta", mta("exim", "9"), described("mta"))).toEqual([["mta 1", "exim 1"]]);
    expect(chosen("mta", mta("postfix"), mta("exim"))).toEqual([["exim 1", "postfix 1"]]);
    expect(chosen("mta", mta("exim"), mta("postfix", "2"))).toEqual([["postfix 1", "exim 1"]]);
  });

  test("what is provided without a version satisfies none, but where the format says so", () => {
    expect(chosen("mta (>= 1)", mta("exim"))).toEqual([["mta *"]]);
    const rpm = { compare: (a: string, b: string) => Number(a) - Number(b), unversionedSatisfies: true };
    const sources = [
      source("user", { packages: [described("user", { needs: "mta (>= 1)" })] }),
      source("exim", { packages: [mta("exim")] }),
    ];
    expect(briefEdges(graphed(pool(sources, { format: rpm })))).toContain("Run user 1 -> Run exim 1");
  });

  test("several bounds on one name are met by one package", () => {
    const all = ["1", "2", "3"].map((version) => described("x", { version }));
    expect(chosen("x (>= 2), x (<< 3)", ...all)).toEqual([["x 2"]]);
    expect(chosen("x (>= 4)", ...all)).toEqual([["x *"]]);
  });

  test("the first alternative that can be had; none is one node for all of them", () => {
    expect(chosen("x | y | z", described("y"), described("z"))).toEqual([["y 1", "z 1"]]);
    expect(chosen("x (>= 1) | y")).toEqual([["x |"]]);
    const graph = graphed(
      pool([source("user", { packages: [described("user", { needs: "x (>= 1) | y" })] })]),
    );
    expect(graph.nodes.map(({ name }) => name)).toContain("x | y");
  });

  test("what goes together is needed together", () => {
    const atoms = ["x", "y"].map((name) => ({ name, bounds: [] }));
    const requires = [{ text: "(x and y)", choices: [atoms] }];
    const graph = graphed(
      pool([source("user", { packages: [{ ...described("user"), requires }] }), source("x")]),
    );
    expect(briefEdges(graph)).toContain("Run user 1 -> Run x 1");
    expect(briefEdges(graph)).toContain("Run user 1 -> Remote y");
  });

  test("a local package comes before a repository's higher version, one of another architecture is none", () => {
    const user = source("user", { packages: [described("user", { needs: "x" })] });
    const far = pool([user, source("x")], { remotes: [remote("x", { version: "9" })] });
    expect(briefEdges(graphed(far))).toContain("Run user 1 -> Run x 1");
    const foreign = pool([user], { remotes: [remote("x", {}, { architecture: "arm64" })] });
    expect(briefEdges(graphed(foreign))).toContain("Run user 1 -> Remote x");
    const wanted = source("user", { packages: [described("user", { needs: "x:arm64" })] });
    expect(briefEdges(graphed({ ...foreign, sources: [wanted] }))).toContain("Run user 1 -> Remote x 1");
    const all = pool([user], { remotes: [remote("x", {}, { architecture: "all" })] });
    expect(briefEdges(graphed(all))).toContain("Run user 1 -> Remote x 1");
  });
});

describe("refused", () => {
  test.each([
    ["x (>= 2), x (<< 2)", ">= 2 and << 2"],
    ["x (= 1), x (= 2)", "= 2 and = 1"],
    ["x (>> 1), x (<= 1)", ">> 1 and <= 1"],
  ])("%s is what no version can be", (needs, clash) => {
    const user = source("user", { packages: [described("user", { needs })] });
    expect(codes(() => graphed(pool([user])))).toEqual([
      `unresolved/contradiction user asks for what no version can be: ${needs.split(", ").sort().join(", ")}`,
    ]);
    try {
      graphed(pool([user]));
    } catch (error) {
      expect(faultsOf(error)[0]?.details).toEqual([`no version is ${clash}`]);
    }
  });

  test("with three bounds the same two are told, whatever their order", () => {
    const told = ["x (>= 5), x (>= 4), x (<< 2)", "x (<< 2), x (>= 4), x (>= 5)"].map((needs) => {
      try {
        return graphed(pool([source("user", { packages: [described("user", { needs })] })])).nodes;
      } catch (error) {
        return faultsOf(error).map(({ details }) => details);
      }
    });
    expect(told).toEqual([[["no version is >= 4 and << 2"]], [["no version is >= 4 and << 2"]]]);
  });

  test("bounds that some version is within are none", () => {
    for (const needs of [
      "x (>= 1), x (<= 1)",
      "x (= 1), x (>= 1)",
      "x (>> 1), x (<< 2)",
      "x (>= 1), x (>= 2)",
    ])
      expect(
        codes(() => graphed(pool([source("user", { packages: [described("user", { needs })] })]))),
      ).toEqual([]);
  });

  test("two manifests that make the same, all faults at once", () => {
    const twice = [
      source("a"),
      source("a", { key: "/other.yaml" }),
      source("u", { packages: [described("u", { needs: "x (>> 1), x (<< 1)" })] }),
    ];
    expect(codes(() => graphed(pool(twice)))).toEqual([
      "manifest/name-clash two manifests make what is called a",
      "unresolved/contradiction u asks for what no version can be: x (<< 1), x (>> 1)",
    ]);
  });
});

test("pools of one distribution and architecture are one, others stay apart", () => {
  const user = pool([source("user", { packages: [described("user", { needs: "x" })] })]);
  const x = pool([source("x")]);
  expect(briefEdges(graphed(user, x))).toContain("Run user 1 -> Run x 1");
  expect(briefEdges(graphed(user, { ...x, distro: "other" }))).toContain("Run user 1 -> Remote x");
  // The same manifest out of two images is the same package.
  expect(graphed(user, user)).toEqual(graphed(user));
});

test("of two that say different things of one package the same counts, whoever is first", () => {
  const told = [
    pool([], { remotes: [remote("x", {}, { state: "Unresolved", note: "a" })] }),
    pool([], { remotes: [remote("x", {}, { note: "c" })] }),
    pool([], { remotes: [remote("x", {}, { note: "b" })] }),
  ];
  for (const order of [told, told.toReversed(), [...told.slice(1), ...told.slice(0, 1)]])
    expect(graphed(...order).nodes.map(({ state, note }) => [state, note])).toEqual([["Cached", "b"]]);
});

test("a control file's fields become requirements", () => {
  expect(stanzaRequirements({ "Pre-Depends": "a (>= 1)", Depends: "b:any | c, d" })).toEqual([
    { text: "a (>= 1)", choices: [[{ name: "a", bounds: [{ operator: ">=", version: "1" }] }]] },
    {
      text: "b:any | c",
      choices: [[{ name: "b", architecture: "any", bounds: [] }], [{ name: "c", bounds: [] }]],
    },
    { text: "d", choices: [[{ name: "d", bounds: [] }]] },
  ]);
  expect(stanzaProvisions({ Provides: "a (= 1), b" })).toEqual([{ name: "a", version: "1" }, { name: "b" }]);
  expect(requestRequirement("a=1")).toEqual({
    text: "a=1",
    choices: [[{ name: "a", bounds: [{ operator: "=", version: "1" }] }]],
  });
});

test("whatever the order of what is described, the graph and what is wrong are the same", () => {
  const shuffled = <T>(all: readonly T[]) => fc.shuffledSubarray([...all], { minLength: all.length });
  const told = (sources: Pool["sources"]) => {
    try {
      return makeGraph(sources.map((one) => pool([one])));
    } catch (error) {
      return faultsOf(error).map(({ message, details }) => [message, ...details]);
    }
  };
  const orders = anySources("some").chain((sources) =>
    fc.tuple(
      fc.constant(sources),
      shuffled(sources).chain((moved) =>
        fc.tuple(
          ...moved.map((one) =>
            fc
              .tuple(shuffled(one.packages), shuffled(one.made.how === "built" ? one.made.requires : []))
              .chain(([packages, requires]) =>
                fc
                  .tuple(
                    ...packages.map((item) =>
                      shuffled(item.requires).map((wants) => ({ ...item, requires: wants })),
                    ),
                  )
                  .map((mixed) => ({
                    ...one,
                    packages: mixed,
                    made: { how: "built" as const, state: "Build" as const, requires },
                  })),
              ),
          ),
        ),
      ),
    ),
  );
  fc.assert(
    fc.property(orders, ([sources, moved]) => {
      expect(told(moved)).toEqual(told(sources));
    }),
    { numRuns: 300 },
  );
});
