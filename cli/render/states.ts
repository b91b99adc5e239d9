// What came of each derivation of a plan, as a table for people and as CSV for their spreadsheets.
// Pure. Knows how outcomes add up and are written; does not know how anything was built.

import type { Event } from "../../builders/event.ts";
import type { LeftOut } from "../../builders/realizer/leftout.ts";
import type { Derivation } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { Fault } from "../../store/model/fault.ts";
import { outcomeOf } from "./board.ts";
import { durationText, padded, visible } from "./text.ts";

type Ended = Extract<Event, { type: "end" }>;

export interface State {
  /** `open`: it never came to it; `elsewhere`: it is built for other architectures. */
  readonly state: ReturnType<typeof outcomeOf> | "open" | LeftOut["state"];
  readonly builder: string;
  readonly label: string;
  /** Milliseconds; absent where nothing was done. */
  readonly duration?: number;
  /** The code it failed with, or what it was blocked by. */
  readonly because?: string;
}

/** What is known of a run. */
export interface Course {
  readonly events: readonly Ended[];
  /** What was made, and is a failure by what it says: checks that found something. */
  readonly refused: readonly { readonly id: Digest; readonly fault: Pick<Fault, "code"> }[];
  /** Whether it came to all that was to be made. */
  readonly isWhole: boolean;
}

/**
 * Of all that take part, inputs first. What came to no end of its own was there before, where the run came to all; else
 * what of it was, nobody has looked at.
 */
export function statesOf(all: readonly Derivation[], { events, refused, isWhole }: Course): State[] {
  const ended = new Map<string, State>();
  let cause = "";
  for (const event of events) {
    const { id, builder, label, duration, fault } = event;
    const state = outcomeOf(event);
    // What a failure blocks is told directly after it.
    if (state === "failed") cause = label;
    const because = state === "blocked" ? cause : fault?.code;
    if (!ended.has(id))
      ended.set(id, { state, builder, label, duration, ...(because !== undefined && { because }) });
  }
  const rest = isWhole ? ("reused" as const) : ("open" as const);
  const codes = new Map(refused.map(({ id, fault }) => [id, fault.code]));
  return all.map(({ digest, builder, label }) => {
    const state = ended.get(digest) ?? { state: rest, builder, label };
    const code = codes.get(digest);
    return code === undefined ? state : { ...state, state: "failed", because: code };
  });
}

/** A manifest that nothing is planned of. */
export function leftOutState({ state, name, because }: LeftOut): State {
  return { state, builder: "package", label: name, because };
}

/** RFC 4180, a line each. */
export function statesCsv(states: readonly State[]): string[] {
  const rows = states.map(({ state, builder, label, duration, because }) =>
    [state, builder, label, duration === undefined ? "" : String(Math.round(duration)), because ?? ""].map(
      quotedField,
    ),
  );
  return [["state", "builder", "label", "milliseconds", "because"], ...rows].map((row) => row.join(","));
}

/** Without what was there before, which is counted. */
export function statesTable(states: readonly State[]): string[] {
  const shown = states.filter(({ state }) => state !== "reused");
  const rows = shown.map(({ state, builder, label, duration, because = "" }) => [
    state,
    builder,
    visible(label),
    duration === undefined ? "" : durationText(duration),
    visible(because),
  ]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const reused = states.length - shown.length;
  return reused === 0 ? lines : [...lines, `reused  ${reused}`];
}

/** A spreadsheet takes what begins with one of `=+-@` for a formula: it is made text. */
function quotedField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
