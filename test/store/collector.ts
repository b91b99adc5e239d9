// A process that collects a store and may be killed: `node collector.ts STORE`.
// Knows nothing of the test that starts it.

import { collect } from "../../store/collect.ts";
import { openHistory } from "../../store/history.ts";
import { layoutOf } from "../../store/layout.ts";
import { findMember } from "../../store/pool.ts";
import { openRecords } from "../../store/records.ts";

const layout = layoutOf(process.argv[2] ?? "");
const records = openRecords(layout, (blob) => findMember(layout, blob) !== undefined);
process.stdout.write("ready\n");
collect(layout, records, openHistory(layout), { dead: new Set(), dryRun: false, flush: () => {} });
process.stdout.write("done\n");
