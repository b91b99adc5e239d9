// Configuration order: dependencies before dependents.
// Knows Depends and Pre-Depends among packages that are all there; does not know what is run in that order.

import { compareText } from "../text.ts";
import { parseGroup, type Relation, splitGroups } from "./relation.ts";
import { fieldOf, type Stanza } from "./stanza.ts";
import { satisfies } from "./version.ts";

/** A package of a closure; `stanza` gives its relations. */
export interface Orderable {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly stanza: Stanza;
}

/**
 * Names (`name:arch` for all but the first of a name) so that each stands after what it depends on: base-passwd,
 * base-files and essential packages as early as their dependencies let them, then by name. Where packages depend
 * on each other in a circle, Pre-Depends count before Depends and names decide the rest. Independent of the order
 * given.
 */
export function configurationOrder(packages: readonly Orderable[]): string[] {
  const nodes = [...packages].sort(compareUrgency);
  const successors = dependencies(nodes);
  const components = connectedComponents(nodes, successors.all);
  const ordered = components.flatMap((component) => breakCircle(component, successors.pre));
  const first = ordered.filter((node) => foremost.includes(node.name)).sort(compareUrgency);
  const seen = new Set<string>();
  return [...first, ...ordered.filter((node) => !first.includes(node))].map(({ name, architecture }) => {
    if (seen.has(name)) return `${name}:${architecture}`;
    seen.add(name);
    return name;
  });
}

// Everything else needs the users and directories these two make.
const foremost = ["base-passwd", "base-files"];

type Edges = ReadonlyMap<Orderable, readonly Orderable[]>;

function compareUrgency(a: Orderable, b: Orderable): number {
  return (
    urgency(a) - urgency(b) || compareText(a.name, b.name) || compareText(a.architecture, b.architecture)
  );
}

function urgency({ name, stanza }: Orderable): number {
  const place = foremost.indexOf(name);
  if (place >= 0) return place;
  return fieldOf(stanza, "Essential") === "yes" ? foremost.length : foremost.length + 1;
}

/** Per package those present that its fields name, in the order of the nodes. */
function dependencies(nodes: readonly Orderable[]): { all: Edges; pre: Edges } {
  const providers = new Map<string, { node: Orderable; version: string | undefined }[]>();
  const provide = (name: string, node: Orderable, version: string | undefined): void => {
    providers.set(name, [...(providers.get(name) ?? []), { node, version }]);
  };
  for (const node of nodes) {
    provide(node.name, node, node.version);
    for (const { name, version } of groupsOf(node, "Provides").flat()) provide(name, node, version);
  }
  const meets = (relation: Relation): Orderable[] =>
    (providers.get(relation.name) ?? [])
      .filter(({ version }) => {
        if (relation.operator === undefined || relation.version === undefined) return true;
        return version !== undefined && satisfies(version, relation.operator, relation.version);
      })
      .map(({ node }) => node);
  const edges = (fields: readonly string[]): Edges =>
    new Map(
      nodes.map((node) => {
        const found = new Set(
          fields.flatMap((field) => groupsOf(node, field)).flatMap((group) => group.flatMap(meets)),
        );
        found.delete(node);
        return [node, [...found].sort(compareUrgency)];
      }),
    );
  return { all: edges(["Pre-Depends", "Depends"]), pre: edges(["Pre-Depends"]) };
}

function groupsOf(node: Orderable, field: string): Relation[][] {
  return splitGroups(fieldOf(node.stanza, field) ?? "").map(parseGroup);
}

/** Tarjan's algorithm, without recursion: components come out with what they depend on before them. */
function connectedComponents(nodes: readonly Orderable[], edges: Edges): Orderable[][] {
  const numbers = new Map<Orderable, number>();
  const lowest = new Map<Orderable, number>();
  const open: Orderable[] = [];
  const isOpen = new Set<Orderable>();
  const components: Orderable[][] = [];
  const lower = (node: Orderable, number: number): void => {
    lowest.set(node, Math.min(lowest.get(node) ?? number, number));
  };
  for (const root of nodes) {
    if (numbers.has(root)) continue;
    const path: { node: Orderable; next: number }[] = [{ node: root, next: 0 }];
    for (let frame = path.at(-1); frame !== undefined; frame = path.at(-1)) {
      const { node } = frame;
      if (frame.next === 0) {
        lowest.set(node, numbers.size);
        numbers.set(node, numbers.size);
        open.push(node);
        isOpen.add(node);
      }
      const target = edges.get(node)?.[frame.next++];
      if (target !== undefined) {
        if (!numbers.has(target)) path.push({ node: target, next: 0 });
        else if (isOpen.has(target)) lower(node, numbers.get(target) ?? 0);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent.node, lowest.get(node) ?? 0);
      if (lowest.get(node) !== numbers.get(node)) continue;
      const component = open.splice(open.lastIndexOf(node));
      for (const member of component) isOpen.delete(member);
      components.push(component);
    }
  }
  return components;
}

/** Within a circle only Pre-Depends bind; circles among those are broken by urgency and name. */
function breakCircle(component: readonly Orderable[], pre: Edges): Orderable[] {
  if (component.length === 1) return [...component];
  const members = [...component].sort(compareUrgency);
  const inside = new Set(members);
  const edges: Edges = new Map(
    members.map((node) => [node, (pre.get(node) ?? []).filter((other) => inside.has(other))]),
  );
  return connectedComponents(members, edges).flatMap((part) => part.sort(compareUrgency));
}
