// Turns: in the store, which collection has for itself, and at a request, which is built once.
// Knows how a turn is waited for; does not know what is done in it.

import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../../store/model/fault.ts";

export interface Waiting {
  /** Says once what is waited for. */
  readonly onWait: () => void;
  readonly interrupted: AbortSignal;
}

/** Asks again and again until the turn has come. @throws {Fault} `interrupted/waiting` */
export async function takeTurn<T>(ask: () => T | undefined, { onWait, interrupted }: Waiting): Promise<T> {
  for (let waited = 0; ; waited++) {
    const turn = ask();
    if (turn !== undefined) return turn;
    if (waited === 0) onWait();
    if (interrupted.aborted)
      throw new Fault("interrupted/waiting", "interrupted while waiting for another kit");
    await sleep(50);
  }
}
