// A job: one derivation that is being built right now.
// Knows how far it is and how fast it goes; does not know the others, nor how it is shown.

import type { Event } from "../../builders/event.ts";
import type { Digest } from "../../store/model/digest.ts";
import { bytesText, durationText, visible } from "./text.ts";

/** Points of time in milliseconds of the board's clock. */
export interface Job {
  readonly id: Digest;
  readonly subject: string;
  readonly since: number;
  /** Why it waits, where it does. */
  readonly reason?: string;
  readonly progress?: Progress;
}

interface Progress {
  readonly done: number;
  /** 0 where it is not known. */
  readonly total: number;
  readonly unit: "bytes" | "steps";
  /** What the rate is reckoned from: the older of two marks, which are 4 s apart or more. */
  readonly marks: readonly [older: Mark, newer: Mark];
}

interface Mark {
  readonly at: number;
  readonly done: number;
}

export function startJob(event: Extract<Event, { type: "start" }>, at: number): Job {
  return { id: event.id, subject: subjectOf(event), since: at };
}

/** What has progress does not wait any more. */
export function withProgress(job: Job, event: Extract<Event, { type: "progress" }>, at: number): Job {
  const { done, total, unit } = event;
  const here = { at, done };
  const last = job.progress;
  const { reason: _, ...running } = job;
  return {
    ...running,
    progress: {
      done,
      total,
      unit,
      marks: last && last.unit === unit && last.done <= done ? moved(last.marks, here) : [here, here],
    },
  };
}

/** `fetch linux-image.deb`, harmless to print. */
export function subjectOf(event: { readonly builder: string; readonly label: string }): string {
  return visible(`${event.builder} ${event.label}`);
}

/** `12.3 s, 12.3 MiB of 40.0 MiB (30 %), 1.2 MiB/s`, `3 min 05 s, step 2 of 5`, `1.2 s, waits: …` */
export function stateOf(job: Job, at: number): string {
  const elapsed = durationText(at - job.since);
  if (job.reason !== undefined) return `${elapsed}, waits: ${visible(job.reason)}`;
  if (job.progress === undefined) return elapsed;
  return `${elapsed}, ${job.progress.unit === "bytes" ? bytesState(job.progress, at) : stepsState(job.progress)}`;
}

const markDistance = 4000;
const leastSpan = 1000;

function moved([older, newer]: Progress["marks"], here: Mark): Progress["marks"] {
  return here.at - newer.at >= markDistance ? [newer, here] : [older, newer];
}

function bytesState({ done, total, marks: [older] }: Progress, at: number): string {
  const share =
    total > 0 ? ` of ${bytesText(total)} (${Math.min(100, Math.floor((100 * done) / total))} %)` : "";
  const span = at - older.at;
  const rate = span < leastSpan ? "" : `, ${bytesText(((done - older.done) / span) * 1000)}/s`;
  return `${bytesText(done)}${share}${rate}`;
}

function stepsState({ done, total }: Progress): string {
  return total > 0 ? `step ${done} of ${total}` : `step ${done}`;
}
