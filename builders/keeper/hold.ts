// A keeper that has the store for itself: collects it, or mends it.
// Knows how the store is waited for; does not know what is garbage or damaged.

import { rmSync } from "node:fs";
import { collect } from "../../store/collect.ts";
import { openHistory } from "../../store/history.ts";
import { noHolds } from "../../store/holds.ts";
import type { Layout } from "../../store/layout.ts";
import type { Digest } from "../../store/model/digest.ts";
import { findMember } from "../../store/pool.ts";
import { openRecords } from "../../store/records.ts";
import { openHold } from "../../store/session.ts";
import type { System } from "../../store/system.ts";
import { repair, verify } from "../../store/verify.ts";
import type { Recruits } from "../crew/crew.ts";
import { collecting } from "./care.ts";
import type { Inbox } from "./inbox.ts";
import type { FromKeeper, HoldMethods, KeeperSetup } from "./protocol.ts";
import { takeTurn } from "./turn.ts";

export interface HoldParts {
  readonly layout: Layout;
  readonly system: System;
  readonly setup: KeeperSetup;
  readonly recruits: Recruits;
  readonly inbox: Inbox;
  readonly send: (message: FromKeeper) => void;
}

/** Waits until every session is over, then serves {@link HoldMethods}. @throws {Fault} `interrupted/waiting` */
export async function serveHold({ layout, system, setup, recruits, inbox, send }: HoldParts): Promise<void> {
  using hold = await takeTurn(() => openHold(layout, system, setup.bootId), {
    interrupted: inbox.interrupted,
    onWait: () => send({ event: { type: "step", text: "waiting until no other kit uses the store" } }),
  });
  const hasBlob = (blob: Digest) => findMember(layout, blob) !== undefined;
  const records = openRecords(layout, { hasBlob, holds: noHolds, cached: 1 });
  using history = openHistory(layout);
  const staging = `${layout.staging}/hold`;
  await using crew = await recruits.enlist({
    layout,
    system,
    records,
    holds: noHolds,
    staging,
    method: "copy",
  });
  const methods: { [K in keyof HoldMethods]: (...args: Parameters<HoldMethods[K]>) => unknown } = {
    collect: (wish) =>
      collect({ layout, records, history, trash: staging, flush: hold.flush, ...collecting(send) }, wish),
    verify: () => verify(layout, records, crew),
    async repair() {
      const found = await verify(layout, records, crew);
      if (found.problems.length > 0) repair(layout, found.problems, hold.flush);
      return found;
    },
  };
  send({ ready: true });
  await inbox.serve(methods);
  rmSync(staging, { recursive: true, force: true });
}
