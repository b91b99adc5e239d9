// Build cycles: packages that cannot be built without each other.
// Knows how one is found, told, and broken by what was built before; does not know where that comes from.

import { Fault, Faults } from "../../store/model/fault.ts";
import { compareText } from "../text.ts";
import { type Adjacency, adjacencyOf, circlesOf } from "./adjacency.ts";
import { type Graph, type GraphEdge, type GraphNode, graphOf } from "./graph.ts";
import type { Linked } from "./link.ts";

export interface Broken {
  /** No node that is built lies on a cycle. */
  readonly graph: Graph;
  /** What was taken in the place of what is built, for the user to read. */
  readonly remarks: readonly string[];
}

/**
 * Breaks each cycle with a build in it where that build needs a package that is there, with all it needs itself to run
 * out of the same circle: PreBuilt nodes stand for these, for this build alone.
 *
 * @throws {Faults} `unresolved/build-cycle` with the whole path, one for each circle that cannot be broken
 */
export function breakBuildCycles({ graph, prebuilts }: Linked): Broken {
  const refused = new Set<string>();
  const faults: Fault[] = [];
  const remarks: string[] = [];
  let current = graph;
  for (;;) {
    const view = viewOf(current);
    const circles = buildCirclesIn(view).filter((circle) => ![...circle].some((id) => refused.has(id)));
    if (circles.length === 0) break;
    const changes = circles.map((circle) => {
      const cycle = shortestCycle(circle, view);
      const change = cycle
        .map((edge) => substitution(edge, circle, view, prebuilts))
        .find((found) => found !== undefined);
      if (change === undefined) {
        for (const id of circle) refused.add(id);
        faults.push(cycleFault(cycle, circle, view));
      } else remarks.push(remarkOf(change, cycle, view));
      return change;
    });
    current = withSubstitutions(
      current,
      changes.filter((change) => change !== undefined),
    );
  }
  if (faults.length > 0) throw new Faults(faults.sort((a, b) => compareText(a.message, b.message)));
  return { graph: current, remarks };
}

interface View {
  readonly adjacency: Adjacency;
  readonly nodes: ReadonlyMap<string, GraphNode>;
  /** By who depends, sorted by what is depended on. */
  readonly edges: ReadonlyMap<string, readonly GraphEdge[]>;
}

function viewOf(graph: Graph): View {
  return {
    adjacency: adjacencyOf(graph),
    nodes: new Map(graph.nodes.map((node) => [node.id, node])),
    edges: Map.groupBy(graph.edges, ({ from }) => from),
  };
}

function buildCirclesIn({ adjacency, nodes }: View): ReadonlySet<string>[] {
  return circlesOf(adjacency.out)
    .map((circle) => new Set(circle.map((index) => adjacency.ids[index] ?? "")))
    .filter((circle) => [...circle].some((id) => nodes.get(id)?.type === "LocalBuild"));
}

/** From the first build of the circle the shortest way back to it; of equally short ones the first by ids. */
function shortestCycle(circle: ReadonlySet<string>, { nodes, edges }: View): readonly GraphEdge[] {
  const start = [...circle].filter((id) => nodes.get(id)?.type === "LocalBuild").sort(compareText)[0] ?? "";
  const reachedBy = new Map<string, GraphEdge>();
  const queue = [start];
  for (const id of queue) {
    for (const edge of edges.get(id) ?? []) {
      if (!circle.has(edge.to) || reachedBy.has(edge.to)) continue;
      reachedBy.set(edge.to, edge);
      queue.push(edge.to);
    }
    if (reachedBy.has(start)) break;
  }
  const path: GraphEdge[] = [];
  for (let edge = reachedBy.get(start); edge !== undefined; edge = reachedBy.get(edge.from)) {
    path.unshift(edge);
    if (edge.from === start) break;
  }
  return path;
}

