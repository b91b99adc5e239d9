// Remarks: what of an event stays on the screen or in the log for good.
// Knows which events are worth keeping and their words; does not know where they are written.

import type { Event } from "../../builders/event.ts";
import { faultFromRecord, unreachable } from "../../store/model/fault.ts";
import { outcomeOf } from "./board.ts";
import { renderFault } from "./fault.ts";
import { subjectOf } from "./job.ts";
import { durationText, hanging, type Looks, paintOf, plural, visible } from "./text.ts";

/** Failures, warnings and steps: what a live display keeps above itself. */
export function lastingRemark(event: Event, looks: Looks): string[] {
  const paint = paintOf(looks.color);
  if (event.type === "step") return hanging("", visible(event.text), looks.width);
  if (event.type === "warning")
    return hanging("warning: ", visible(event.text), looks.width).map(paint.warning);
  if (event.type !== "end" || outcomeOf(event) !== "failed") return [];
  const subject = hanging("failed: ", `${subjectOf(event)}, ${durationText(event.duration)}`, looks.width);
  const fault = event.fault ? renderFault(faultFromRecord(event.fault), looks).trimEnd().split("\n") : [];
  return [...subject.map(paint.bad), ...fault];
}

/** A log's lines: the lasting ones, plans, every end but short reuses, waiting. Starts and progress have none. */
export function logRemark(event: Event, looks: Looks): string[] {
  switch (event.type) {
    case "plan":
      return hanging(
        "plan: ",
        `${plural(event.derivations, "derivation")}, ${event.known} known`,
        looks.width,
      );
    case "waiting":
      return hanging("waiting: ", visible(`${event.label}, ${event.reason}`), looks.width);
    case "end": {
      const outcome = outcomeOf(event);
      if (outcome === "failed") return lastingRemark(event, looks);
      if (outcome === "reused" && event.duration < shortReuse) return [];
      const took = outcome === "blocked" ? "" : `, ${durationText(event.duration)}`;
      return hanging(`${outcome}: `, `${subjectOf(event)}${took}`, looks.width);
    }
    case "step":
    case "warning":
      return lastingRemark(event, looks);
    case "start":
    case "estimate":
    case "progress":
    case "unplanned":
      return [];
    default:
      return unreachable(event);
  }
}

const shortReuse = 1000;
