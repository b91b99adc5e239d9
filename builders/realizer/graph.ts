// The graph of a run: who uses what, and what weighs most.
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

/**
 * The larger, the sooner: a download's bytes, and for what is made of one the same, so that the package that
 * takes longest to unpack is not the last to start (0.9 s of 3.4 on a minbase root).
 */
export function weights(
  all: readonly Derivation[],
  users: ReadonlyMap<Digest, readonly Derivation[]>,
): Map<Digest, number> {
  const weight = new Map<Digest, number>();
  for (const item of all) {
    const size = (item.parameters as { size?: unknown } | null)?.size;
    if (item.builder !== "fetch" || typeof size !== "number") continue;
    weight.set(item.digest, size);
    for (const user of users.get(item.digest) ?? [])
      if (user.builder === "unpack") weight.set(user.digest, size);
  }
  return weight;
}
