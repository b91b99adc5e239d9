// From described packages to nodes and edges.
// Knows which roles there are and who depends on whom; does not know cycles.

import { Fault, Faults } from "../../store/model/fault.ts";
import { contradiction, mergeRequirements } from "./bound.ts";
import { ableOffers, type Offers, offersOf } from "./choice.ts";
import {
  type Atom,
  type DescribedGoal,
  type DescribedPackage,
  type LocalSource,
  type Pool,
  packageKey,
  type RemotePackage,
  type Requirement,
} from "./described.ts";
import {
  compareText,
  type EdgeKind,
  type Graph,
  type GraphEdge,
  type GraphNode,
  graphOf,
  type NodeType,
} from "./graph.ts";

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
  const faults = new Map(work.faults.map((fault) => [fault.message, fault]));
  if (faults.size > 0)
    throw new Faults([...faults.values()].sort((a, b) => compareText(a.message, b.message)));
  return { graph: graphOf(work.nodes.values(), work.edges), prebuilts: work.prebuilts };
}

interface Work {
  readonly nodes: Map<string, GraphNode>;
  readonly edges: GraphEdge[];
  readonly prebuilts: Map<string, NonNullable<DescribedPackage["prebuilt"]>>;
  /** By node id, the key of the source or goal it belongs to. */
  readonly owners: Map<string, string>;
  readonly faults: Fault[];
}

/** What a pool's requirements are met with. */
interface Market {
  readonly pool: Pool;
  readonly offers: Offers;
  /** Run nodes by {@link packageKey}. */
  readonly runs: ReadonlyMap<string, string>;
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
    work.nodes.set(build, { id: build, type: "LocalBuild", state: made.state, ...titled(source), ...common });
    addNeeds(build, "build", made.requires, market, work);
  }
  for (const described of source.packages) {
    const id = nodeId("LocalRun", described, pool);
    own(id, source.key, described.name, work);
    work.nodes.set(id, { id, type: "LocalRun", state: "Meta", ...titled(described), ...common });
    if (described.prebuilt !== undefined) work.prebuilts.set(id, described.prebuilt);
    addNeeds(id, "run", described.requires, market, work);
    let to = build;
    if (made.how === "prebuilt") {
      to = nodeId("PreBuilt", described, pool);
      const digest = made.digest !== undefined && { digest: made.digest };
      work.nodes.set(to, {
        id: to,
        type: "PreBuilt",
        state: made.state,
        ...titled(described),
        ...common,
        ...digest,
      });
    }
    work.edges.push({ from: id, to, kind: "made", requirements: [] });
  }
  if (test === undefined) return;
  const id = nodeId("Test", source, pool);
  work.nodes.set(id, { id, type: "Test", state: test.state, ...titled(source), ...common });
  addNeeds(id, "test", test.requires, market, work);
}

function addRemote(remote: RemotePackage, market: Market, work: Work): void {
  const { pool } = market;
  const id = nodeId("RemoteRun", remote, pool);
  const { state, source, digest, note } = remote;
  const known = work.nodes.get(id);
  work.nodes.set(id, {
    ...{ id, type: "RemoteRun", state, ...titled(remote), ...placed(pool), source },
    ...(digest !== undefined && { digest }),
    ...(note !== undefined && { note }),
    // Of two that say the same package is there and is not, the first is right.
    ...(known?.state === "Cached" && { state: "Cached" }),
  });
  if (remote.prebuilt !== undefined) work.prebuilts.set(id, remote.prebuilt);
  addNeeds(id, "run", remote.requires, market, work);
}

function addGoal(goal: DescribedGoal, market: Market, work: Work): string {
  const { distro, architecture } = market.pool;
  const id = `Goal ${goal.kind} ${goal.name} ${architecture} ${distro}`;
  own(id, goal.key, goal.name, work);
  work.nodes.set(id, {
    id,
    type: "Goal",
    state: "Meta",
    name: goal.name,
    ...placed(market.pool),
    architecture,
    note: goal.kind,
  });
  addNeeds(id, "goal", goal.requires, market, work);
  for (const part of goal.goals)
    work.edges.push({ from: id, to: addGoal(part, market, work), kind: "goal", requirements: [] });
  return id;
}

