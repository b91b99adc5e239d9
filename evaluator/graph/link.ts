// From described packages to nodes and edges.
// Knows which roles there are and who depends on whom; does not know cycles.

import { Fault, Faults } from "../../store/model/fault.ts";
import { compareText } from "../text.ts";
import { offersOf } from "./choice.ts";
import {
  type DescribedGoal,
  type DescribedPackage,
  type LocalSource,
  type Pool,
  packageKey,
  type RemotePackage,
} from "./described.ts";
import { type Graph, type GraphNode, graphOf } from "./graph.ts";
import { addNeeds, type Market, nodeId, placed, put, type Work } from "./need.ts";

/** What can stand for a run node without being built. */
export type Prebuilts = ReadonlyMap<string, NonNullable<DescribedPackage["prebuilt"]>>;

export interface Linked {
  /** With every cycle still in it. */
  readonly graph: Graph;
  /** By the run node's id. */
  readonly prebuilts: Prebuilts;
}

/**
 * Edges are Run→Build of the same source; Build→Run, Run→Run and Test→Run for what each needs; Goal→Run for what was
 * asked for. What nobody in the pool provides becomes a RemoteRun node without a version.
 *
 * @throws {Faults} `unresolved/contradiction` where no version can be what one package asks of another,
 * `manifest/name-clash` where two sources or goals are called the same
 */
export function linkPools(pools: readonly Pool[]): Linked {
  const work: Work = { nodes: new Map(), edges: [], prebuilts: new Map(), owners: new Map(), faults: [] };
  for (const pool of mergedPools(pools)) linkPool(pool, work);
  const faults = new Map(work.faults.map((fault) => [[fault.message, ...fault.details].join("\n"), fault]));
  const sorted = [...faults].sort(([a], [b]) => compareText(a, b)).map(([, fault]) => fault);
  if (sorted.length > 0) throw new Faults(sorted);
  return { graph: graphOf(work.nodes.values(), work.edges), prebuilts: work.prebuilts };
}

/** Manifests of one distribution and architecture share a pool. */
function mergedPools(pools: readonly Pool[]): Pool[] {
  const groups = Map.groupBy(pools, ({ distro, architecture }) => `${distro} ${architecture}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    return {
      ...first,
      sources: group.flatMap(({ sources }) => sources),
      remotes: group.flatMap(({ remotes }) => remotes),
      goals: group.flatMap(({ goals }) => goals),
    };
  });
}

function linkPool(pool: Pool, work: Work): void {
  const locals = pool.sources.flatMap(({ packages }) =>
    packages.map((described) => ({ id: nodeId("LocalRun", described, pool), isLocal: true, described })),
  );
  const remotes = pool.remotes.map((described) => ({
    id: nodeId("RemoteRun", described, pool),
    isLocal: false,
    described,
  }));
  const all = [...new Map([...remotes, ...locals].map((item) => [item.id, item])).values()];
  const market: Market = {
    pool,
    offers: offersOf(all, pool.format),
    // Local ones last: they are what an answer means where both are there.
    runs: new Map([...remotes, ...locals].map(({ id, described }) => [packageKey(described), id])),
  };
  for (const source of pool.sources) addSource(source, market, work);
  for (const remote of pool.remotes) addRemote(remote, market, work);
  for (const goal of pool.goals) addGoal(goal, market, work);
}

function addSource(source: LocalSource, market: Market, work: Work): void {
  const { pool } = market;
  const { made, test } = source;
  const common = { ...placed(pool), source: source.name };
  const build = nodeId("LocalBuild", source, pool);
  if (made.how === "built") {
    own(build, source.key, source.name, work);
    put({ id: build, type: "LocalBuild", state: made.state, ...titled(source), ...common }, work);
    addNeeds(build, "build", made.requires, market, work);
  }
  for (const described of source.packages) {
    const id = nodeId("LocalRun", described, pool);
    own(id, source.key, described.name, work);
    put({ id, type: "LocalRun", state: "Meta", ...titled(described), ...common }, work);
    if (described.prebuilt !== undefined) work.prebuilts.set(id, described.prebuilt);
    addNeeds(id, "run", described.requires, market, work);
    let to = build;
    if (made.how === "prebuilt") {
      to = nodeId("PreBuilt", described, pool);
      const digest = made.digest !== undefined && { digest: made.digest };
      put({ id: to, type: "PreBuilt", state: made.state, ...titled(described), ...common, ...digest }, work);
    }
    work.edges.push({ from: id, to, kind: "made", requirements: [] });
  }
  if (test === undefined) return;
  const id = nodeId("Test", source, pool);
  put({ id, type: "Test", state: test.state, ...titled(source), ...common }, work);
  addNeeds(id, "test", test.requires, market, work);
}

function addRemote(remote: RemotePackage, market: Market, work: Work): void {
  const { pool } = market;
  const id = nodeId("RemoteRun", remote, pool);
  const { state, source, digest, note } = remote;
  const node: GraphNode = {
    ...{ id, type: "RemoteRun", state, ...titled(remote), ...placed(pool), source },
    ...(digest !== undefined && { digest }),
    ...(note !== undefined && { note }),
  };
  put(node, work);
  if (remote.prebuilt !== undefined) work.prebuilts.set(id, remote.prebuilt);
  addNeeds(id, "run", remote.requires, market, work);
}

function addGoal(goal: DescribedGoal, market: Market, work: Work): string {
  const { distro, architecture } = market.pool;
  const id = `Goal ${goal.kind} ${goal.name} ${architecture} ${distro}`;
  own(id, goal.key, goal.name, work);
  const titledSo = { name: goal.name, architecture, note: goal.kind };
  put({ id, type: "Goal", state: "Meta", ...titledSo, ...placed(market.pool) }, work);
  addNeeds(id, "goal", goal.requires, market, work);
  for (const part of goal.goals)
    work.edges.push({ from: id, to: addGoal(part, market, work), kind: "goal", requirements: [] });
  return id;
}

/** What is called the same and is not the same is told with all else that is wrong. */
function own(id: string, key: string, name: string, { owners, faults }: Work): void {
  const other = owners.get(id);
  if (other === undefined) owners.set(id, key);
  else if (other !== key)
    faults.push(
      new Fault("manifest/name-clash", `two manifests make what is called ${name}`, {
        details: [other, key].sort(),
        hint: "rename one of them, or ask for one graph of each",
      }),
    );
}

function titled({
  name,
  version,
  architecture,
}: Pick<DescribedPackage, "name" | "version" | "architecture">) {
  return { name, ...(version !== undefined && { version }), architecture };
}
