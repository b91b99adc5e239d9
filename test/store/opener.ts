// A process that opens a session when it is told, makes a checkout and records, and looks whether they stay:
// `node opener.ts STORE ID`. Says `ready`, then `whole` or what is missing. Knows nothing of the test that starts it.

import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { beginCheckout, placeFiles } from "../../store/checkout.ts";
import { openHolds } from "../../store/holds.ts";
import { layoutOf } from "../../store/layout.ts";
import { parseTreePath } from "../../store/model/path.ts";
import { makeTree } from "../../store/model/tree.ts";
import { openPool } from "../../store/pool.ts";
import { openRecords } from "../../store/records.ts";
import { openSession, type Session } from "../../store/session.ts";
import { openSystem } from "../../store/system.ts";

const [store = "", id = ""] = process.argv.slice(2);
const layout = layoutOf(store);
const system = openSystem();
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
process.stdout.write("ready\n");
await lines.next();
let session: Session | undefined;
for (;;) {
  session = openSession(layout, system, {
    id: `${id}-${process.pid}`,
    bootId: "b007b007-0000-4000-8000-000000000000",
    now: Date.now(),
  });
  if (session !== undefined) break;
  await sleep(5);
}
const holds = openHolds(layout, system, session.id);
const staging = session.scratch("own");
const pool = openPool(layout, system, staging, holds);
const records = openRecords(layout, { hasBlob: (blob) => pool.find(blob) !== undefined, holds });
const owner = { mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const made: string[] = [];
for (let nth = 0; nth < 20; nth++) {
  const bytes = Buffer.from(`file ${nth} of ${session.id}`);
  const blob = pool.put(bytes, owner);
  const path = parseTreePath("f");
  const tree = records.writeTree(makeTree([{ type: "file", path, ...owner, size: bytes.length, blob }]));
  const begun = beginCheckout(tree, records.tree, { layout, system, staging, holds });
  if (typeof begun !== "string") {
    placeFiles(begun.files, begun.folder, { layout, pool, system, method: "hardlink", staging });
    made.push(begun.finish(), layout.tree(tree));
  }
}
await sleep(100);
made.push(layout.session(session.id));
const missing = made.filter((place) => !existsSync(place));
process.stdout.write(missing.length === 0 ? "whole\n" : `${missing.length} gone: ${missing[0]}\n`);
await lines.next();
session[Symbol.dispose]();
