// The keeper's process: its tie to the kit process that started it, and its end.
// Knows the channel between the two; does not know what is served.

import type { FromKeeper, ToKeeper } from "../builders/keeper/protocol.ts";
import { type KeeperParts, serveKeeper } from "../builders/keeper/serve.ts";
import { faultRecord, faultsOf } from "../store/model/fault.ts";

/** Serves the kit process that started this one, and ends this process when that one closes it or is gone. */
export async function runKeeper(parts: Omit<KeeperParts, "send" | "receive" | "now">): Promise<void> {
  // Signals are the kit process's to handle: it tells the keeper.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => {});
  const send = (message: FromKeeper) => void (process.connected && process.send?.(message));
  try {
    await serveKeeper({ ...parts, send, receive, now: Date.now });
    process.exit(0);
  } catch (error) {
    const [fault] = faultsOf(error);
    if (fault) send({ failed: faultRecord(fault) });
    else console.error(error);
    process.exitCode = 1;
    setTimeout(() => process.exit(1), 100);
  }
}

function receive(listener: (message: ToKeeper) => void): void {
  process.on("message", (message: ToKeeper) => listener(message));
  // Without the kit process nobody wants what is being built, nor waits for a keeper that cannot end.
  const leave = () => {
    listener({ interrupt: true });
    listener({ close: true });
    setTimeout(() => process.exit(1), endsWithin).unref();
  };
  process.on("disconnect", leave);
  // It may have gone while this one was loading, and that is told only once.
  if (!process.connected) leave();
}

/** Milliseconds that what is interrupted may take. */
const endsWithin = 10_000;
