// The dependency graph of packages: its nodes, their states, and the edges from who needs to what is needed.
// Knows words and order; does not know how a graph is made, searched or drawn.

import { compareText } from "../text.ts";

/** The roles of the Azure Linux toolkit's graph (its documentation's "Graph Node Types"). */
export const nodeTypes = [
  /** A local package that is built. */
  "LocalBuild",
  /** A local package as it is installed. */
  "LocalRun",
  /** A package that comes from elsewhere. */
  "RemoteRun",
  /** What was asked for: an image, a package, a base. */
  "Goal",
  /** Stands for all packages of a run cycle. */
  "PureMeta",
  /** A package that is there without being built: taken as it is, or in the place of one that would be built in a circle. */
  "PreBuilt",
  /** A package's own checks. */
  "Test",
] as const;
export type NodeType = (typeof nodeTypes)[number];

export const nodeStates = [
  /** Nothing to be done for the node itself. */
  "Meta",
  /** To be built. */
  "Build",
  /** The last attempt to build it failed. */
  "BuildError",
  /** Its result is there. */
  "UpToDate",
  /** A package that is not here yet: without a version, nothing has been chosen; with one it is only to be fetched. */
  "Unresolved",
  /** Chosen, and its file is here. */
  "Cached",
  /** Out of a binary cache instead of built. */
  "Delta",
] as const;
export type NodeState = (typeof nodeStates)[number];

export interface GraphNode {
  /** Unique in the graph, and the same whatever the order of what it was made from. */
  readonly id: string;
  readonly type: NodeType;
  readonly state: NodeState;
  /** Of the package, or of what was asked for; alternatives that nobody local provides are one node, `a | b`. */
  readonly name: string;
  /** Absent where it is not known yet. */
  readonly version?: string;
  readonly architecture?: string;
  readonly distro?: string;
  /** The name of what it is built from. */
  readonly source?: string;
  /** Of a package's file: `blob:blake3-…` or `sha256:…`. */
  readonly digest?: string;
  /** Of a PureMeta node: the ids of the packages in the cycle, and the edges among them that it stands for. */
  readonly members?: readonly string[];
  readonly folded?: readonly GraphEdge[];
  /** For people. */
  readonly note?: string;
}

/** Why one needs the other: made by, or which of its fields asks for it; a goal's wish; a cycle's member. */
export type EdgeKind = "made" | "build" | "run" | "test" | "goal" | "member";

export interface GraphEdge {
  /** Who depends, by id. */
  readonly from: string;
  /** On what. */
  readonly to: string;
  readonly kind: EdgeKind;
  /** As they are written, sorted: `libc6 (>= 2.36)`. */
  readonly requirements: readonly string[];
  /** Ids of others that would have done, sorted. */
  readonly passedOver?: readonly string[];
}

/** Nodes by id, edges by who depends and on what; at most one edge between two nodes, none from a node to itself. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** A graph in its one order, edges between the same nodes made one, those to the node itself and to none left out. */
export function graphOf(nodes: Iterable<GraphNode>, edges: Iterable<GraphEdge>): Graph {
  const known = new Map([...nodes].map((node) => [node.id, node]));
  const joined = new Map<string, GraphEdge>();
  for (const edge of edges) {
    if (edge.from === edge.to || !known.has(edge.from) || !known.has(edge.to)) continue;
    const key = `${edge.from}\n${edge.to}`;
    const other = joined.get(key);
    joined.set(key, other === undefined ? edge : joinedEdge(other, edge));
  }
  return {
    nodes: [...known.values()].sort((a, b) => compareText(a.id, b.id)),
    edges: [...joined.values()].map(tidied).sort(compareEdges),
  };
}

const kindOrder: readonly EdgeKind[] = ["made", "member", "build", "run", "test", "goal"];

function joinedEdge(a: GraphEdge, b: GraphEdge): GraphEdge {
  const passedOver = [...(a.passedOver ?? []), ...(b.passedOver ?? [])];
  return {
    from: a.from,
    to: a.to,
    kind: kindOrder.indexOf(a.kind) <= kindOrder.indexOf(b.kind) ? a.kind : b.kind,
    requirements: [...a.requirements, ...b.requirements],
    ...(passedOver.length > 0 && { passedOver }),
  };
}

function tidied(edge: GraphEdge): GraphEdge {
  const passedOver = [...new Set(edge.passedOver)].sort();
  return {
    from: edge.from,
    to: edge.to,
    kind: edge.kind,
    requirements: [...new Set(edge.requirements)].sort(),
    ...(passedOver.length > 0 && { passedOver }),
  };
}

function compareEdges(a: GraphEdge, b: GraphEdge): number {
  return compareText(a.from, b.from) || compareText(a.to, b.to);
}
