// What is needed: which nodes a requirement leads to.
// Knows choices and answers; does not know who makes packages.

import { Fault } from "../../store/model/fault.ts";
import { contradiction, mergeRequirements } from "./bound.ts";
import { ableOffers, type Offers } from "./choice.ts";
import { type Atom, type DescribedPackage, type Pool, packageKey, type Requirement } from "./described.ts";
import type { EdgeKind, GraphEdge, GraphNode, NodeType } from "./graph.ts";

export interface Work {
  readonly nodes: Map<string, GraphNode>;
  readonly edges: GraphEdge[];
  readonly prebuilts: Map<string, NonNullable<DescribedPackage["prebuilt"]>>;
  /** By node id, the key of the source or goal it belongs to. */
  readonly owners: Map<string, string>;
  readonly faults: Fault[];
}

/** What a pool's requirements are met with. */
export interface Market {
  readonly pool: Pool;
  readonly offers: Offers;
  /** Run nodes by {@link packageKey}. */
  readonly runs: ReadonlyMap<string, string>;
}

/** An edge for each of these; what nobody in the pool provides becomes a RemoteRun node without a version. */
export function addNeeds(
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
  const { architecture } = pool;
  put({ id, type: "RemoteRun", state: "Unresolved", name, architecture, ...placed(pool) }, work);
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

/** Of two that say different things of one node the same counts, whoever comes first: what says that it is here. */
export function put(node: GraphNode, { nodes }: Work): void {
  const rank = (one: GraphNode) => `${isHere(one) ? 0 : 1} ${JSON.stringify(one)}`;
  const other = nodes.get(node.id);
  if (other === undefined || rank(node) < rank(other)) nodes.set(node.id, node);
}

function isHere({ state }: GraphNode): boolean {
  return state === "Cached" || state === "UpToDate";
}

export function nodeId(type: NodeType, item: Parameters<typeof packageKey>[0], { distro }: Pool): string {
  return `${type} ${packageKey(item)} ${distro}`;
}

export function placed({ distro }: Pool) {
  return { distro };
}
