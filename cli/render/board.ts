// The board: what runs right now, what came of the rest.
// Knows how events add up; does not know how any of it is shown.

import type { Event } from "../../builders/event.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { FaultRecord } from "../../store/model/fault.ts";
import { type Job, startJob, withProgress } from "./job.ts";

/** Milliseconds of a clock that never goes back; where it starts does not matter. */
export type Clock = () => number;

export interface Board {
  apply(event: Event): void;
  /** Those that run, longest first; then those that wait. */
  jobs(): Job[];
  counts(): Counts;
  /** Root causes, those that block most first, else in the order they failed. */
  failures(): readonly Failure[];
  /** Milliseconds that are forecast to be left; undefined where that is not known, or has run out. */
  left(): number | undefined;
  /** Milliseconds since the board was opened. */
  elapsed(): number;
}

/** Each derivation counts once, by the first end it came to, and each manifest that is not planned. */
export interface Counts {
  readonly built: number;
  readonly reused: number;
  /** Out of caches. */
  readonly brought: number;
  readonly failed: number;
  /** What wanted an input that failed, or is built with what did. */
  readonly blocked: number;
  /** What was interrupted. */
  readonly stopped: number;
  /** The sum of these. */
  readonly done: number;
  /** As far as planned. */
  readonly total: number;
}

export interface Failure {
  /** The derivation, or the file of a manifest that cannot be planned. */
  readonly id: string;
  readonly builder: string;
  readonly label: string;
  readonly fault?: FaultRecord;
  /** How many others it blocked, planned or not; what several would block is counted at the first. */
  readonly blocked: number;
}

type Ended = Extract<Event, { type: "end" }>;
type Unplanned = Extract<Event, { type: "unplanned" }>;
type Outcome = Ended["how"] | "stopped";

export function openBoard(now: Clock): Board {
  const start = now();
  const jobs = new Map<Digest, Job>();
  const outcomes = new Map<Digest, Outcome>();
  const tally = { built: 0, reused: 0, brought: 0, failed: 0, blocked: 0, stopped: 0 };
  const failures: Failure[] = [];
  let end: number | undefined;
  /** Of what was blocked, the failure that it was blocked by. */
  const rootOf = new Map<string, string>();
  let planned = 0;
  /** Of manifests that are not planned. */
  let unplanned = 0;
  let known = 0;

  const tellEnd = (event: Ended) => {
    jobs.delete(event.id);
    if (outcomes.has(event.id)) return;
    const outcome = outcomeOf(event);
    outcomes.set(event.id, outcome);
    tally[outcome]++;
    const { id, builder, label, fault } = event;
    if (outcome === "failed") failures.push({ id, builder, label, ...(fault && { fault }), blocked: 0 });
    // What a failure blocks is told directly after it.
    const cause = failures.at(-1);
    if (outcome === "blocked" && cause) {
      failures[failures.length - 1] = { ...cause, blocked: cause.blocked + 1 };
      rootOf.set(id, cause.id);
    }
  };

  const tellUnplanned = ({ file, name, how, cause, fault }: Unplanned) => {
    tally[how]++;
    unplanned++;
    if (how === "failed")
      failures.push({ id: file, builder: "package", label: name, ...(fault && { fault }), blocked: 0 });
    // What was asked for may itself have been blocked.
    const root = cause === undefined ? undefined : (rootOf.get(cause) ?? cause);
    const index = failures.findIndex(({ id }) => id === root);
    const known = failures[index];
    if (known) failures[index] = { ...known, blocked: known.blocked + 1 };
  };

  return {
    apply(event) {
      const job = "id" in event ? jobs.get(event.id) : undefined;
      if (event.type === "plan") {
        planned = event.derivations;
        end = undefined;
        // Known ones come to no end of their own; what was made for one plan is known to the next.
        known = Math.max(known, event.known - tally.built - tally.reused - tally.brought);
      } else if (event.type === "start") jobs.set(event.id, startJob(event, now()));
      else if (event.type === "progress" && job) jobs.set(event.id, withProgress(job, event, now()));
      else if (event.type === "waiting" && job) jobs.set(event.id, { ...job, reason: event.reason });
      else if (event.type === "end") tellEnd(event);
      else if (event.type === "unplanned") tellUnplanned(event);
      else if (event.type === "estimate") end = steadied(end, now() + event.left, now());
    },
    jobs: () =>
      [...jobs.values()].sort((a, b) => Number(a.reason !== undefined) - Number(b.reason !== undefined)),
    counts() {
      const reused = known + tally.reused;
      const done = tally.built + reused + tally.brought + tally.failed + tally.blocked + tally.stopped;
      return { ...tally, reused, done, total: Math.max(planned + unplanned, done) };
    },
    failures: () => failures.toSorted((a, b) => b.blocked - a.blocked),
    left: () => (end === undefined || end <= now() ? undefined : end - now()),
    elapsed: () => now() - start,
  };
}

/** The end that was told before, unless the new one says something else: by a fifth of what is left, and by 5 s. */
function steadied(before: number | undefined, end: number, now: number): number {
  const slack = Math.max(5000, (end - now) / 5);
  return before !== undefined && Math.abs(end - before) < slack ? before : end;
}

/** An interrupted build has not failed. */
export function outcomeOf(event: Ended): Outcome {
  return event.how === "failed" && event.fault?.code.startsWith("interrupted/") ? "stopped" : event.how;
}
