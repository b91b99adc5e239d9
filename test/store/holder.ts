// A process with a session that takes hold of things, in several threads: `node holder.ts STORE SESSION THREADS COUNT`.
// Says `open`, waits for a line, takes, says `taken` and ends at another line. Knows nothing of the test that starts it.

import { once } from "node:events";
import { createInterface } from "node:readline";
import { isMainThread, Worker, workerData } from "node:worker_threads";
import { openHolds } from "../../store/holds.ts";
import { layoutOf } from "../../store/layout.ts";
import { digestOf, hexOf } from "../../store/model/digest.ts";
import { openSession } from "../../store/session.ts";
import { openSystem } from "../../store/system.ts";

const [store = "", id = "", threads = "1", count = "1"] = isMainThread ? process.argv.slice(2) : workerData;
const layout = layoutOf(store);
const system = openSystem();

function takeAll(thread: string): void {
  using holds = openHolds(layout, system, id);
  for (let at = 0; at < Number(count); at += 3) {
    const names = [0, 1, 2].slice(0, Number(count) - at).map((next) => `${id} ${thread} ${at + next}`);
    holds.take("blob", names.map(digestOf).map(hexOf));
  }
}

if (!isMainThread) takeAll(workerData[4]);
else {
  const bootId = "b007b007-0000-4000-8000-000000000000";
  using session = openSession(layout, system, { id, bootId, now: Date.now() });
  if (session === undefined) throw new Error("somebody has the store alone");
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  process.stdout.write("open\n");
  await lines.next();
  if (threads === "1") takeAll("0");
  else
    await Promise.all(
      Array.from({ length: Number(threads) }, async (_, thread) => {
        const workerData = [store, id, threads, count, String(thread)];
        await once(new Worker(new URL(import.meta.url), { workerData }), "exit");
      }),
    );
  process.stdout.write("taken\n");
  await lines.next();
  process.stdin.destroy();
}
