// Making the graph: linked, its build cycles broken or told, its run cycles folded.
// Knows the order of these; each is somebody else's.

import { type Broken, breakBuildCycles } from "./buildcycle.ts";
import type { Pool } from "./described.ts";
import { foldRunCycles } from "./fold.ts";
import { linkPools } from "./link.ts";

/**
 * The graph of what is described, without cycles; the same for every order of pools, packages and requirements.
 *
 * @throws {Faults} `unresolved/build-cycle`, `unresolved/contradiction`, `manifest/name-clash`
 */
export function makeGraph(pools: readonly Pool[]): Broken {
  const { graph, remarks } = breakBuildCycles(linkPools(pools));
  return { graph: foldRunCycles(graph), remarks };
}
