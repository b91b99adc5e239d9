// Searching the graph: what packages need, what needs them, and how far away.
// Knows names and steps; does not know how what is found is shown.

import { Fault } from "../../store/model/fault.ts";
import { nearest } from "../manifest/nearest.ts";
import { type Graph, type GraphEdge, type GraphNode, graphOf } from "./graph.ts";

export interface Query {
  /** What these need; `NAME`, `NAME:ARCHITECTURE` or a node's id. */
  readonly dependenciesOf: readonly string[];
  /** What needs these. */
  readonly dependentsOf: readonly string[];
  /**
   * Steps from one package to another, at most; all. From a package to its own build, and from a folded cycle to its
   * members, is no step.
   */
  readonly depth?: number;
}

/**
 * What is found, what was searched from with it, and every edge among these.
 *
 * @throws {Fault} `usage/unknown-package` with the nearest name
 */
export function search(graph: Graph, { dependenciesOf, dependentsOf, depth }: Query): Graph {
  const most = depth ?? Number.POSITIVE_INFINITY;
  const down = Map.groupBy(graph.edges, ({ from }) => from);
  const up = Map.groupBy(graph.edges, ({ to }) => to);
  const metas = metasOf(graph);
  const start = (names: readonly string[]) =>
    names.flatMap((name) => {
      const found = nodesCalled(name, graph).map(({ id }) => id);
      return [...found, ...found.flatMap((id) => metas.get(id) ?? [])];
    });
  const forward = (id: string) => (down.get(id) ?? []).map((edge) => ({ to: edge.to, cost: costOf(edge) }));
  // Who is in a cycle with what is searched from needs it too, though no edge says so.
  const cycles = new Map(graph.nodes.map(({ id, members = [] }) => [id, members]));
  const backward = (id: string) => [
    ...(up.get(id) ?? []).map((edge) => ({ to: edge.from, cost: costOf(edge) })),
    ...(cycles.get(id) ?? []).map((to) => ({ to, cost: 1 })),
  ];
  const kept = new Set([
    ...within(start(dependenciesOf), most, forward),
    ...within(start(dependentsOf), most, backward),
  ]);
  return graphOf(
    graph.nodes.filter(({ id }) => kept.has(id)),
    graph.edges.filter(({ from, to }) => kept.has(from) && kept.has(to)),
  );
}

/** @throws {Fault} `usage/unknown-package` */
export function nodesCalled(written: string, { nodes }: Graph): readonly GraphNode[] {
  const [name = "", architecture] = written.split(":");
  const found = nodes.filter(
    (node) =>
      node.id === written ||
      (node.type !== "PureMeta" &&
        (node.name === written ||
          (node.name === name && architecture !== undefined && node.architecture === architecture))),
  );
  // An image may be called as one of its packages: that is what is more often meant.
  const packages = found.filter(({ type }) => type !== "Goal");
  if (found.length > 0) return packages.length > 0 ? packages : found;
  const close = nearest(written, new Set(nodes.map((node) => node.name)));
  throw new Fault("usage/unknown-package", `the graph has no package ${JSON.stringify(written)}`, {
    hint:
      close === undefined
        ? "`kit graph MANIFEST --stage resolved --format json` has all names"
        : `did you mean ${close}?`,
  });
}

/** The PureMeta node each member belongs to. */
export function metasOf({ nodes }: Graph): Map<string, string> {
  return new Map(nodes.flatMap(({ id, members = [] }) => members.map((member) => [member, id])));
}

function costOf({ kind }: GraphEdge): number {
  return kind === "made" || kind === "member" ? 0 : 1;
}

/** What is reached in so many steps; steps that cost nothing are taken first. */
function within(
  start: readonly string[],
  most: number,
  next: (id: string) => readonly { readonly to: string; readonly cost: number }[],
): Set<string> {
  const reached = new Set<string>();
  let wave = [...new Set(start)];
  for (let distance = 0; wave.length > 0 && distance <= most; distance++) {
    const later: string[] = [];
    const now = wave.filter((id) => !reached.has(id));
    for (const id of now) reached.add(id);
    for (let id = now.pop(); id !== undefined; id = now.pop()) {
      for (const { to, cost } of next(id)) {
        if (reached.has(to)) continue;
        if (cost > 0) later.push(to);
        else {
          reached.add(to);
          now.push(to);
        }
      }
    }
    wave = [...new Set(later)];
  }
  return reached;
}
