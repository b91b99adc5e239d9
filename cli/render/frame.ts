// A frame: the live display at one moment.
// Pure. Knows which lines fit; does not know the terminal they are drawn on.

import type { Counts } from "./board.ts";
import { type Job, stateOf } from "./job.ts";
import { aboutText, cut, displayWidth, durationText, padded, paintOf } from "./text.ts";

export interface Moment {
  readonly jobs: readonly Job[];
  readonly counts: Counts;
  /** Milliseconds: the clock's now, and since the run began. */
  readonly at: number;
  readonly elapsed: number;
  /** Milliseconds, where it is known. */
  readonly left?: number | undefined;
}

export interface Room {
  readonly columns: number;
  /** At least 1. */
  readonly rows: number;
}

/** A line for each job as far as there is room, how many more there are, and at the bottom the run as a whole. */
export function frameOf(moment: Moment, room: Room, color: boolean): string[] {
  const places = Math.min(mostJobs, room.rows - 1);
  const shown = moment.jobs.slice(0, moment.jobs.length > places ? Math.max(0, places - 1) : places);
  const more = moment.jobs.length - shown.length;
  return [
    ...jobLines(shown, moment.at, room.columns, color),
    ...(more > 0 && places > 0 ? [cut(`  … and ${more} more`, room.columns)] : []),
    statusLine(moment, room.columns, color),
  ];
}

const mostJobs = 16;
const barWidth = 20;

function jobLines(jobs: readonly Job[], at: number, columns: number, color: boolean): string[] {
  const half = Math.floor(columns / 2);
  const subjects = jobs.map((job) => cut(job.subject, half));
  const width = Math.max(0, ...subjects.map(displayWidth));
  return jobs.map((job, i) => {
    const subject = cut(`  ${padded(subjects[i] ?? "", width)}  `, columns);
    const state = cut(stateOf(job, at), columns - displayWidth(subject));
    return subject + paintOf(color).dim(state);
  });
}

/** `[=====     ] 12/40  3 running  1 failed  about 3 min left  12.3 s` */
function statusLine({ jobs, counts, elapsed, left: rest }: Moment, columns: number, color: boolean): string {
  const paint = paintOf(color);
  const filled = counts.total > 0 ? Math.floor((barWidth * counts.done) / counts.total) : 0;
  const bar = `[${"=".repeat(filled).padEnd(barWidth)}]`;
  const parts: [string, (text: string) => string][] = [
    [`${counts.done}/${counts.total}`, (text) => text],
    [`${jobs.length} running`, (text) => text],
    [counts.failed > 0 ? `${counts.failed} failed` : "", paint.bad],
    [counts.blocked > 0 ? `${counts.blocked} blocked` : "", paint.bad],
    [rest === undefined ? "" : `${aboutText(rest)} left`, (text) => text],
    [durationText(elapsed), paint.dim],
  ];
  let left = columns;
  const line: string[] = [];
  for (const [text, look] of columns >= 60 ? [[bar, paint.good] as const, ...parts] : parts) {
    const gap = line.length > 0 ? "  " : "";
    if (text === "" || gap.length + text.length > left) continue;
    left -= gap.length + text.length;
    line.push(gap + look(text));
  }
  return line.join("");
}
