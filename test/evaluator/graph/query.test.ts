// Searching: what is found, how many steps away, and what blocks most.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockersOf } from "../../../evaluator/graph/blockers.ts";
import type { Graph } from "../../../evaluator/graph/graph.ts";
import { makeGraph } from "../../../evaluator/graph/make.ts";
import { search } from "../../../evaluator/graph/query.ts";
import { faultsOf } from "../../../store/model/fault.ts";
import { anySources, brief, described, goal, pool, reachOf, remote, source } from "./rig.ts";

const { graph } = makeGraph([
  pool(
    [
      source("app", { packages: [described("app", { needs: "lib, data" })], build: "make" }),
      source("lib", { packages: [described("lib", { needs: "libc6" })], test: "bats" }),
      source("data", {
        packages: [described("data", { needs: "data-more" }), described("data-more", { needs: "data" })],
      }),
    ],
    {
      goals: [goal("image", "app"), goal("lib", "vim")],
      remotes: [remote("libc6", { needs: "gcc-base" }), remote("gcc-base", {}, { state: "Unresolved" })],
    },
  ),
]);

const found = (
  dependenciesOf: readonly string[],
  dependentsOf: readonly string[],
  depth?: number,
): string[] =>
  search(graph, { dependenciesOf, dependentsOf, ...(depth !== undefined && { depth }) })
    .nodes.map(brief)
    .sort();
const code = (task: () => unknown) => {
  try {
    task();
  } catch (error) {
    return faultsOf(error).map((fault) => `${fault.code}: ${fault.message}: ${fault.hint}`)[0];
  }
  return undefined;
};

describe("search", () => {
  test("what a package needs: its build and what that needs with it", () => {
    expect(found(["lib"], [])).toEqual(
      ["Build lib 1", "Remote gcc-base 1", "Remote libc6 1", "Run lib 1", "Test lib 1", "Remote bats"].sort(),
    );
    expect(found(["libc6"], [])).toEqual(["Remote gcc-base 1", "Remote libc6 1"]);
  });

  test("so many steps far: its own build and a fold's members are none", () => {
    expect(found(["app"], [], 0)).toEqual(["Build app 1", "Run app 1"]);
    expect(found(["app"], [], 1)).toEqual(
      [
        "Build app 1",
        "Run app 1",
        "Build lib 1",
        "Run lib 1",
        "Remote make",
        "Meta data, data-more",
        "Run data 1",
        "Run data-more 1",
        "Build data 1",
      ].sort(),
    );
  });

  test("what needs a package, goals among them; who is in a cycle with it needs it", () => {
    expect(found([], ["libc6"])).toEqual(["Goal image", "Remote libc6 1", "Run app 1", "Run lib 1"]);
    expect(found([], ["libc6"], 1)).toEqual(["Remote libc6 1", "Run lib 1"]);
    expect(found([], ["data"])).toEqual(
      [
        "Goal image",
        "Meta data, data-more",
        "Run app 1",
        "Run data 1",
        "Run data-more 1",
        "Build data 1",
      ].sort(),
    );
  });

  test("both ways at once, by name and architecture, and by id; a package before a goal of its name", () => {
    expect(found(["libc6"], ["lib"], 1)).toEqual(
      ["Build lib 1", "Remote gcc-base 1", "Remote libc6 1", "Run app 1", "Run lib 1", "Test lib 1"].sort(),
    );
    expect(found(["libc6:amd64"], [])).toEqual(found(["libc6"], []));
    expect(found(["RemoteRun libc6 1 amd64 d"], [])).toEqual(found(["libc6"], []));
    expect(found(["image"], [], 0)).toEqual(["Goal image"]);
  });

  test("what is not there is told with the nearest name", () => {
    expect(code(() => found(["libc7"], []))).toBe(
      'usage/unknown-package: the graph has no package "libc7": did you mean libc6?',
    );
    expect(code(() => found([], ["libc6:arm64"]))).toContain("usage/unknown-package");
    expect(code(() => found([], [""]))).toContain(
      "`kit graph MANIFEST --stage resolved --format json` has all names",
    );
  });

  test("finds what reaching finds, with every edge among it, and no more with less depth", () => {
    fc.assert(
      fc.property(anySources("always"), fc.constantFrom("a", "b", "c"), fc.nat(4), (sources, name, depth) => {
        const { graph: any } = makeGraph([pool(sources)]);
        const metas = any.nodes.filter(({ members = [] }) => members.some((id) => id.split(" ")[1] === name));
        const start = [
          ...any.nodes.filter((node) => node.name === name && node.type !== "PureMeta"),
          ...metas,
        ].map(({ id }) => id);
        const reach = reachOf(any);
        if (start.length === 0) return;
        const down = search(any, { dependenciesOf: [name], dependentsOf: [] });
        const wanted = any.nodes.filter(
          ({ id }) => start.includes(id) || start.some((from) => reach(from, id)),
        );
        expect(down.nodes).toEqual(wanted);
        const ids = new Set(wanted.map(({ id }) => id));
        expect(down.edges).toEqual(any.edges.filter(({ from, to }) => ids.has(from) && ids.has(to)));
        const near = search(any, { dependenciesOf: [name], dependentsOf: [], depth });
        const further = search(any, { dependenciesOf: [name], dependentsOf: [], depth: depth + 1 });
        const far = new Set(further.nodes.map(({ id }) => id));
        for (const { id } of near.nodes) expect(far.has(id)).toBe(true);
        for (const { from, to } of any.edges)
          if (near.nodes.some(({ id }) => id === from)) expect(far.has(to)).toBe(true);
      }),
    );
  });
});

