// A process that collects a store again and again beside sessions, until its standard input ends: `node looper.ts STORE`.
// Roots whose link is gone are let go. Says how much it removed. Knows nothing of the test that starts it.

import { existsSync, openSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { collect } from "../../store/collect.ts";
import { openHistory } from "../../store/history.ts";
import { noHolds, openJournals } from "../../store/holds.ts";
import { layoutOf } from "../../store/layout.ts";
import { findMember } from "../../store/pool.ts";
import { openRecords } from "../../store/records.ts";
import { readRoots } from "../../store/roots.ts";
import { deadJournals, openSession } from "../../store/session.ts";
import { openSystem } from "../../store/system.ts";

const layout = layoutOf(process.argv[2] ?? "");
const system = openSystem();
using session = openSession(layout, system, {
  id: `collector-${process.pid}`,
  bootId: "b007b007-0000-4000-8000-000000000000",
  now: Date.now(),
});
if (session === undefined) throw new Error("somebody has the store alone");
const hasBlob = (blob: Parameters<typeof findMember>[1]) => findMember(layout, blob) !== undefined;
const collecting = openSync(layout.collecting, "a");
const sum = { rounds: 0, results: 0, trees: 0, blobs: 0, checkouts: 0, roots: 0 };
const state = { over: false };
process.stdin.on("end", () => {
  state.over = true;
});
process.stdin.resume();
const dropDead = async () => {
  const dead = deadJournals(layout, system);
  await session.flush();
  for (const name of dead) rmSync(layout.session(name), { force: true });
};
while (!state.over) {
  const dead = readRoots(layout).filter(({ root }) => !existsSync(root.link));
  system.lock(collecting, "exclusive");
  await dropDead();
  {
    using history = openHistory(layout);
    using journals = openJournals(layout, system);
    const records = openRecords(layout, { hasBlob, holds: noHolds });
    const trash = session.scratch("trash");
    const { removed, roots } = await collect(
      { layout, records, history, journals, trash, flush: () => {} },
      { dead, generations: [], dryRun: false },
    );
    for (const kind of ["results", "trees", "blobs", "checkouts"] as const) sum[kind] += removed[kind];
    sum.roots += roots.dropped.length;
    sum.rounds++;
  }
  await dropDead();
  system.unlock(collecting);
  await sleep(1);
}
process.stdout.write(`${JSON.stringify(sum)}\n`);
