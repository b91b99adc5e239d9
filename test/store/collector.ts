// A process that collects a store and may be killed: `node collector.ts STORE`.
// Knows nothing of the test that starts it.

import { collect } from "../../store/collect.ts";
import { openHistory } from "../../store/history.ts";
import { noHolds } from "../../store/holds.ts";
import { layoutOf } from "../../store/layout.ts";
import { findMember } from "../../store/pool.ts";
import { openRecords } from "../../store/records.ts";

const layout = layoutOf(process.argv[2] ?? "");
const records = openRecords(layout, {
  hasBlob: (blob) => findMember(layout, blob) !== undefined,
  holds: noHolds,
});
process.stdout.write("ready\n");
await collect(
  { layout, records, history: openHistory(layout), trash: `${layout.staging}/collector`, flush: () => {} },
  { dead: [], generations: [], dryRun: false },
);
process.stdout.write("done\n");
