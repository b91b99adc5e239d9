// What became of the builds of a graph: from results, from what caches offer, from failed attempts.
// Knows how each is found; does not build or bring anything.

import { allDerivations } from "../../evaluator/evaluate.ts";
import type { LocalSource } from "../../evaluator/graph/described.ts";
import type { Derivation, Result } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { walk } from "../realizer/walk.ts";

export type BuildState = Extract<LocalSource["made"], { how: "built" }>["state"];

export interface StateMeans {
  /** A recorded result whose contents are here. */
  readonly result: (request: Digest) => Result | undefined;
  /** Whether a recorded result came out of a cache. */
  readonly isBrought: (request: Digest) => boolean;
  /** Whether the last attempt failed. */
  readonly isFailed: (request: Digest) => boolean;
  /** What caches say of requests that nothing is recorded of. */
  readonly offers: (requests: readonly Digest[]) => Promise<ReadonlyMap<Digest, Result>>;
}

/**
 * A build is Delta where its result came out of a cache or one offers it. Else it is Build before building (`resolved`),
 * and after it (`built`) UpToDate where its result is here, BuildError where the last attempt failed, else Build.
 */
export async function buildStates(
  builds: readonly Derivation[],
  stage: "resolved" | "built",
  means: StateMeans,
): Promise<ReadonlyMap<Digest, BuildState>> {
  const all = allDerivations(builds.map((derivation) => ({ derivation })));
  const reached = await walk(all, async (requests) => {
    const known = requests.flatMap((request) => {
      const result = means.result(request);
      return result === undefined ? [] : [[request, result] as const];
    });
    const here = new Map(known);
    const offered = await means.offers(requests.filter((request) => !here.has(request)));
    return new Map([...offered, ...here]);
  });
  const requests = new Map(reached.map((one) => [one.derivation.digest, one]));
  return new Map(
    builds.map(({ digest }) => {
      const one = requests.get(digest);
      return [digest, one === undefined ? "Build" : stateOf(one.digest, one.result, stage, means)];
    }),
  );
}

function stateOf(
  request: Digest,
  result: Result | undefined,
  stage: "resolved" | "built",
  means: StateMeans,
): BuildState {
  const isHere = means.result(request) !== undefined;
  if (result !== undefined && (!isHere || means.isBrought(request))) return "Delta";
  if (stage === "resolved") return "Build";
  if (isHere) return "UpToDate";
  return means.isFailed(request) ? "BuildError" : "Build";
}
