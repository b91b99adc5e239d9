// Realizing: derivations come into being, those that are ready in parallel, each at most once.
// Knows order and outcome; does not know how anything is built, nor where.

import { allDerivations } from "../../evaluator/evaluate.ts";
import {
  type Content,
  type Derivation,
  type Request,
  type Result,
  requestDigest,
} from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault, Faults, faultRecord, faultsOf } from "../../store/model/fault.ts";
import type { Emit } from "../event.ts";
import type { BuildOutcome } from "../keeper/protocol.ts";
import { resolveRequest } from "./resolve.ts";

/** What realizing needs of the world. */
export interface Means {
  /** A recorded result; looked for before anything is built. */
  known(request: Digest): Result | undefined;
  /** Whether bytes or trees are in the store. */
  has(content: Content): boolean;
  /** Keeps results from being collected; tells which have been meanwhile. */
  keep(requests: readonly Digest[]): Promise<readonly Digest[]>;
  build(job: Job): Promise<BuildOutcome>;
  readonly emit: Emit;
  readonly now: () => number;
}

export interface RealizeOptions {
  /** Builds at once, downloads aside. */
  readonly jobs: number;
  readonly downloads: number;
  /** Derivations to build again although a result is known. */
  readonly rebuild: (derivation: Derivation) => boolean;
  /** Nothing may be fetched: what would have to be is told at once, before anything is built. */
  readonly offline?: boolean;
  /** Once it is aborted nothing more is begun. */
  readonly signal?: AbortSignal | undefined;
}

export interface Job {
  readonly request: Request;
  readonly derivation: Derivation;
  readonly rebuild: boolean;
}

export interface Realized {
  /** By the derivation's digest. */
  readonly results: ReadonlyMap<Digest, Result>;
  readonly requests: ReadonlyMap<Digest, Digest>;
  readonly built: number;
  readonly reused: number;
  /** Rebuilt with other outputs than recorded, which stay. */
  readonly differing: readonly Differing[];
}

export interface Differing {
  readonly derivation: Derivation;
  /** What came of it this time. */
  readonly outputs: Readonly<Record<string, Content>>;
}

type State =
  | { readonly state: "waiting" }
  | { readonly state: "running" }
  | { readonly state: "done"; readonly result: Result }
  | { readonly state: "failed"; readonly faults: readonly Fault[] }
  | { readonly state: "blocked" };

/**
 * Realizes derivations and what they need. One failure stops only what needs it.
 *
 * @throws {Faults} every failure, root causes only, when all that could be built is built
 * @throws {Fault} `network/offline`
 */
export async function realize(
  targets: readonly Derivation[],
  means: Means,
  options: RealizeOptions,
): Promise<Realized> {
  const all = allDerivations(targets.map((derivation) => ({ derivation })));
  const run = await settled(all, means, options);
  means.emit({ type: "plan", derivations: all.length, known: run.reused });
  if (options.offline) refuseFetching(run.waiting());
  await run.finish();
  const failures = [...run.states.values()].flatMap((state) =>
    state.state === "failed" ? state.faults : [],
  );
  if (failures.length > 0) throw new Faults(failures);
  if (run.results.size < all.length) throw new Fault("interrupted/realize", "interrupted");
  return {
    results: run.results,
    requests: run.requests,
    built: run.built,
    reused: run.reused,
    differing: run.differing,
  };
}

/** A run with what is known. What it goes on from is taken hold of, and looked for again where it was collected. */
async function settled(all: readonly Derivation[], means: Means, options: RealizeOptions) {
  const run = newRun(all, means, options);
  run.settleKnown();
  const isOver = run.waiting().length === 0;
  const gone = isOver ? [] : await means.keep([...run.requests.values()]);
  if (gone.length === 0) return run;
  const again = newRun(all, means, options);
  again.settleKnown();
  return again;
}

function refuseFetching(waiting: readonly Derivation[]): void {
  const missing = waiting.filter(({ builder }) => builder === "fetch").map(({ label }) => label);
  if (missing.length === 0) return;
  const what = missing.length === 1 ? "a file is" : `${missing.length} files are`;
  const more = missing.length - toldFiles;
  throw new Fault("network/offline", `${what} not in the store, and the network may not be used`, {
    details: [...missing.slice(0, toldFiles), ...(more > 0 ? [`and ${more} more`] : [])],
    hint: "repeat the command without --offline",
  });
}

const toldFiles = 10;

