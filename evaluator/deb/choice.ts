// Choice: the closure apt comes to, if it comes to one.
// Knows the stations of apt's way; does not know any of them inside, nor what is done where apt gives up.

import { isSound, sweepAsApt } from "./closure.ts";
import { markInstalls } from "./marking.ts";
import type { Version } from "./package.ts";
import { repair } from "./repair.ts";
import type { Universe } from "./universe.ts";

/**
 * What `apt-get install` of the targets, in this order, would put on an empty machine; undefined where its walk ends
 * in a conflict that its problem resolver does not mend either.
 */
export function chooseAsApt(
  universe: Universe,
  targets: readonly Version[],
  options: { readonly recommends: boolean },
): Set<Version> | undefined {
  const marks = markInstalls(universe, targets, options);
  let installed = new Set(marks.installed());
  if (!isSound(universe, installed)) {
    repair(marks, targets);
    installed = new Set(marks.installed());
    if (!isSound(universe, installed)) return undefined;
  }
  if (!targets.every((target) => installed.has(target))) return undefined;
  return sweepAsApt(universe, installed, targets, options.recommends);
}
