// The dependency graph of manifests at one stage, in each form it is told in.
// Knows where each stage's knowledge comes from; does not know how a graph is made of it.

import { type Asked, askedPools } from "../../builders/graph/asked.ts";
import { buildsIn, poolOf, type Scope, scopesOf } from "../../builders/graph/resolved.ts";
import { buildStates, type StateMeans } from "../../builders/graph/state.ts";
import { digestLocals, load } from "../../builders/load/load.ts";
import { targetsOf } from "../../builders/realizer/targets.ts";
import type { Planning, Wish } from "../../evaluator/evaluate.ts";
import { type Blocker, blockersOf } from "../../evaluator/graph/blockers.ts";
import type { Pool } from "../../evaluator/graph/described.ts";
import type { Graph } from "../../evaluator/graph/graph.ts";
import { makeGraph } from "../../evaluator/graph/make.ts";
import { type Query, search } from "../../evaluator/graph/query.ts";
import { readHistory } from "../../store/history.ts";
import { debianArchitecture, type Parts } from "../composition.ts";
import { shippedManifests } from "../entry.ts";
import { kinds } from "../kinds.ts";
import { dotText } from "../render/dot.ts";
import { graphSketch } from "../render/sketch.ts";
import { svgText } from "../render/svg.ts";
import { plural, visible } from "../render/text.ts";

/** How much is known of the packages: what manifests say, what the lock has chosen, what became of builds. */
export type Stage = "asked" | "resolved" | "built";

export interface GraphMeans {
  readonly parts: Parts;
  readonly wish: Wish;
  readonly absolute: (written: string) => string;
  /** Plans a manifest; the last planning that is told of has no open question. */
  readonly plan: (manifest: string, planned: (planning: Planning) => void) => Promise<void>;
}

/** @throws {Faults} of loading, planning and of {@link makeGraph} */
export async function packageGraph(
  manifests: readonly string[],
  stage: Stage,
  means: GraphMeans,
): Promise<{ readonly graph: Graph; readonly remarks: readonly string[] }> {
  const files = [...new Set(manifests.map(means.absolute))];
  if (stage === "asked") {
    const asked = await Promise.all(files.map((file) => readAsked(file, means.wish)));
    return makeGraph(asked.flatMap(askedPools));
  }
  const pools = await plannedPools(files, stage, means);
  const { graph, remarks } = makeGraph(pools);
  return { graph, remarks: [...remarks, ...unansweredRemarks(graph)] };
}

async function readAsked(file: string, wish: Wish): Promise<Asked> {
  const { assembly } = await load(file, shippedManifests, kinds);
  const host = debianArchitecture();
  const found = targetsOf(assembly, wish, host).map((target) => digestLocals(assembly, target));
  return { assembly, wish, host, locals: new Map(found.flatMap(({ locals }) => [...locals])) };
}

async function plannedPools(
  files: readonly string[],
  stage: Exclude<Stage, "asked">,
  { parts, plan }: GraphMeans,
): Promise<readonly Pool[]> {
  const scopes: Scope[] = [];
  for (const file of files) {
    let last: readonly Scope[] = [];
    await plan(file, (planning) => {
      last = scopesOf(planning);
    });
    scopes.push(...last);
  }
  const states = await buildStates(buildsIn(scopes), stage, stateMeans(parts));
  return scopes.map((scope) =>
    poolOf(scope, {
      build: ({ digest }) => states.get(digest) ?? "Build",
      isFetched: (request) => parts.records.sound(request) !== undefined,
    }),
  );
}

function stateMeans({ records, layout, caches, keeper }: Parts): StateMeans {
  const history = readHistory(layout);
  return {
    result: (request) => records.sound(request),
    isBrought: (request) => records.origin(request)?.signatures !== undefined,
    isFailed: (request) => history.find(request)?.failed !== undefined,
    offers: async (requests) => (caches ? await (await keeper()).offers(requests) : new Map()),
  };
}

/** Who asks what is chosen for a package alone is told that its lock does not say. */
function unansweredRemarks({ nodes }: Graph): string[] {
  const open = nodes.filter(({ type, version }) => type === "RemoteRun" && version === undefined);
  if (open.length === 0) return [];
  const shown = open.slice(0, 5).map(({ name }) => name);
  const more = open.length > shown.length ? [`${open.length - shown.length} more`] : [];
  return [
    `nothing is chosen for ${[...shown, ...more].join(", ")}: the lock of a package does not say what it runs with; name an image that has it`,
  ];
}

/** All of it where nothing is searched for. @throws {Fault} `usage/unknown-package` */
export function searched(graph: Graph, query: Query): Graph {
  const isAll = query.dependenciesOf.length === 0 && query.dependentsOf.length === 0;
  return isAll ? graph : search(graph, query);
}

export function packageLines(
  title: string,
  stage: Stage,
  graph: Graph,
  format: "dot" | "json" | "svg",
): readonly string[] {
  if (format === "json") return [JSON.stringify({ format: "kit/graph/1", stage, ...graph })];
  const sketch = graphSketch(title, graph);
  return format === "dot" ? dotText(sketch) : svgText(sketch);
}

/** Who waits is counted in the whole graph, what is waited for is told as far as it was searched for. */
export function blockerLines(graph: Graph, found: Graph, format: "dot" | "json" | "svg"): readonly string[] {
  const ids = new Set(found.nodes.map(({ id }) => id));
  const blockers = blockersOf(graph).filter(({ node }) => ids.has(node.id));
  if (format === "json") return [JSON.stringify({ format: "kit/blockers/1", blockers })];
  if (blockers.length === 0) return ["nothing is missing"];
  const more = blockers.length - mostTold;
  return [
    ...blockers.slice(0, mostTold).map(blockerLine),
    ...(more > 0 ? [`and ${more} more; --format json has all`] : []),
  ];
}

const mostTold = 20;

function blockerLine({ node, direct, all }: Blocker): string {
  const name = [node.name, node.version].filter((word) => word !== undefined).join(" ");
  return visible(
    `${name} (${node.type}, ${node.state}): ${plural(all, "other")} wait for it, ${direct} of them directly`,
  );
}