describe("blockers", () => {
  const told = (of: Graph) =>
    blockersOf(of).map(({ node, all, direct }) => `${brief(node)}: ${all} ${direct}`);

  test("are what is not there, those that most wait for first", () => {
    expect(told(graph)).toEqual([
      "Build data 1: 4 1",
      "Remote gcc-base 1: 4 1",
      "Build lib 1: 3 1",
      "Build app 1: 2 1",
      "Remote make: 2 1",
      "Remote vim: 1 1",
      "Remote bats: 0 0",
    ]);
  });

  test("nothing blocks where all is there", () => {
    const there = makeGraph([
      pool([source("a", { made: { how: "built", state: "UpToDate", requires: [] } })], {
        remotes: [remote("b")],
      }),
    ]);
    expect(told(there.graph)).toEqual([]);
  });

  test("are counted as reaching counts them, for more than one round of bits", () => {
    fc.assert(
      fc.property(anySources("always"), (sources) => {
        // 40 more, each needed by one of the others.
        const many = Array.from({ length: 40 }, (_, i) =>
          source(`user-${i}`, {
            packages: [described(`user-${i}`, { needs: `far-${i}, a, user-${(i * 7) % 40}` })],
          }),
        );
        const { graph: any } = makeGraph([pool([...sources, ...many])]);
        const metas = new Map(
          any.nodes.flatMap(({ id, members = [] }) => members.map((member) => [member, id])),
        );
        const reach = reachOf(any);
        const counted = any.nodes.filter(({ type }) =>
          ["LocalRun", "RemoteRun", "PreBuilt", "Goal"].includes(type),
        );
        for (const { node, all } of blockersOf(any)) {
          // A member leads to its cycle's node only by what is said of it.
          const [target, meta] = [node.id, metas.get(node.id)];
          const waits = (id: string) => {
            const from = metas.get(id) ?? id;
            return reach(id, target) || reach(from, target) || (meta !== undefined && from === meta);
          };
          expect(counted.filter(({ id }) => id !== target && waits(id)).length, target).toBe(all);
        }
      }),
      { numRuns: 50 },
    );
  });
});
