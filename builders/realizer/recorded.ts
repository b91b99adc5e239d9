// What can be told of a plan with nothing built for it.
// Knows what is recorded, and what only reads; does not know what the facts are for.

import { allDerivations, type Plan } from "../../evaluator/evaluate.ts";
import type { Derivation } from "../../store/model/derivation.ts";
import { isReading } from "../recipes.ts";
import type { Means } from "./means.ts";
import { walk } from "./walk.ts";

/** Those of these that can be told by what is recorded, and by reading it. */
export async function recordedOf(
  wanted: Plan["wanted"],
  { known }: Pick<Means, "known">,
): Promise<Plan["wanted"]> {
  const reached = await walk(allDerivations(wanted), async (requests) => {
    const found = requests.flatMap((request) => {
      const result = known(request);
      return result === undefined ? [] : [[request, result] as const];
    });
    return new Map(found);
  });
  const done = new Map(reached.map(({ derivation, result }) => [derivation.digest, result !== undefined]));
  const isThere = ({ digest, builder, inputs }: Derivation): boolean =>
    done.get(digest) ||
    (isReading(builder) &&
      Object.values(inputs).every((input) => "content" in input || isThere(input.derivation)));
  return wanted.filter(({ derivation }) => isThere(derivation));
}
