// Making: a request is built, or brought out of a cache, by one process at a time, and recorded.
// Knows how that is guarded, logged and noted; does not know what any builder does.

import { relative } from "node:path";
import { setAside } from "../../store/aside.ts";
import type { openCommitter } from "../../store/commit.ts";
import { setAsideDamaged } from "../../store/damage.ts";
import type { History } from "../../store/history.ts";
import {
  isAnswer,
  type Note,
  type Origin,
  type Request,
  type Result,
  requestDigest,
} from "../../store/model/derivation.ts";
import { type Digest, hexOf } from "../../store/model/digest.ts";
import { Fault, restated } from "../../store/model/fault.ts";
import { asFault } from "../../store/trouble.ts";
import type { Builder, Store } from "../builder.ts";
import { foundSomething } from "../checks/recipe.ts";
import type { Emit } from "../event.ts";
import { pathsIn } from "../repository/rpm/packagefile.ts";
import { headerOf } from "../rpm/header.ts";
import { collected, type openCare } from "./care.ts";
import { failureBefore, isWorthAnother, keptFailure } from "./failure.ts";
import { holdersIn } from "./holders.ts";
import { logHint } from "./loghint.ts";
import { type Missing, missingIn } from "./missing.ts";
import type { BuildJob, BuildOutcome, KeeperSetup } from "./protocol.ts";
import { lockRequest } from "./requestlock.ts";
import { foundAmong, suggestions, unsure } from "./suggestion.ts";
import type { Trade } from "./trade.ts";
import { walledIn } from "./walled.ts";
import type { openWorkshop, Work } from "./work.ts";

