// One run of what the index builder does with a list that is unpacked: its text in, the compact form out.
// Usage: node indexing.ts LIST OUT

import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { encodeHead } from "../../evaluator/compact.ts";
import { scanPackages } from "../../evaluator/deb/packages.ts";

const [list = "", out = ""] = process.argv.slice(2);
const text = readFileSync(list);
const file = openSync(out, "w");
for (const bytes of [...encodeHead(scanPackages(text), text.length), text]) writeSync(file, bytes);
closeSync(file);
