// The code of a report's pages as kit ships it: bundled beside kit's own.
// Knows where it lies; does not know what it does.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PageCode } from "../builders/report/files.ts";
import { codeFolder, isBundle } from "./entry.ts";

export function readPageCode(): PageCode {
  const folder = isBundle ? codeFolder : join(codeFolder, "..", "dist");
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  return { script: read("report.js"), style: read("report.css") };
}
