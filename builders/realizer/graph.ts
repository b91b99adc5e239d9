// The graph of a run: who uses what.
// Pure. Knows derivations; does not know what became of any.

import type { Derivation } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";

/** What takes an output of each. */
export function usersOf(all: readonly Derivation[]): Map<Digest, Derivation[]> {
  const users = new Map<Digest, Derivation[]>();
  for (const item of all) {
    for (const digest of inputsOf(item)) {
      const list = users.get(digest);
      if (list === undefined) users.set(digest, [item]);
      else list.push(item);
    }
  }
  return users;
}

export function inputsOf(item: Derivation): Set<Digest> {
  return new Set(
    Object.values(item.inputs).flatMap((input) => ("derivation" in input ? [input.derivation.digest] : [])),
  );
}
