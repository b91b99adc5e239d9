// Checks of packages that found something, among the outputs of a realize.
// Knows what they come to for a person; does not know whether that is more than a warning.

import { readFileSync } from "node:fs";
import { ended } from "../../builders/checks/recipe.ts";
import { checksType } from "../../builders/package/outputs.ts";
import type { Realized } from "../../builders/realizer/means.ts";
import type { PlannedOutput } from "../../evaluator/evaluate.ts";
import { type Digest, hexOf } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";

export interface Finding {
  /** The checks' derivation. */
  readonly id: Digest;
  /** `build/checks-failed` */
  readonly fault: Fault;
}

/** @param places where the outputs lie, in their order */
export function findingsOf(
  outputs: readonly PlannedOutput[],
  places: readonly string[],
  { requests }: Pick<Realized, "requests">,
): Finding[] {
  return outputs.flatMap(({ type, name, derivation }, index) => {
    if (type !== checksType || readFileSync(places[index] ?? "", "utf8") === ended.well) return [];
    const request = requests.get(derivation.digest);
    const fault = new Fault("build/checks-failed", `${name}: its checks found something`, {
      hint: `what they say: kit log ${request === undefined ? "" : hexOf(request).slice(0, 16)}`,
    });
    return { id: derivation.digest, fault };
  });
}
