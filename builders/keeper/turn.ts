// A turn in the store: sessions share it, collection and verification have it for themselves.
// Knows how a turn is waited for; does not know what is done in it.

import { setTimeout as sleep } from "node:timers/promises";
import { Fault } from "../../store/model/fault.ts";

export interface Waiting {
  /** Says once what is waited for. */
  readonly onWait: () => void;
  readonly interrupted: AbortSignal;
}

/** Asks again and again until the store is to be had. @throws {Fault} `interrupted/waiting` */
export async function takeTurn<T>(ask: () => T | undefined, { onWait, interrupted }: Waiting): Promise<T> {
  for (let waited = 0; ; waited++) {
    const turn = ask();
    if (turn !== undefined) return turn;
    if (waited === 0) onWait();
    if (interrupted.aborted)
      throw new Fault("interrupted/waiting", "interrupted while waiting for the store");
    await sleep(100);
  }
}