function newRun(all: readonly Derivation[], means: Means, options: RealizeOptions) {
  const states = new Map<Digest, State>(all.map((item) => [item.digest, { state: "waiting" }]));
  const results = new Map<Digest, Result>();
  const requests = new Map<Digest, Digest>();
  const differing: Differing[] = [];
  const users = usersOf(all);
  const weight = weights(all, users);
  // How many different inputs of each are not there yet; those at 0 stand in the queue.
  const missing = new Map(all.map((item) => [item.digest, inputsOf(item).size]));
  const queue: Derivation[] = [];
  const running = { download: 0, build: 0 };
  let finished = Promise.withResolvers<void>();
  let [built, reused] = [0, 0];
  // Where there is no room, whatever is begun fails alike.
  let full = false;
  // While what is known is looked up nothing queues: most of it will be known.
  let settling = true;

  const done = (item: Derivation, request: Request, result: Result) => {
    states.set(item.digest, { state: "done", result });
    results.set(item.digest, result);
    requests.set(item.digest, requestDigest(request));
    for (const user of users.get(item.digest) ?? []) {
      const left = (missing.get(user.digest) ?? 0) - 1;
      missing.set(user.digest, left);
      if (left === 0 && !settling) enqueue(user);
    }
  };
  /** Behind everything that weighs as much: the queue is sorted, so halving finds the place. */
  const enqueue = (item: Derivation) => {
    const weightOf = (other: Derivation | undefined) => (other && weight.get(other.digest)) ?? 0;
    let [low, high] = [0, queue.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (weightOf(queue[middle]) < weightOf(item)) high = middle;
      else low = middle + 1;
    }
    queue.splice(low, 0, item);
  };
  /** Everything whose result is recorded, inputs first; costs one look each. */
  const settleKnown = () => {
    for (const item of all) {
      if (options.rebuild(item)) continue;
      const request = resolveRequest(item, results);
      const result = request && means.known(requestDigest(request));
      if (!request || !result || !Object.values(result.outputs).every(means.has)) continue;
      done(item, request, result);
      reused++;
    }
    settling = false;
    for (const item of all) if (missing.get(item.digest) === 0 && isWaiting(item)) enqueue(item);
  };
  const waiting = () => all.filter(isWaiting);
  const isWaiting = (item: Derivation) => states.get(item.digest)?.state === "waiting";
  const block = (item: Derivation) => {
    for (const user of users.get(item.digest) ?? []) {
      if (!isWaiting(user)) continue;
      states.set(user.digest, { state: "blocked" });
      means.emit({
        type: "end",
        id: user.digest,
        label: user.label,
        builder: user.builder,
        how: "blocked",
        duration: 0,
      });
      block(user);
    }
  };
  const start = async (item: Derivation, request: Request) => {
    const kind = item.builder === "fetch" ? "download" : "build";
    const begun = means.now();
    const ended = { type: "end", id: item.digest, label: item.label, builder: item.builder } as const;
    states.set(item.digest, { state: "running" });
    running[kind]++;
    means.emit({ type: "start", id: item.digest, label: item.label, builder: item.builder });
    try {
      const rebuild = options.rebuild(item);
      const outcome = await means.build({ request, derivation: item, rebuild });
      done(item, request, outcome.result);
      if (outcome.how === "built") built++;
      else reused++;
      if (outcome.differs) differing.push({ derivation: item, outputs: outcome.differs });
      means.emit({ ...ended, how: outcome.how, duration: means.now() - begun });
    } catch (error) {
      const faults = faultsOf(error).map((fault) => named(fault, item));
      const [first] = faults;
      if (first === undefined) throw error;
      const duration = means.now() - begun;
      const isFull = faults.some(({ code }) => code === "store/full");
      if (full && isFull) {
        // What ran beside the first that found no room finds none either: it is told once.
        states.set(item.digest, { state: "blocked" });
        means.emit({ ...ended, how: "blocked", duration });
      } else {
        states.set(item.digest, { state: "failed", faults });
        means.emit({ ...ended, how: "failed", duration, fault: faultRecord(first) });
      }
      full ||= isFull;
      block(item);
    } finally {
      running[kind]--;
    }
  };
  const wake = () => {
    finished.resolve();
    finished = Promise.withResolvers<void>();
  };
  /** Takes what is ready and has a free place out of the queue. */
  const takeReady = (): { item: Derivation; request: Request } | undefined => {
    if (options.signal?.aborted || full) return undefined;
    for (const [index, item] of queue.entries()) {
      const free =
        item.builder === "fetch" ? running.download < options.downloads : running.build < options.jobs;
      if (!free) continue;
      queue.splice(index, 1);
      const request = resolveRequest(item, results);
      if (request === undefined) throw new Error(`${item.label} was queued without its inputs`);
      return { item, request };
    }
    return undefined;
  };
  const finish = async () => {
    const defects: unknown[] = [];
    for (;;) {
      for (let next = takeReady(); next !== undefined && defects.length === 0; next = takeReady()) {
        void start(next.item, next.request)
          .catch((error) => defects.push(error))
          .finally(wake);
      }
      if (running.build + running.download > 0) {
        await finished.promise;
        continue;
      }
      if (defects.length > 0) throw defects[0];
      return;
    }
  };
  return {
    states,
    results,
    requests,
    differing,
    settleKnown,
    waiting,
    finish,
    get built() {
      return built;
    },
    get reused() {
      return reused;
    },
  };
}

function usersOf(all: readonly Derivation[]): Map<Digest, Derivation[]> {
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

function inputsOf(item: Derivation): Set<Digest> {
  return new Set(
    Object.values(item.inputs).flatMap((input) => ("derivation" in input ? [input.derivation.digest] : [])),
  );
}

/**
 * The larger, the sooner: a download's bytes, and for what is made of one the same, so that the package that
 * takes longest to unpack is not the last to start (0.9 s of 3.4 on a minbase root).
 */
function weights(
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

function named(fault: Fault, item: Derivation): Fault {
  const { place, hint, related, details, cause } = fault;
  return new Fault(fault.code, `${item.label}: ${fault.message}`, {
    ...(place && { place }),
    ...(hint !== undefined && { hint }),
    related,
    details,
    cause,
  });
}
