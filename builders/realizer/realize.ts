// Realizing: derivations come into being, those that are ready in parallel, each at most once.
// Knows what is looked up, asked for and refused before anything begins; does not know how a run goes on.

import { allDerivations } from "../../evaluator/evaluate.ts";
import type { Derivation } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { type Means, type Realized, type RealizeOptions, Unfinished } from "./means.ts";
import { refuseBuilding, refuseFetching, refuseLeftOut } from "./refusal.ts";
import { newRun } from "./run.ts";

/**
 * Realizes derivations and what they need. One failure stops only what needs it.
 *
 * @throws {Unfinished} every failure, root causes only, when all that could be built is built
 * @throws {Fault} `network/offline`, `network/not-cached`, `network/left-out`
 */
export async function realize(
  targets: readonly Derivation[],
  means: Means,
  options: RealizeOptions,
): Promise<Realized> {
  const all = allDerivations(targets.map((derivation) => ({ derivation })));
  const wanted = new Set(targets.map(({ digest }) => digest));
  let run = await finished(all, wanted, means, options);
  // Once more for each thing that is found damaged, and set aside, on the way; not for ever.
  for (let again = 0; run.damaged && again < mostRepairs; again++) {
    await means.mend();
    run = await finished(all, wanted, means, options);
  }
  if (run.damaged)
    throw new Fault("store/corrupt", "the store is damaged in more places than can be mended on the way", {
      hint: "run `kit store verify --repair`, then repeat the command",
    });
  const failures = [...run.states.values()].flatMap((state) =>
    state.state === "failed" ? state.faults : [],
  );
  if (failures.length > 0) {
    const made = [...run.results].filter(([digest]) => run.outcomes.has(digest));
    throw new Unfinished(failures, new Map(made));
  }
  if (![...wanted].every((digest) => run.states.get(digest)?.state === "done"))
    throw new Fault("interrupted/realize", "interrupted");
  return {
    results: run.results,
    requests: run.requests,
    outcomes: run.outcomes,
    built: run.built,
    reused: run.reused,
    brought: run.brought,
    differing: run.differing,
  };
}

/** What is found damaged after so many beginnings is told as it is. */
const mostRepairs = 8;

async function finished(
  all: readonly Derivation[],
  wanted: ReadonlySet<Digest>,
  means: Means,
  options: RealizeOptions,
) {
  const run = await settled(all, means, options);
  if (options.caches !== "none") await run.settleOffered();
  run.want(wanted);
  means.emit({ type: "plan", derivations: all.length, known: all.length - run.needed().length });
  if (options.caches === "only") refuseBuilding(run.waiting());
  if (options.offline) refuseFetching(run.waiting());
  refuseLeftOut(run.waiting());
  await run.finish();
  return run;
}

/** A run with what is known. All it goes on from is taken hold of, and looked for again where it was collected. */
async function settled(all: readonly Derivation[], means: Means, options: RealizeOptions) {
  const gone = new Set<Digest>();
  for (;;) {
    const run = newRun(all, means, options);
    run.settleKnown(gone);
    const lost = await means.keep([...run.requests.values()]);
    if (lost.length === 0) return run;
    for (const request of lost) gone.add(request);
  }
}
