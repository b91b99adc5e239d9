// Blockers: what is not there yet, and how many packages wait for each.
// Knows what counts as there; does not know how the missing comes about.

import { adjacencyOf, componentsOf } from "./adjacency.ts";
import { compareText, type Graph, type GraphNode } from "./graph.ts";

export interface Blocker {
  readonly node: GraphNode;
  /** Packages and goals that need it themselves, their own build aside. */
  readonly direct: number;
  /** All that cannot be had without it. */
  readonly all: number;
}

/** What has to be built, fetched or mended, with those first that most others wait for. */
export function blockersOf(graph: Graph): Blocker[] {
  const wanting = waitingOf(graph);
  const missing = graph.nodes.flatMap((node, index) => (isMissing(node) ? [{ node, index }] : []));
  const all = reachCounts(
    missing.map(({ index }) => index),
    wanting,
    graph.nodes.map(counts),
  );
  return missing
    .map(({ node, index }, i) => ({ node, direct: directCount(graph, wanting, index), all: all[i] ?? 0 }))
    .sort((a, b) => b.all - a.all || b.direct - a.direct || compareText(a.node.id, b.node.id));
}

function isMissing({ type, state }: GraphNode): boolean {
  return type !== "Test" && (state === "Build" || state === "BuildError" || state === "Unresolved");
}

/** What is counted: packages as they are installed, and goals. */
function counts({ type }: GraphNode): boolean {
  return type === "LocalRun" || type === "RemoteRun" || type === "PreBuilt" || type === "Goal";
}

/** Who waits for each node, by numbers; members of a folded cycle wait for it as it does for them. */
function waitingOf(graph: Graph): readonly (readonly number[])[] {
  const { in: users, indexes } = adjacencyOf(graph);
  return graph.nodes.map(({ members = [] }, index) => [
    ...(users[index] ?? []),
    ...members.flatMap((member) => indexes.get(member) ?? []),
  ]);
}

/** Those one step away: by way of a package that is only made of it, or of a folded cycle. */
function directCount({ nodes }: Graph, wanting: readonly (readonly number[])[], start: number): number {
  const own = ownPackages(nodes, wanting, start);
  const reached = new Set<number>();
  const through = [start, ...own];
  const passed = new Set(through);
  for (const index of through) {
    for (const user of wanting[index] ?? []) {
      if (passed.has(user)) continue;
      const node = nodes[user];
      if (node?.type === "PureMeta") {
        passed.add(user);
        through.push(user);
      } else if (node !== undefined && counts(node)) reached.add(user);
      else if (node?.type === "LocalBuild") {
        for (const made of ownPackages(nodes, wanting, user)) reached.add(made);
      }
    }
  }
  return [...reached].filter((index) => !own.includes(index) && index !== start).length;
}

/** The packages that a build makes. */
function ownPackages(
  nodes: Graph["nodes"],
  wanting: readonly (readonly number[])[],
  build: number,
): number[] {
  if (nodes[build]?.type !== "LocalBuild") return [];
  return (wanting[build] ?? []).filter((user) => nodes[user]?.type === "LocalRun");
}

/**
 * For each of these nodes, how many that count are reached from it, itself aside. In rounds of 32 nodes, one bit each:
 * 5,000 blockers among 60,000 packages take 160 walks over the graph, not 5,000.
 */
function reachCounts(
  starts: readonly number[],
  out: readonly (readonly number[])[],
  counted: readonly boolean[],
): number[] {
  const component = componentsOf(out);
  const order = [...out.keys()].sort((a, b) => (component[b] ?? 0) - (component[a] ?? 0));
  const found: number[] = [];
  for (let first = 0; first < starts.length; first += 32) {
    const round = starts.slice(first, first + 32);
    const masks = new Int32Array(out.length);
    // Of a circle, all nodes share what any of them was reached by.
    const shared = new Int32Array(out.length);
    for (const [bit, node] of round.entries()) {
      masks[node] = (masks[node] ?? 0) | (1 << bit);
      shared[component[node] ?? 0] = (shared[component[node] ?? 0] ?? 0) | (1 << bit);
    }
    for (const node of order) {
      const mask = shared[component[node] ?? 0] ?? 0;
      masks[node] = mask;
      for (const to of out[node] ?? []) {
        const target = component[to] ?? 0;
        shared[target] = (shared[target] ?? 0) | mask;
      }
    }
    const totals = round.map(() => 0);
    for (const [node, mask] of masks.entries()) {
      if (mask === 0 || !counted[node]) continue;
      for (const [bit, start] of round.entries())
        if (start !== node && (mask & (1 << bit)) !== 0) totals[bit] = (totals[bit] ?? 0) + 1;
    }
    found.push(...totals);
  }
  return found;
}
