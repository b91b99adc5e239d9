// How a command speaks: which renderer fits the streams, and how an error is shown.
// Knows streams and what they can show; does not know the words.

import { Faults, faultRecord, faultsOf } from "../store/model/fault.ts";
import { type KitContext, toldKey } from "./context.ts";
import { renderError } from "./render/fault.ts";
import { jsonRenderer, liveRenderer, type Renderer } from "./render/renderer.ts";

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

type Shown = Pick<KitContext, "stderr" | "told"> & {
  readonly host: Pick<KitContext["host"], "environment">;
};

/** Shows what went wrong, but for what progress has shown already. */
export function showError(context: Shown, error: unknown, json: boolean): void {
  const stream = context.stderr as Stream;
  const faults = faultsOf(error);
  if (json) {
    const told =
      faults.length > 0
        ? { faults: faults.map(faultRecord) }
        : { defect: (error as Error).stack ?? String(error) };
    return void stream.write(`${JSON.stringify({ type: "error", ...told })}\n`);
  }
  const fresh = faults.filter((fault) => !context.told.has(toldKey(fault)));
  if (faults.length > 0 && fresh.length === 0) return;
  const shown = fresh.length === faults.length ? error : new Faults(fresh);
  stream.write(renderError(shown, { color: allowsColor(context), width: stream.columns ?? 120 }));
}

/** Colour on a terminal, unless NO_COLOR says otherwise (no-color.org). */
function allowsColor(context: Shown): boolean {
  return (context.stderr as Stream).isTTY === true && !context.host.environment["NO_COLOR"];
}
