// Why a package is in a buildroot: the ways down to it from the sources of a view, level by level.
// Pure. Knows what an answer says of its buildroot; does not know how that was found.

import { nameIn } from "../chain.ts";
import { sourceOf } from "../source.ts";
import type { ViewAnswer } from "./pinned.ts";

/** A source, and a package that it is built with. */
export interface BuildStep {
  readonly source: string;
  readonly package: string;
}

export interface ToolReasons {
  readonly name: string;
  readonly version: string;
  readonly architecture: string;
  readonly level: number;
  /** How many sources of the level below are built with it. */
  readonly count: number;
  /** From a source of the view down to the package, a step a level; one for each of the first ten of these sources. */
  readonly ways: readonly (readonly BuildStep[])[];
}

/** Every version of a package that only building takes; none where a workload has it, or nobody. `called` is `NAME` or `NAME:ARCHITECTURE`. */
export function toolReasons({ question, view, packages }: ViewAnswer, called: string): ToolReasons[] {
  const tools = view.buildroot?.packages ?? {};
  const native = question.source.architecture;
  const found = Object.entries(tools).flatMap(([key, tool]) => {
    const item = packages.get(key);
    return item !== undefined && nameIn(item, native) === called ? [{ item, tool }] : [];
  });
  if (found.length === 0) return [];
  const makers = makersIn({ view, packages });
  return found.map(({ item: { name, version, architecture }, tool: { level, count, builds } }) => ({
    ...{ name, version, architecture, level, count },
    ways: builds.map((source) => wayTo({ source, package: called }, level, { question, packages, makers })),
  }));
}

/** The first tool by its key of each source, by level and source. */
type Makers = ReadonlyMap<string, { readonly key: string; readonly builds: readonly string[] }>;

function makersIn({ view, packages }: Pick<ViewAnswer, "view" | "packages">): Makers {
  const makers = new Map<string, { key: string; builds: readonly string[] }>();
  for (const [key, { level, builds }] of Object.entries(view.buildroot?.packages ?? {})) {
    const item = packages.get(key);
    if (item === undefined) continue;
    const place = `${level} ${sourceOf(item).name}`;
    const known = makers.get(place);
    if (known === undefined || key < known.key) makers.set(place, { key, builds });
  }
  return makers;
}

interface Ground {
  readonly question: ViewAnswer["question"];
  readonly packages: ViewAnswer["packages"];
  readonly makers: Makers;
}

/** Backwards: what is built with a package of this level is of the level below, where a package of it is built with, and so on. */
function wayTo(last: BuildStep, level: number, { question, packages, makers }: Ground): BuildStep[] {
  const way = [last];
  for (let below = level - 1; below > 0; below--) {
    const maker = makers.get(`${below} ${way[0]?.source}`);
    const item = maker && packages.get(maker.key);
    const [source] = maker?.builds ?? [];
    // Only a damaged lock has such a gap.
    if (item === undefined || source === undefined) break;
    way.unshift({ source, package: nameIn(item, question.source.architecture) });
  }
  return way;
}
