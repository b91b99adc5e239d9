// What can be told of a plan with nothing built for it.
// Knows what is recorded, and what only reads; does not know what the facts are for.

import { allDerivations, type Plan } from "../../evaluator/evaluate.ts";
import { isReading } from "../recipes.ts";
import type { Means } from "./means.ts";
import { walk } from "./walk.ts";

/** Whether all of these can be told by what is recorded, and by reading it. */
export async function areRecorded(wanted: Plan["wanted"], { known }: Pick<Means, "known">): Promise<boolean> {
  const all = allDerivations(wanted);
  const reached = await walk(all, async (requests) => {
    const found = requests.flatMap((request) => {
      const result = known(request);
      return result === undefined ? [] : [[request, result] as const];
    });
    return new Map(found);
  });
  const done = new Set(reached.flatMap(({ derivation, result }) => (result ? [derivation.digest] : [])));
  return all.every(({ digest, builder }) => done.has(digest) || isReading(builder));
}
