// One architecture as the graph has it: names, packages, who needs whom, which workloads have what.
// Knows the data files it takes; does not know how any of it is shown.

import type { NamesData, NeedsData } from "../form.ts";
import { load } from "./load.ts";
import { openShelf, type Shelf } from "./packages.ts";
import { type Members, openMembers, openWeb, type Web } from "./web.ts";

export interface World {
  readonly architecture: string;
  readonly names: NamesData;
  readonly shelf: Shelf;
  readonly web: Web;
  readonly members: Members;
  /** By row: what is built with it. */
  readonly builds: ReadonlyMap<number, NeedsData["builds"][number]>;
}

export async function openWorld(architecture: string, names: NamesData): Promise<World> {
  const place = names.architectures.indexOf(architecture);
  const [packages, needs, members] = await Promise.all([
    load(`packages-${place}`),
    load(`needs-${place}`),
    load(`members-${place}`),
  ]);
  const shelf = openShelf(names, packages);
  const builds = new Map(needs.builds.map((one) => [one.row, one]));
  return { architecture, names, shelf, web: openWeb(shelf, needs), members: openMembers(members), builds };
}

/** Where one starts who has named nothing: what most others need. */
export function startOf({ names, shelf, web }: World): string {
  const weights = web.weights();
  const best = weights.indexOf(weights.reduce((most, weight) => Math.max(most, weight), 0));
  return names.packages[shelf.names[best] ?? -1] ?? "";
}

/** What a row is called. */
export function nameOf({ names, shelf }: Pick<World, "names" | "shelf">, row: number): string {
  return names.packages[shelf.names[row] ?? -1] ?? "";
}
