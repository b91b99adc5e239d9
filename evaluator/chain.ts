// Chains: the shortest ways from what was asked for to a package of a closure.
// Knows the reasons a closure gives; does not know how it was chosen.

import { type Asker, type ChosenPackage, isAsker } from "./resolution.ts";
import { compareText } from "./text.ts";

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
  // From the package in question back; each is at one of its steps. A path: some are longer than calls can be deep.
  const path = [{ name: wanted, next: 0, relation: "" }];
  for (let last = path.at(-1); last !== undefined && chains.length < most; last = path.at(-1)) {
    const step = steps.get(last.name)?.[last.next++];
    if (step === undefined) {
      path.pop();
      continue;
    }
    const { by, relation } = step;
    const distance = way.distance - path.length + 1;
    last.relation = relation;
    if (!isAsker(by)) {
      if (ways.get(by)?.distance === distance - 1) path.push({ name: by, next: 0, relation: "" });
    } else if (distance === 1) {
      const links = path.map((link): Link => ({ package: link.name, relation: link.relation }));
      chains.push({ from: by, links: links.reverse() });
    }
  }
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
  const wantedBy = new Map<string, string[]>();
  let wave = new Map<string, number>();
  for (const [name, reasons] of steps) {
    const starts = reasons.filter(({ by }) => isAsker(by)).length;
    if (starts > 0) wave.set(name, starts);
    for (const { by } of reasons) {
      const wanted = wantedBy.get(by);
      if (wanted === undefined) wantedBy.set(by, [name]);
      else wanted.push(name);
    }
  }
  for (let distance = 1; wave.size > 0; distance++) {
    for (const [name, count] of wave) ways.set(name, { distance, count });
    const next = new Map<string, number>();
    for (const [name, count] of wave) {
      for (const other of wantedBy.get(name) ?? [])
        if (!ways.has(other)) next.set(other, (next.get(other) ?? 0) + count);
    }
    wave = next;
  }
  return ways;
}
