// What a command was given, written into hints that name a manifest: who made them knew a request alone.
// Pure. Knows the words that stand for it; does not know what went wrong.

import { shellWords } from "../builders/keeper/loghint.ts";
import { quoted } from "../builders/sandbox/spec.ts";
import { type Fault, Faults, faultsOf, restated } from "../store/model/fault.ts";

/** What leads to one plan: with another architecture or build type a digest is of no derivation of it. */
export interface Given {
  readonly manifest: string;
  readonly architecture?: string | undefined;
  readonly buildType?: string | undefined;
}

/** Of a fault, or of its record: the same, or one with the hint as it is to be typed. */
export function givenHint(hint: string | undefined, given: Given | undefined): string | undefined {
  return given === undefined ? hint : hint?.replaceAll(shellWords, () => `kit shell ${wordsOf(given)}`);
}

/** Of whatever was thrown; what is no fault stays. */
export function withGiven(error: unknown, given: Given | undefined): unknown {
  const faults = faultsOf(error);
  const isMeant = faults.some((fault) => fault.hint?.includes(shellWords));
  return isMeant ? new Faults(faults.map((fault) => completed(fault, given))) : error;
}

function completed(fault: Fault, given: Given | undefined): Fault {
  const hint = givenHint(fault.hint, given);
  return restated(fault, hint === undefined ? {} : { hint });
}

function wordsOf({ manifest, architecture, buildType }: Given): string {
  const options = [
    ...(architecture === undefined ? [] : ["--arch", architecture]),
    ...(buildType === undefined ? [] : ["--build-type", buildType]),
  ];
  return [manifest, ...options].map(quoted).join(" ");
}
