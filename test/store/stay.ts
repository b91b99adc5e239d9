// A session of a test's own, with holds, pool and records as a keeper has them.
// Knows how they are opened and closed; does not know what is done in it.

import { randomUUID } from "node:crypto";
import { type Holds, openHolds } from "../../store/holds.ts";
import type { Layout } from "../../store/layout.ts";
import { openPool, type Pool } from "../../store/pool.ts";
import { openRecords, type RecordWriter } from "../../store/records.ts";
import { openSession, type Session } from "../../store/session.ts";
import { system } from "./rig.ts";

export interface Stay extends Disposable {
  readonly session: Session;
  readonly holds: Holds;
  readonly pool: Pool;
  readonly records: RecordWriter;
}

/** The boot that tests run in, as far as the store is told. */
export const bootId = "b007b007-0000-4000-8000-000000000000";

export function openStay(layout: Layout, id: string = randomUUID()): Stay {
  const session = openSession(layout, system, { id, bootId, now: Date.now() });
  if (session === undefined) throw new Error("somebody has the store alone");
  const holds = openHolds(layout, system, id);
  const pool = openPool(layout, system, session.scratch("pool"), holds);
  const records = openRecords(layout, { hasBlob: (blob) => pool.find(blob) !== undefined, holds });
  return {
    session,
    holds,
    pool,
    records,
    [Symbol.dispose]() {
      holds[Symbol.dispose]();
      session[Symbol.dispose]();
    },
  };
}
