// A directed graph as numbers: who leads where, and which nodes lie on a circle together.
// Knows numbers; does not know what they stand for.

import type { Graph } from "./graph.ts";

export interface Adjacency {
  readonly ids: readonly string[];
  readonly indexes: ReadonlyMap<string, number>;
  /** By a node's number, those it depends on, ascending. */
  readonly out: readonly (readonly number[])[];
  /** Those that depend on it, ascending. */
  readonly in: readonly (readonly number[])[];
}

export function adjacencyOf({ nodes, edges }: Graph): Adjacency {
  const ids = nodes.map(({ id }) => id);
  const indexes = new Map(ids.map((id, index) => [id, index]));
  const out: number[][] = ids.map(() => []);
  const into: number[][] = ids.map(() => []);
  for (const edge of edges) {
    const from = indexes.get(edge.from);
    const to = indexes.get(edge.to);
    if (from === undefined || to === undefined)
      throw new Error(`an edge to no node: ${edge.from} ${edge.to}`);
    out[from]?.push(to);
    into[to]?.push(from);
  }
  return { ids, indexes, out, in: into };
}

/**
 * The strongly connected component of each node; components are numbered from what is depended on to who depends, so
 * that without circles the numbers are an order to build in. Tarjan's algorithm ("Depth-first search and linear graph
 * algorithms", 1972), with a stack of its own: a chain of 100,000 packages is no deep call.
 */
export function componentsOf(out: readonly (readonly number[])[]): number[] {
  const none = -1;
  const found = out.map(() => none);
  const low = out.map(() => none);
  const component = out.map(() => none);
  const open: number[] = [];
  let counted = 0;
  let components = 0;
  for (const start of out.keys()) {
    if (found[start] !== none) continue;
    const path = [{ node: start, next: 0 }];
    for (let step = path.at(-1); step !== undefined; step = path.at(-1)) {
      const { node } = step;
      if (step.next === 0) {
        found[node] = low[node] = counted++;
        open.push(node);
      }
      const to = out[node]?.[step.next++];
      if (to !== undefined) {
        if (found[to] === none) path.push({ node: to, next: 0 });
        else if (component[to] === none) low[node] = Math.min(low[node] ?? 0, found[to] ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.node;
      if (parent !== undefined) low[parent] = Math.min(low[parent] ?? 0, low[node] ?? 0);
      if (low[node] !== found[node]) continue;
      for (let member = none; member !== node; ) {
        member = open.pop() ?? node;
        component[member] = components;
      }
      components++;
    }
  }
  return component;
}

/** The nodes of each component that has more than one, ascending; in the order of their first nodes. */
export function circlesOf(out: readonly (readonly number[])[]): number[][] {
  const members = new Map<number, number[]>();
  for (const [node, component] of componentsOf(out).entries()) {
    const others = members.get(component);
    if (others === undefined) members.set(component, [node]);
    else others.push(node);
  }
  return [...members.values()].filter(({ length }) => length > 1);
}
