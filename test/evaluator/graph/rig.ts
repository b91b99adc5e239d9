// Described packages in few words, and graphs of them as few lines.
// Knows shapes; does not know what any test is about.

import fc from "fast-check";
import { debFormat, fieldRequirements } from "../../../evaluator/graph/deb.ts";
import type {
  DescribedPackage,
  LocalSource,
  Pool,
  RemotePackage,
} from "../../../evaluator/graph/described.ts";
import type { Graph, GraphNode } from "../../../evaluator/graph/graph.ts";

export interface Written {
  readonly version?: string;
  /** Fields as in a control file. */
  readonly needs?: string;
  readonly provides?: readonly DescribedPackage["provides"][number][];
  readonly prebuilt?: string;
}

export function described(
  name: string,
  { version = "1", needs = "", provides = [], prebuilt }: Written = {},
) {
  const from = "the store";
  return {
    ...{ name, version, architecture: "amd64", provides, requires: fieldRequirements(needs) },
    ...(prebuilt !== undefined && { prebuilt: { digest: prebuilt, from } }),
  };
}

export interface WrittenSource {
  readonly packages?: readonly DescribedPackage[];
  readonly build?: string;
  readonly test?: string;
  readonly made?: LocalSource["made"];
  readonly key?: string;
}

/** A source that makes one package of its name, where nothing else is said. */
export function source(name: string, written: WrittenSource = {}): LocalSource {
  const { packages = [described(name)], build = "", test, key = `/${name}.yaml` } = written;
  return {
    ...{ key, name, version: "1", architecture: "amd64", packages },
    made: written.made ?? { how: "built", state: "Build", requires: fieldRequirements(build) },
    ...(test !== undefined && { test: { state: "Build", requires: fieldRequirements(test) } }),
  };
}

export function pool(sources: readonly LocalSource[], more: Partial<Pool> = {}): Pool {
  return { distro: "d", architecture: "amd64", format: debFormat, sources, remotes: [], goals: [], ...more };
}

export function remote(
  name: string,
  written: Written = {},
  more: Partial<RemotePackage> = {},
): RemotePackage {
  const { version = "1" } = written;
  return {
    ...described(name, written),
    version,
    source: name,
    state: "Cached",
    digest: `sha256:${name}`,
    ...more,
  };
}

export function goal(name: string, needs: string): Pool["goals"][number] {
  return { kind: "image", name, key: `/${name}`, requires: fieldRequirements(needs), goals: [] };
}

/** `Run a 1`: the distribution and the architecture are the same everywhere. */
export function brief({ type, name, version }: GraphNode): string {
  const word = { LocalRun: "Run", LocalBuild: "Build", RemoteRun: "Remote", PureMeta: "Meta" }[
    type as string
  ];
  return [word ?? type, name, version].filter((part) => part !== undefined).join(" ");
}

/** `Run a 1 -> Build a 1`. */
export function briefEdges({ nodes, edges }: Graph): string[] {
  const names = new Map(nodes.map((node) => [node.id, brief(node)]));
  return edges.map(({ from, to }) => `${names.get(from)} -> ${names.get(to)}`);
}

/** Pairs of nodes of which the first leads to the second by one edge or more: the slow, plain way. */
export function reachOf({ nodes, edges }: Graph): (from: string, to: string) => boolean {
  const numbers = new Map(nodes.map(({ id }, i) => [id, i]));
  const reach = nodes.map(() => nodes.map(() => false));
  const set = (row: number, column: number) => {
    const cells = reach[row];
    if (cells !== undefined) cells[column] = true;
  };
  for (const { from, to } of edges) set(numbers.get(from) ?? 0, numbers.get(to) ?? 0);
  for (const middle of nodes.keys())
    for (const from of nodes.keys())
      if (reach[from]?.[middle]) for (const to of nodes.keys()) if (reach[middle]?.[to]) set(from, to);
  return (from, to) => reach[numbers.get(from) ?? -1]?.[numbers.get(to) ?? -1] === true;
}

export const names = ["a", "b", "c", "d", "e", "f", "g"] as const;
const list = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 }).map((all) => all.join(", "));
const few = fc.oneof({ weight: 3, arbitrary: fc.constant("") }, { weight: 2, arbitrary: list });

/** Sources of one to three packages out of seven, each of which needs some others; prebuilt as often as is said. */
export function anySources(prebuilt: "never" | "some" | "always"): fc.Arbitrary<LocalSource[]> {
  const isPrebuilt = prebuilt === "some" ? fc.boolean() : fc.constant(prebuilt === "always");
  const parts = fc.tuple(...names.map(() => fc.record({ needs: list, owner: fc.nat(4), isPrebuilt })));
  const builds = fc.tuple(...names.slice(0, 5).map(() => fc.record({ build: few, test: fc.option(few) })));
  return fc.tuple(parts, builds).map(([packages, makers]) =>
    makers.flatMap(({ build, test }, owner) => {
      const own = packages.flatMap((item, i) => {
        const name = names[i] ?? "";
        const digest = item.isPrebuilt ? { prebuilt: `blob:${name}` } : {};
        return item.owner === owner ? [described(name, { needs: item.needs, ...digest })] : [];
      });
      if (own.length === 0) return [];
      return [source(`source-${owner}`, { packages: own, build, ...(test !== null && { test }) })];
    }),
  );
}
