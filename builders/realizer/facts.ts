// Gathering facts: what has to be built before it can be told what is to be built.
// Knows which text is meant; does not know what it is for.

import type { Plan, World } from "../../evaluator/evaluate.ts";
import { type Result, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { Fault } from "../../store/model/fault.ts";
import type { LineMeans } from "./linemeans.ts";
import { realizeLine } from "./make.ts";
import { type RealizeOptions, Unfinished } from "./means.ts";

export interface Gathered {
  readonly facts: ReadonlyMap<Digest, string>;
  /** Why the rest cannot be told. */
  readonly failures: readonly Fault[];
}

/** All of them; where some fail and that is no end (`keepGoing`), the others. @throws {Faults} */
export async function gatherFacts(
  wanted: Plan["wanted"],
  { world, keepGoing }: { readonly world: World; readonly keepGoing: boolean },
  means: LineMeans,
  build: RealizeOptions,
): Promise<Gathered> {
  const targets = wanted.map(({ derivation }) => derivation);
  try {
    const { results } = await realizeLine(targets, world, means, build);
    return { facts: textsOf(wanted, results, means), failures: [] };
  } catch (error) {
    if (!keepGoing || !(error instanceof Unfinished) || build.signal?.aborted) throw error;
    const { results, faults } = error;
    const told = wanted.filter(({ derivation }) => results.has(derivation.digest));
    return { facts: textsOf(told, results, means), failures: faults };
  }
}

function textsOf(
  wanted: Plan["wanted"],
  results: ReadonlyMap<Digest, Result>,
  { readText }: Pick<LineMeans, "readText">,
): ReadonlyMap<Digest, string> {
  const texts = wanted.map(({ derivation, output, path }) => {
    const content = results.get(derivation.digest)?.outputs[output];
    if (content === undefined) throw new Error(`${derivation.label} has no output ${output}`);
    return [derivation.digest, readText(splitContent(content).digest, path)] as const;
  });
  return new Map(texts);
}
