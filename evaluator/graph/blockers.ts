// Blockers: what is not there yet, and how many packages wait for each.
// Knows what counts as there; does not know how the missing comes about.

import { compareText } from "../text.ts";
import { adjacencyOf, componentsOf } from "./adjacency.ts";
import type { Graph, GraphNode } from "./graph.ts";

export interface Blocker {
  readonly node: GraphNode;
  /** Packages and goals that need it themselves, their own build aside. */
  readonly direct: number;
  /** All that cannot be had without it. */
  readonly all: number;
}

/** What has to be built, fetched or mended, with those first that most others wait for. */
export function blockersOf(graph: Graph): Blocker[] {
  const waiting = waitingOf(graph);
  const missing = graph.nodes.flatMap((node, index) => (isMissing(node) ? [{ node, index }] : []));
  const all = reachCounts(
    missing.map(({ index }) => index),
    waiting,
    graph.nodes.map(counts),
  );
  const direct = openDirect(graph.nodes, waiting);
  return missing
    .map(({ node, index }, i) => ({ node, direct: direct(index), all: all[i] ?? 0 }))
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

/** Counts those one step away: a build stands for what it makes, a folded cycle for those that need it and for its members. */
function openDirect(
  nodes: Graph["nodes"],
  waiting: readonly (readonly number[])[],
): (start: number) => number {
  const madeBy = (build: number) =>
    nodes[build]?.type === "LocalBuild"
      ? (waiting[build] ?? []).filter((user) => nodes[user]?.type === "LocalRun")
      : [];
  const counted = (users: readonly number[]) =>
    users.flatMap((user) => {
      const node = nodes[user];
      return node !== undefined && counts(node) ? [user] : madeBy(user);
    });
  const isMeta = (index: number) => nodes[index]?.type === "PureMeta";
  // Once for each cycle: what is missing may be any of its thousand members.
  const ofMetas = new Map<number, ReadonlySet<number>>();
  const ofMeta = (meta: number) => {
    const known = ofMetas.get(meta) ?? new Set(counted(waiting[meta] ?? []));
    ofMetas.set(meta, known);
    return known;
  };
  return (start) => {
    const own = new Set([start, ...madeBy(start)]);
    const users = [...own].flatMap((index) => waiting[index] ?? []);
    const [first = new Set<number>(), ...more] = [...new Set(users.filter(isMeta))].map(ofMeta);
    const others = new Set([
      ...counted(users.filter((user) => !isMeta(user))),
      ...more.flatMap((set) => [...set]),
    ]);
    const fresh = [...others].filter((user) => !first.has(user) && !own.has(user)).length;
    return first.size - [...own].filter((user) => first.has(user)).length + fresh;
  };
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
  // Of a circle, all nodes reach the same.
  const component = componentsOf(out);
  const { leads, weights } = condensed(out, component, counted);
  const found: number[] = [];
  for (let first = 0; first < starts.length; first += 32) {
    const round = starts.slice(first, first + 32);
    const masks = new Int32Array(leads.length);
    for (const [bit, node] of round.entries()) {
      const at = component[node] ?? 0;
      masks[at] = (masks[at] ?? 0) | (1 << bit);
    }
    const totals: number[] = round.map((node) => (counted[node] ? -1 : 0));
    for (let at = leads.length - 1; at >= 0; at--) {
      const mask = masks[at] ?? 0;
      for (const to of mask === 0 ? [] : (leads[at] ?? [])) masks[to] = (masks[to] ?? 0) | mask;
      const weight = weights[at] ?? 0;
      for (let rest = weight === 0 ? 0 : mask; rest !== 0; rest &= rest - 1) {
        const bit = 31 - Math.clz32(rest & -rest);
        totals[bit] = (totals[bit] ?? 0) + weight;
      }
    }
    found.push(...totals);
  }
  return found;
}

/** Components as nodes, with how many in each are counted. */
function condensed(
  out: readonly (readonly number[])[],
  component: readonly number[],
  counted: readonly boolean[],
) {
  const leads: Set<number>[] = [];
  const weights: number[] = [];
  for (const [node, at] of component.entries()) {
    leads[at] ??= new Set();
    weights[at] = (weights[at] ?? 0) + Number(counted[node]);
    for (const to of out[node] ?? []) if (component[to] !== at) leads[at].add(component[to] ?? 0);
  }
  return { leads: leads.map((set) => [...set]), weights };
}
