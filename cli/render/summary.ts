// The summary: what came of a whole run, root causes first.
// Knows how outcomes are put in words; does not know how they were counted.

import type { Board, Counts, Failure } from "./board.ts";
import { subjectOf } from "./job.ts";
import { durationText, hanging, type Looks, paintOf, plural, visible } from "./text.ts";

/** What the events of a run do not tell. */
export interface Summary {
  /** Labels of what was built again and came out otherwise. */
  readonly differing?: readonly string[];
  readonly interrupted?: boolean;
}

/**
 * Failures with how many each blocked, what differs, and a last line of counts and time; nothing where it never
 * came to a plan.
 */
export function summaryLines(summary: Summary, board: Board, looks: Looks): string[] {
  const paint = paintOf(looks.color);
  const counts = board.counts();
  if (counts.total === 0 && !summary.interrupted) return [];
  const total = `${countsText(counts)} in ${durationText(board.elapsed())}`;
  const last = hanging("", summary.interrupted ? `interrupted: ${total}` : total, looks.width);
  const good = counts.failed + counts.stopped === 0 && !summary.interrupted;
  const failures = board.failures();
  const more = failures.length - listed;
  return [
    ...[
      ...failures.slice(0, listed).map(failureText),
      ...(more > 0 ? [`${plural(more, "other")}, told above`] : []),
    ].flatMap((text) => hanging("failed: ", text, looks.width).map(paint.bad)),
    ...(summary.differing ?? []).flatMap((label) =>
      hanging("differs: ", visible(label), looks.width).map(paint.warning),
    ),
    ...last.map(good ? paint.good : paint.bad),
  ];
}

/** How many failures the summary names again; those that block most come first. */
const listed = 10;

function failureText(failure: Failure): string {
  const blocked = failure.blocked > 0 ? `, which blocked ${plural(failure.blocked, "other")}` : "";
  const why = failure.fault ? `: ${visible(failure.fault.message)}` : "";
  return `${subjectOf(failure)}${blocked}${why}`;
}

function countsText(counts: Counts): string {
  const outcomes = ["failed", "blocked", "stopped", "built", "brought", "reused"] as const;
  const parts = outcomes
    .filter((outcome) => counts[outcome] > 0)
    .map((outcome) => `${counts[outcome]} ${outcome}`);
  return parts.length > 0 ? parts.join(", ") : "nothing done";
}
