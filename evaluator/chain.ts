// Chains: the shortest ways from what was asked for to a package of a closure.
// Knows the reasons a closure gives; does not know how it was chosen.

import { type Asker, type ChosenPackage, isAsker } from "./resolution.ts";

/** A package, and what wanted it there: what was asked for, or a dependency of the link before. */
export interface Link {
  /** `name`, or `name:architecture` where that is not the native one. */
  readonly package: string;
  readonly relation: string;
}

/** From a request, a package of a group, or one of the base, to the package in question. Never empty. */
export interface Chain {
  readonly from: Asker;
  readonly links: readonly Link[];
}

/** How many chains are as short as the shortest, and the first of them: requests first, then by names. */
export interface Chains {
  readonly count: number;
  readonly chains: readonly Chain[];
}

/** How a package is called in reasons. */
export function nameIn(item: Pick<ChosenPackage, "name" | "architecture">, native: string): string {
  const isNative = [native, "all", "noarch"].includes(item.architecture);
  return isNative ? item.name : `${item.name}:${item.architecture}`;
}

/** Chains of one closure, for as many packages as are asked about. */
export type FindChains = (wanted: string, most: number) => Chains;

/** What it gives takes how many chains are written out: there may be more than anybody reads. */
export function openChains(packages: readonly ChosenPackage[], native: string): FindChains {
  const steps = new Map(packages.map((item) => [nameIn(item, native), stepsTo(item)]));
  const ways = countWays(steps);
  return (wanted, most) => chainsTo(wanted, most, steps, ways);
}

function chainsTo(
  wanted: string,
  most: number,
  steps: ReadonlyMap<string, readonly Step[]>,
  ways: ReturnType<typeof countWays>,
): Chains {
  const way = ways.get(wanted);
  if (way === undefined) return { count: 0, chains: [] };
  const chains: Chain[] = [];
  const lead = (name: string, later: readonly Link[]) => {
    const { distance } = ways.get(name) ?? { distance: 0 };
    for (const { by, relation } of steps.get(name) ?? []) {
      if (chains.length >= most) return;
      const links = [{ package: name, relation }, ...later];
      if (isAsker(by)) {
        if (distance === 1) chains.push({ from: by, links });
      } else if (ways.get(by)?.distance === distance - 1) lead(by, links);
    }
  };
  lead(wanted, []);
  return { count: way.count, chains };
}

interface Step {
  readonly by: string;
  readonly relation: string;
}

/** Requests first, then groups, the base, then by name: one of each who wants it, however often it does. */
function stepsTo({ reasons }: ChosenPackage): Step[] {
  const rank = (by: string) => (by === "request" ? 0 : !isAsker(by) ? 3 : by === "base" ? 2 : 1);
  const sorted = [...reasons].sort(
    (a, b) => rank(a.by) - rank(b.by) || compareText(a.by, b.by) || compareText(a.relation, b.relation),
  );
  return sorted.filter(({ by }, i) => isAsker(by) || by !== sorted[i - 1]?.by);
}

/** Of each package that can be reached: how many links its shortest chains have, and how many such chains there are. */
function countWays(steps: ReadonlyMap<string, readonly Step[]>) {
  const ways = new Map<string, { readonly distance: number; readonly count: number }>();
  let wave = [...steps].flatMap(([name, reasons]) => {
    const count = reasons.filter(({ by }) => isAsker(by)).length;
    return count > 0 ? [{ name, count }] : [];
  });
  for (let distance = 1; wave.length > 0; distance++) {
    for (const { name, count } of wave) ways.set(name, { distance, count });
    wave = [...steps].flatMap(([name, reasons]) => {
      if (ways.has(name)) return [];
      const count = reasons.reduce((sum, { by }) => {
        const before = isAsker(by) ? undefined : ways.get(by);
        return before?.distance === distance ? sum + before.count : sum;
      }, 0);
      return count > 0 ? [{ name, count }] : [];
    });
  }
  return ways;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
