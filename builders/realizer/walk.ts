// A walk through a plan: each derivation's request, told by what became of its inputs.
// Knows the order of questions; does not know who answers them, and builds nothing.

import { type Derivation, type Request, type Result, requestDigest } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { resolveRequest } from "./resolve.ts";

/** A derivation all of whose inputs are known. */
export interface Reached {
  readonly derivation: Derivation;
  readonly request: Request;
  readonly digest: Digest;
}

/**
 * Asks what became of all requests that are known, and again for those that the answers tell; each request is asked
 * for once. Returns what was reached; `all` has inputs before their users.
 */
export async function walk(
  all: readonly Derivation[],
  answer: (requests: readonly Digest[]) => Promise<ReadonlyMap<Digest, Result>>,
): Promise<readonly (Reached & { readonly result: Result | undefined })[]> {
  const results = new Map<Digest, Result>();
  const answers = new Map<Digest, Result | undefined>();
  const reached = new Map<Digest, Reached>();
  for (;;) {
    const fresh = all.flatMap((derivation): Reached[] => {
      if (reached.has(derivation.digest)) return [];
      const request = resolveRequest(derivation, results);
      return request === undefined ? [] : [{ derivation, request, digest: requestDigest(request) }];
    });
    if (fresh.length === 0) break;
    const asked = [...new Set(fresh.map(({ digest }) => digest))].filter((digest) => !answers.has(digest));
    const found = asked.length === 0 ? new Map<Digest, Result>() : await answer(asked);
    for (const digest of asked) answers.set(digest, found.get(digest));
    for (const one of fresh) {
      reached.set(one.derivation.digest, one);
      const result = answers.get(one.digest);
      if (result !== undefined) results.set(one.derivation.digest, result);
    }
  }
  return all.flatMap(({ digest }) => {
    const one = reached.get(digest);
    return one === undefined ? [] : [{ ...one, result: answers.get(one.digest) }];
  });
}
