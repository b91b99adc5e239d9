// Folding: packages that need each other to run become one node to depend on.
// Knows run cycles; takes for granted that no build lies on one.

import { adjacencyOf, circlesOf } from "./adjacency.ts";
import { type Graph, type GraphEdge, type GraphNode, graphOf } from "./graph.ts";

/**
 * Each circle of run nodes gets a PureMeta node, which depends on all its members: whoever needs one gets them all.
 * Edges from outside lead to it, those among the members are told by it; what members need outside stays theirs.
 * Without builds in circles the graph has no cycle afterwards.
 */
export function foldRunCycles(graph: Graph): Graph {
  const { out, ids } = adjacencyOf(graph);
  const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
  const needs = Map.groupBy(graph.edges, ({ from }) => from);
  const metas = circlesOf(out).map((circle) => {
    const members = circle.flatMap((index) => nodes.get(ids[index] ?? "") ?? []);
    return metaNode(members, needs);
  });
  const metaOf = new Map(metas.flatMap((meta) => (meta.members ?? []).map((member) => [member, meta.id])));
  const edges = graph.edges.flatMap((edge): GraphEdge[] => {
    const meta = metaOf.get(edge.to);
    if (meta === undefined) return [edge];
    return metaOf.get(edge.from) === meta ? [] : [{ ...edge, to: meta }];
  });
  const member = metas.flatMap(({ id, members = [] }) =>
    members.map((to): GraphEdge => ({ from: id, to, kind: "member", requirements: [] })),
  );
  return graphOf([...graph.nodes, ...metas], [...edges, ...member]);
}

function metaNode(
  members: readonly GraphNode[],
  needs: ReadonlyMap<string, readonly GraphEdge[]>,
): GraphNode {
  const ids = new Set(members.map(({ id }) => id));
  const names = [...new Set(members.map(({ name }) => name))];
  const shown = names.slice(0, mostNamed).join(", ");
  const [source, ...others] = new Set(members.map((member) => member.source ?? member.id));
  const [first] = members;
  if (first === undefined) throw new Error("a circle has members");
  return {
    id: `PureMeta ${first.id}`,
    type: "PureMeta",
    state: "Meta",
    name: names.length > mostNamed ? `${shown} and ${names.length - mostNamed} more` : shown,
    ...(first.distro !== undefined && { distro: first.distro }),
    ...(source !== undefined && others.length === 0 && { source }),
    members: [...ids],
    folded: [...ids].flatMap((id) => (needs.get(id) ?? []).filter(({ to }) => ids.has(to))),
  };
}

const mostNamed = 3;
