// Cycles: builds that need each other are told or broken, packages that need each other to run are folded.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { circlesOf, componentsOf } from "../../../evaluator/graph/adjacency.ts";
import type { LocalSource } from "../../../evaluator/graph/described.ts";
import type { Graph } from "../../../evaluator/graph/graph.ts";
import { linkPools } from "../../../evaluator/graph/link.ts";
import { makeGraph } from "../../../evaluator/graph/make.ts";
import { type Fault, faultsOf } from "../../../store/model/fault.ts";
import { anySources, brief, briefEdges, described, pool, reachOf, remote, source } from "./rig.ts";

function made(sources: readonly LocalSource[]) {
  try {
    return { ...makeGraph([pool(sources)]), faults: [] as readonly Fault[] };
  } catch (error) {
    return { graph: undefined, remarks: [], faults: faultsOf(error) };
  }
}

const isBuildCycle = (graph: Graph): boolean => {
  const reach = reachOf(graph);
  return graph.nodes.some(({ id, type }) => type === "LocalBuild" && reach(id, id));
};
const isCyclic = (graph: Graph): boolean => {
  const reach = reachOf(graph);
  return graph.nodes.some(({ id }) => reach(id, id));
};

describe("run cycles", () => {
  const twins = source("A", {
    packages: [described("a", { needs: "b, x" }), described("b", { needs: "a (>= 1)" })],
  });
  const user = source("user", { packages: [described("user", { needs: "a" })], build: "b" });

  test("of one source become one node that depends on all members, and takes the edges from outside", () => {
    const { graph } = makeGraph([pool([twins, user])]);
    expect(briefEdges(graph)).toEqual([
      "Build user 1 -> Meta a, b",
      "Run a 1 -> Build A 1",
      "Run a 1 -> Remote x",
      "Run b 1 -> Build A 1",
      "Run user 1 -> Build user 1",
      "Run user 1 -> Meta a, b",
      "Meta a, b -> Run a 1",
      "Meta a, b -> Run b 1",
    ]);
    const meta = graph.nodes.find(({ type }) => type === "PureMeta");
    expect(meta).toMatchObject({
      state: "Meta",
      source: "A",
      members: ["LocalRun a 1 amd64 d", "LocalRun b 1 amd64 d"],
    });
    expect(meta?.folded?.map(({ from, requirements }) => [from, ...requirements])).toEqual([
      ["LocalRun a 1 amd64 d", "b"],
      ["LocalRun b 1 amd64 d", "a (>= 1)"],
    ]);
    // What was asked for, on the edge that was moved.
    expect(graph.edges.find(({ from }) => from.startsWith("LocalBuild user"))?.requirements).toEqual(["b"]);
  });

  test("of several sources and of repositories too, for nothing is built in them", () => {
    const { graph } = makeGraph([
      pool(
        [
          source("p", { packages: [described("p", { needs: "q" })] }),
          source("q", { packages: [described("q", { needs: "p" })] }),
        ],
        {
          remotes: [remote("r", { needs: "s" }), remote("s", { needs: "r" })],
        },
      ),
    ]);
    expect(
      graph.nodes.filter(({ type }) => type === "PureMeta").map(({ name, source: from }) => [name, from]),
    ).toEqual([
      ["p, q", undefined],
      ["r, s", undefined],
    ]);
  });
});

describe("build cycles", () => {
  const compiler = (prebuilt?: string) =>
    source("gcc", {
      packages: [
        described("gcc", { needs: "libgcc", ...(prebuilt !== undefined && { prebuilt }) }),
        described("libgcc", prebuilt === undefined ? {} : { prebuilt: `${prebuilt}-lib` }),
      ],
      build: "gcc (>= 1), make",
    });

  test("are told with the whole path, and why each step is there", () => {
    const { faults } = made([
      source("a", { build: "b-dev (>= 1) | z" }),
      source("b", { packages: [described("b-dev", { needs: "b" }), described("b")], build: "c" }),
      source("c", { packages: [described("c", { needs: "a" })] }),
      source("d", { build: "d" }),
    ]);
    expect(faults.map(({ code, message }) => [code, message])).toEqual([
      [
        "unresolved/build-cycle",
        "circular builds: the build of a → b-dev → the build of b → c → a → the build of a",
      ],
      ["unresolved/build-cycle", "circular builds: the build of d → d → the build of d"],
    ]);
    expect(faults[0]?.details).toEqual([
      "the build of a needs b-dev: b-dev (>= 1) | z",
      "b-dev is made by the build of b",
      "the build of b needs c: c",
      "c needs a: a",
      "a is made by the build of a",
      "2 builds need each other in this and other ways",
    ]);
  });

  test("are broken by a package that is there, with what it runs with, said aloud and by digest", () => {
    const { graph, remarks } = makeGraph([pool([compiler("blob:1")])]);
    expect(briefEdges(graph)).toEqual([
      "Build gcc 1 -> PreBuilt gcc 1",
      "Build gcc 1 -> Remote make",
      "Run gcc 1 -> Build gcc 1",
      "Run gcc 1 -> Run libgcc 1",
      "Run libgcc 1 -> Build gcc 1",
      "PreBuilt gcc 1 -> PreBuilt libgcc 1",
    ]);
    expect(
      graph.nodes.filter(({ type }) => type === "PreBuilt").map(({ state, digest }) => [state, digest]),
    ).toEqual([
      ["UpToDate", "blob:1"],
      ["UpToDate", "blob:1-lib"],
    ]);
    expect(remarks).toEqual([
      "a build cycle is broken: the build of gcc takes the prebuilt gcc 1 from the store, blob:1; libgcc 1 from the store, blob:1-lib (the cycle is the build of gcc → gcc → the build of gcc)",
    ]);
  });

  test("are not broken where something the prebuilt one runs with is not there", () => {
    const half = {
      ...compiler("blob:1"),
      packages: [described("gcc", { needs: "libgcc", prebuilt: "blob:1" }), described("libgcc")],
    };
    expect(made([half]).faults.map(({ code }) => code)).toEqual(["unresolved/build-cycle"]);
  });

  test("nothing prebuilt is taken where nothing is circular", () => {
    const { graph, remarks } = makeGraph([
      pool([
        source("a", { packages: [described("a", { prebuilt: "blob:a" })] }),
        source("b", { build: "a" }),
      ]),
    ]);
    expect(remarks).toEqual([]);
    expect(graph.nodes.map(brief)).not.toContain("PreBuilt a 1");
  });
});