export interface MakingParts {
  readonly setup: KeeperSetup;
  readonly store: Store;
  readonly committer: ReturnType<typeof openCommitter>;
  readonly history: History;
  readonly care: ReturnType<typeof openCare>;
  readonly trade: Trade;
  readonly workshop: ReturnType<typeof openWorkshop>;
  readonly builderOf: (job: BuildJob) => Builder;
  readonly interrupted: AbortSignal;
  readonly emit: Emit;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Making {
  /** @param until what stops this one alone; the session's end, where nothing is said */
  build(job: BuildJob, until?: AbortSignal): Promise<BuildOutcome>;
  /** Undefined where no cache gave it whole. */
  bring(job: BuildJob): Promise<BuildOutcome | undefined>;
  /** The same, where nothing but the request's digest is known. */
  pull(request: Digest): Promise<BuildOutcome | undefined>;
  /** What a build that failed did not find, and nobody in the store surely has; told once. */
  takeMissing(request: Digest): readonly Missing[];
}

/** What people are told of a job by. */
interface Title {
  readonly id: Digest;
  readonly label: string;
  readonly builder: string;
  readonly rebuild: boolean;
  /** Absent where only its digest is known. */
  readonly request?: Request;
}

function titleOf({ id, label, request, rebuild }: BuildJob): Title {
  return { id, label, builder: request.builder, rebuild, request };
}

/** What a task made, and when it will be on disk. */
interface Made {
  readonly outcome: BuildOutcome | undefined;
  readonly durable: Promise<void>;
}

export function openMaking(parts: MakingParts): Making {
  const { setup, store, care, committer, history, emit, trade, workshop } = parts;
  // What this session has run again is not run once more.
  const retried = new Set<Digest>();
  const isRetried = (result: Result, { request }: Title) =>
    setup.retry && request !== undefined && !retried.has(result.request) && foundSomething(request, result);
  /** What a task makes of a request, unless it is recorded. */
  const onceOnly = async (digest: Digest, job: Title, task: (digest: Digest) => Promise<Made>) => {
    store.holds.take("request", [hexOf(digest)]);
    const isOther = (result: Result) => job.request !== undefined && !isAnswer(result, job.request);
    const reused = (): BuildOutcome | undefined => {
      const result = job.rebuild ? undefined : committer.find(digest);
      return result && !isOther(result) && !isRetried(result, job) ? { result, how: "reused" } : undefined;
    };
    const known = reused();
    if (known) return known;
    const reason = "another kit builds the same";
    let waited = false;
    const release = await lockRequest(store, digest, {
      interrupted: parts.interrupted,
      onWait() {
        waited = true;
        emit({ type: "waiting", id: job.id, label: job.label, reason });
      },
    });
    if (waited) emit({ type: "start", id: job.id, label: job.label, builder: job.builder });
    try {
      const other = reused();
      if (other) {
        release();
        return other;
      }
      // It was pulled by the request's digest, which does not tell what is asked for; or checks are run again.
      const recorded = committer.find(digest);
      if (recorded !== undefined && (isOther(recorded) || isRetried(recorded, job))) {
        const place = relative(store.layout.root, store.layout.result(digest));
        setAside(store.layout, { kind: "statement", place });
        if (isOther(recorded))
          emit({
            type: "warning",
            text: `${job.label}: what is recorded of it has other outputs: set aside`,
          });
        retried.add(digest);
      }
      const { outcome, durable } = await task(digest);
      void durable.then(release, release);
      return outcome;
    } catch (error) {
      release();
      throw error;
    }
  };

  const missed = new Map<Digest, readonly Missing[]>();
  const buildNow = async (job: BuildJob, digest: Digest, until?: AbortSignal): Promise<Made> => {
    const before = job.rebuild || setup.retry ? undefined : failureBefore(history.find(digest));
    if (before !== undefined) throw before;
    try {
      return await attempt(job, digest, until);
    } catch (error) {
      if (!isWorthAnother(error)) throw error;
      emit({ type: "warning", text: `${job.label} was killed: built once more` });
      return await attempt(job, digest, until);
    }
  };

  const attempt = async (job: BuildJob, digest: Digest, signal?: AbortSignal): Promise<Made> => {
    const begun = parts.now();
    using work = workshop.open(job, digest);
    const noteOf = (failed: Pick<Note, "failed" | "failure"> = {}): Note => {
      const [peakMemory, memory] = [work.peakMemory(), work.heldMemory()];
      return {
        label: job.label,
        builder: job.request.builder,
        duration: Math.round(parts.now() - begun),
        finished: Math.round(parts.now() / 1000),
        ...failed,
        ...(peakMemory !== undefined && { peakMemory }),
        ...(memory !== undefined && { memory }),
        ...(work.logged() && { log: relative(store.layout.root, store.layout.log(digest)) }),
      };
    };
    try {
      const built = await parts.builderOf(job).run({ ...work.context, ...(signal && { signal }) });
      const made: Result = {
        format: "kit/result/1",
        request: digest,
        outputs: built.outputs,
        references: built.references ?? [],
      };
      const origin: Origin = {
        note: noteOf(),
        request: job.request,
        ...(job.origin !== undefined && { hints: job.origin }),
      };
      const { result, durable } = committer.add(made, origin);
      const same = JSON.stringify(result.outputs) === JSON.stringify(made.outputs);
      const outcome = { result, how: "built" as const, ...(!same && { differs: made.outputs }) };
      return { outcome, durable };
    } catch (error) {
      const told = asFault(error);
      const found = told instanceof Fault && told.code === "build/failed" ? reasonsOf(work, job, digest) : [];
      const sandbox = { request: digest, isKept: setup.keepFailed };
      const fault = withLog(told, [...work.lastLines(20), ...found], sandbox);
      const failed =
        fault instanceof Fault ? { failed: fault.code, failure: keptFailure(fault) } : { failed: "defect" };
      if (!(fault instanceof Fault && fault.class === "interrupted"))
        history.add([{ request: digest, note: noteOf(failed) }]);
      if (setup.keepFailed) work.keep();
      throw fault;
    }
  };

  /** What the log tells of why: what was out of reach, and who has what was not found. */
  const reasonsOf = (work: Work, job: BuildJob, digest: Digest): string[] => {
    // Git alone is let out. Whoever fails for that tells it some way before its end: cmake, by its call stack.
    const walled = job.request.builder === "git" ? undefined : walledIn(work.lastLines(100));
    return [...ownersOf(work, job, digest), ...(walled === undefined ? [] : [walled])];
  };

  /** Who in the store has what the build did not find. Half a second for 700 packages, where one has failed. */
  const ownersOf = (work: Work, { request }: BuildJob, digest: Digest): string[] => {
    const missing = missingIn(work.lastLines(400));
    if (missing.length === 0) return [];
    const means = {
      ...{ history, find: committer.find },
      tree: (tree: Digest) => store.records.tree(tree),
      rpmPaths: (rpm: Digest) => pathsIn(headerOf(rpm, store.pool)),
    };
    const found = foundAmong(missing, holdersIn(means));
    missed.set(digest, unsure(missing, found));
    return suggestions(found, request.builder);
  };

  const bringNow = async (
    { id, label, builder, request }: Title,
    digest: Digest,
    origin: Pick<Origin, "request" | "hints">,
  ): Promise<Made> => {
    const begun = parts.now();
    const onBytes = (done: number, total: number) =>
      emit({ type: "progress", id, done, total, unit: "bytes" });
    const offer = await trade.bring(digest, request, onBytes);
    if (offer === undefined) return { outcome: undefined, durable: Promise.resolve() };
    const finished = Math.round(parts.now() / 1000);
    const note = { label, builder, duration: Math.round(parts.now() - begun), finished, brought: true };
    const { result, durable } = committer.add(offer.result, {
      ...origin,
      note,
      signatures: offer.signatures,
    });
    return { outcome: { result, how: "brought" }, durable };
  };

  return {
    async build(job, until) {
      // Its inputs too, and before anybody looks whether they are there.
      const contents = Object.values(job.request.inputs);
      if ((await care.keep({ requests: [], contents })).contents.length > 0) throw collected();
      const setAsideInputs = () => setAsideDamaged(store.layout, store.records, contents);
      const outcome = await onceOnly(requestDigest(job.request), titleOf(job), (digest) =>
        buildNow(job, digest, until),
      ).catch((error: unknown) => {
        throw damaged(error, setAsideInputs) ?? error;
      });
      if (outcome === undefined) throw new Error(`nothing came of ${job.label}`);
      return outcome;
    },
    bring: (job) => {
      const origin = { request: job.request, ...(job.origin !== undefined && { hints: job.origin }) };
      return onceOnly(requestDigest(job.request), titleOf(job), (digest) =>
        bringNow(titleOf(job), digest, origin),
      );
    },
    takeMissing(request) {
      const missing = missed.get(request) ?? [];
      missed.delete(request);
      return missing;
    },
    pull(request) {
      const title = { id: request, label: hexOf(request).slice(0, 16), builder: "pull", rebuild: false };
      return onceOnly(request, title, (digest) => bringNow(title, digest, {}));
    },
  };
}

/**
 * What was damaged among what was read is set aside, and whoever asked may ask for it to be made again: that is
 * `store/damaged`. Undefined where nothing was.
 */
export function damaged(error: unknown, setAsideRead: () => number): Fault | undefined {
  const isOfStore = error instanceof Fault && damageCodes.has(error.code);
  if (!isOfStore || setAsideRead() === 0) return undefined;
  return new Fault("store/damaged", error.message, { cause: error, hint: "repeat the command" });
}

const damageCodes: ReadonlySet<string> = new Set([
  "store/corrupt",
  "store/missing-blob",
  "store/missing-tree",
]);

interface Failed {
  readonly request: Digest;
  readonly isKept: boolean;
}

function withLog(fault: unknown, lines: readonly string[], { request, isKept }: Failed): unknown {
  if (!(fault instanceof Fault) || fault.class === "interrupted") return fault;
  // One that says nothing has a sandbox all the same.
  if (lines.length === 0 && fault.code !== "build/failed") return fault;
  const hint = fault.hint ?? logHint(hexOf(request).slice(0, 16), isKept);
  return restated(fault, { hint, details: [...fault.details, ...lines] });
}
