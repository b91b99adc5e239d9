// A process that marks a store: `node mark.ts STORE OBJECTS`. It fails where it did not come across so many.
// Knows the mark phase; does not know who measures it.

import { noHolds } from "../../store/holds.ts";
import { layoutOf } from "../../store/layout.ts";
import { openLive } from "../../store/mark.ts";
import { openRecords } from "../../store/records.ts";
import { readRoots } from "../../store/roots.ts";

const [place = "", objects = "0"] = process.argv.slice(2);
const layout = layoutOf(place);
const live = openLive(layout, openRecords(layout, { hasBlob: () => true, holds: noHolds }));
for (const { root } of readRoots(layout)) live.keep(root);
const found = live.requests.size + live.trees.size + live.blobs.size;
if (found !== Number(objects)) throw new Error(`${found} objects are alive`);