describe("whatever needs whatever", () => {
  test("a cycle with a build is told, with a path of edges that comes back; all others are gone", () => {
    fc.assert(
      fc.property(anySources("never"), (sources) => {
        const { graph: raw } = linkPools([pool(sources)]);
        const { graph, faults } = made(sources);
        expect(faults.length > 0).toBe(isBuildCycle(raw));
        for (const { message } of faults) {
          const path = message.replace("circular builds: ", "").split(" → ");
          expect(path.at(-1)).toBe(path[0]);
          const called = new Map(
            raw.nodes.map((node) => [
              node.id,
              node.type === "LocalBuild" ? `the build of ${node.name}` : node.name,
            ]),
          );
          const steps = new Set(raw.edges.map(({ from, to }) => `${called.get(from)} → ${called.get(to)}`));
          for (const [i, step] of path.slice(1).entries()) expect(steps).toContain(`${path[i]} → ${step}`);
        }
        if (graph !== undefined) expect(isCyclic(graph)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test("folding loses and invents no dependency", () => {
    fc.assert(
      fc.property(anySources("never"), (sources) => {
        const { graph } = made(sources);
        if (graph === undefined) return;
        const { graph: raw } = linkPools([pool(sources)]);
        const [before, after] = [reachOf(raw), reachOf(graph)];
        const metas = new Map(
          graph.nodes.flatMap(({ id, members = [] }) => members.map((member) => [member, id])),
        );
        for (const { id: from } of raw.nodes) {
          for (const { id: to } of raw.nodes) {
            if (from === to) continue;
            const [a, b] = [metas.get(from) ?? from, metas.get(to) ?? to];
            expect(a === b || after(a, b), `${from} to ${to}`).toBe(before(from, to));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("with prebuilt packages no build is on a cycle, and with all of them every cycle is broken", () => {
    fc.assert(
      fc.property(anySources("always"), (sources) => {
        const { graph, remarks, faults } = made(sources);
        expect(faults).toEqual([]);
        if (graph === undefined) throw new Error("no graph and no fault");
        expect(isCyclic(graph)).toBe(false);
        expect(remarks.length > 0).toBe(isBuildCycle(linkPools([pool(sources)]).graph));
        for (const { type, digest, name } of graph.nodes)
          if (type === "PreBuilt") expect(digest).toBe(`blob:${name}`);
        // Only builds, and what stands in for others, take what stands in.
        for (const { from, to } of graph.edges)
          if (/^(PureMeta )?PreBuilt/.test(to)) expect(from).toMatch(/^(LocalBuild|(PureMeta )?PreBuilt)/);
      }),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(anySources("some"), (sources) => {
        const { graph } = made(sources);
        if (graph !== undefined) expect(isCyclic(graph)).toBe(false);
      }),
    );
  });
});

describe("components", () => {
  test("are those that reaching both ways finds, numbered so that what is depended on comes first", () => {
    const digraph = fc
      .integer({ min: 1, max: 9 })
      .chain((count) =>
        fc.array(fc.uniqueArray(fc.nat(count - 1), { maxLength: 4 }), { minLength: count, maxLength: count }),
      );
    fc.assert(
      fc.property(digraph, (out) => {
        const nodes = out.map((_, i) => ({ id: String(i) }) as Graph["nodes"][number]);
        const edges = out.flatMap((all, from) =>
          all.map((to) => ({ from: String(from), to: String(to) }) as Graph["edges"][number]),
        );
        const reach = reachOf({ nodes, edges });
        const component = componentsOf(out);
        for (const a of out.keys())
          for (const b of out.keys()) {
            const together = a === b || (reach(String(a), String(b)) && reach(String(b), String(a)));
            expect(component[a] === component[b]).toBe(together);
            if (reach(String(a), String(b))) expect(component[a]).toBeGreaterThanOrEqual(component[b] ?? 0);
          }
      }),
      { numRuns: 500 },
    );
  });

  test("of a chain and a circle of 100,000", () => {
    const count = 100_000;
    const chain = Array.from({ length: count }, (_, i) => (i + 1 < count ? [i + 1] : []));
    expect(circlesOf(chain)).toEqual([]);
    expect(circlesOf([...chain.slice(0, -1), [0]]).map(({ length }) => length)).toEqual([count]);
  });
});
