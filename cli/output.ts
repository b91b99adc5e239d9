// How a command speaks: which renderer fits the streams, and how an error is shown.

import { renderError } from "./render/fault.ts";
import { jsonRenderer, liveRenderer, type Renderer } from "./render/renderer.ts";
import { faultRecord, faultsOf } from "../store/model/fault.ts";
import type { KitContext } from "./context.ts";

type Stream = NodeJS.WriteStream;

export function openRenderer(context: KitContext, json: boolean): Renderer {
  const stream = context.stderr as Stream;
  if (json) return jsonRenderer((text) => stream.write(text), context.now);
  const schedule = (call: () => void, milliseconds: number) => {
    const timer = setTimeout(call, milliseconds).unref();
    return () => clearTimeout(timer);
  };
  return liveRenderer(stream, context.now, schedule, { color: allowsColor(context) });
}

export function showError(context: KitContext, error: unknown, json: boolean): void {
  const stream = context.stderr as Stream;
  if (!json) return void stream.write(`${renderError(error, { color: allowsColor(context), width: stream.columns ?? 120 })}\n`);
  const faults = faultsOf(error).map(faultRecord);
  const told = faults.length > 0 ? { type: "error", faults } : { type: "error", defect: (error as Error).stack ?? String(error) };
  stream.write(`${JSON.stringify(told)}\n`);
}

/** Colour on a terminal, unless NO_COLOR says otherwise (no-color.org). */
function allowsColor(context: KitContext): boolean {
  return (context.stderr as Stream).isTTY === true && !context.host.environment["NO_COLOR"];
}