interface Substitution {
  /** From the build. */
  readonly edge: GraphEdge;
  readonly stand: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/**
 * Undefined where something that is needed to run the package in the circle is not there without being built. What
 * stands in does so for one build alone: what another build's may lead to could lead back to this one.
 */
function substitution(
  edge: GraphEdge,
  circle: ReadonlySet<string>,
  { nodes, edges }: View,
  prebuilts: Linked["prebuilts"],
): Substitution | undefined {
  if (edge.kind !== "build") return undefined;
  const needed = new Set([edge.to]);
  for (const id of needed)
    for (const { kind, to } of edges.get(id) ?? []) if (kind === "run" && circle.has(to)) needed.add(to);
  const standIn = (run: string) => `${run.replace(/^\w+/, "PreBuilt")} for ${edge.from}`;
  const stand: GraphNode[] = [];
  for (const id of needed) {
    const node = nodes.get(id);
    const prebuilt = prebuilts.get(id) ?? ownFile(node);
    if (node === undefined || prebuilt === undefined) return undefined;
    const { digest, from } = prebuilt;
    stand.push({
      ...node,
      id: standIn(id),
      type: "PreBuilt",
      state: "UpToDate",
      digest,
      note: `from ${from}`,
    });
  }
  const runs = [...needed].flatMap((id) => (edges.get(id) ?? []).filter(({ kind }) => kind === "run"));
  const moved = runs.map((run) => ({
    ...run,
    from: standIn(run.from),
    to: needed.has(run.to) ? standIn(run.to) : run.to,
  }));
  return { edge, stand, edges: [{ ...edge, to: standIn(edge.to) }, ...moved] };
}

/** What comes from a repository is there without being built. */
function ownFile(node: GraphNode | undefined) {
  const { type, digest } = node ?? {};
  return type === "RemoteRun" && digest !== undefined ? { digest, from: "its repository" } : undefined;
}

function withSubstitutions(graph: Graph, changes: readonly Substitution[]): Graph {
  const gone = new Set(changes.map(({ edge }) => edge));
  return graphOf(
    [...graph.nodes, ...changes.flatMap(({ stand }) => stand)],
    [...graph.edges.filter((edge) => !gone.has(edge)), ...changes.flatMap(({ edges }) => edges)],
  );
}

function remarkOf({ edge, stand }: Substitution, cycle: readonly GraphEdge[], { nodes }: View): string {
  const used = stand.map(({ name, version, digest, note }) => `${name} ${version ?? ""} ${note}, ${digest}`);
  return `a build cycle is broken: ${called(nodes.get(edge.from))} takes the prebuilt ${used.sort().join("; ")} (the cycle is ${pathText(cycle, nodes)})`;
}

function cycleFault(cycle: readonly GraphEdge[], circle: ReadonlySet<string>, { nodes }: View): Fault {
  const builds = [...circle].filter((id) => nodes.get(id)?.type === "LocalBuild").length;
  const steps = cycle.map(({ from, to, kind, requirements }) => {
    const [who, what] = [called(nodes.get(from)), called(nodes.get(to))];
    return kind === "made" ? `${who} is made by ${what}` : `${who} needs ${what}: ${requirements.join(", ")}`;
  });
  return new Fault("unresolved/build-cycle", `circular builds: ${pathText(cycle, nodes)}`, {
    details: [...steps, ...(builds > 1 ? [`${builds} builds need each other in this and other ways`] : [])],
    hint: "leave out one of these build dependencies, or take one of the packages prebuilt",
  });
}

function pathText(cycle: readonly GraphEdge[], nodes: View["nodes"]): string {
  const ids = [...cycle.map(({ from }) => from), cycle[0]?.from ?? ""];
  return ids.map((id) => called(nodes.get(id))).join(" → ");
}

function called(node: GraphNode | undefined): string {
  return node?.type === "LocalBuild" ? `the build of ${node.name}` : (node?.name ?? "");
}