function addNeeds(
  from: string,
  kind: EdgeKind,
  requirements: readonly Requirement[],
  market: Market,
  work: Work,
): void {
  const merged = mergeRequirements(requirements);
  for (const requirement of merged) {
    const clash = contradictionIn(requirement, market);
    if (clash !== undefined) {
      work.faults.push(contradictory(work.nodes.get(from), requirement.text, clash));
      continue;
    }
    for (const { to, passedOver } of met(from, requirement, market, work))
      work.edges.push({
        ...{ from, to, kind, requirements: [requirement.text] },
        ...(passedOver.length > 0 && { passedOver }),
      });
  }
}

interface Met {
  readonly to: string;
  readonly passedOver: readonly string[];
}

/** None where it is met by the package that has it. */
function met(from: string, requirement: Requirement, market: Market, work: Work): readonly Met[] {
  if ("answers" in requirement) {
    return requirement.answers.map((key) => {
      const to = market.runs.get(key);
      if (to === undefined)
        throw new Error(`${requirement.text} was answered with ${key}, which is not there`);
      return { to, passedOver: [] };
    });
  }
  const { offers, pool } = market;
  const choices = requirement.choices.map((atoms) =>
    atoms.map((atom) => ({ atom, able: ableOffers(offers, atom, pool.architecture, pool.format) })),
  );
  const choice = choices.find((atoms) => atoms.every(({ able }) => able.length > 0));
  if (choices.some((atoms) => atoms.every(({ able }) => able.includes(from)))) return [];
  if (choice === undefined && choices.every(({ length }) => length === 1))
    return [{ to: unresolved(requirement.choices.flat(), market, work), passedOver: [] }];
  const others = choices
    .filter((atoms) => atoms !== choice)
    .flatMap((atoms) => atoms.flatMap(({ able }) => able));
  return (choice ?? choices[0] ?? []).map(({ atom, able: [to, ...rest] }) => ({
    to: to ?? unresolved([atom], market, work),
    passedOver: [...rest, ...others].filter((id) => id !== to),
  }));
}

/** One node for each name, or each set of alternatives: which versions are wanted stands on the edges. */
function unresolved(atoms: readonly Atom[], { pool }: Market, work: Work): string {
  const names = atoms.map(({ name, architecture }) =>
    architecture === undefined ? name : `${name}:${architecture}`,
  );
  const name = [...new Set(names)].join(" | ");
  const id = `RemoteRun ${name} * ${pool.architecture} ${pool.distro}`;
  work.nodes.set(id, {
    id,
    type: "RemoteRun",
    state: "Unresolved",
    name,
    ...placed(pool),
    architecture: pool.architecture,
  });
  return id;
}

function contradictionIn(requirement: Requirement, { pool }: Market): string | undefined {
  if ("answers" in requirement || requirement.choices.length !== 1) return undefined;
  for (const { bounds } of requirement.choices[0] ?? []) {
    const clash = contradiction(bounds, pool.format);
    if (clash !== undefined)
      return clash.map(({ operator, version }) => `${operator} ${version}`).join(" and ");
  }
  return undefined;
}

function contradictory(node: GraphNode | undefined, text: string, clash: string): Fault {
  return new Fault("unresolved/contradiction", `${node?.name} asks for what no version can be: ${text}`, {
    details: [`no version is ${clash}`],
    hint: "leave one of the two out",
  });
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

function nodeId(type: NodeType, item: Parameters<typeof packageKey>[0], { distro }: Pool): string {
  return `${type} ${packageKey(item)} ${distro}`;
}

function titled({
  name,
  version,
  architecture,
}: Pick<DescribedPackage, "name" | "version" | "architecture">) {
  return { name, ...(version !== undefined && { version }), architecture };
}

function placed({ distro }: Pool) {
  return { distro };
}
