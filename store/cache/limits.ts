// Limits: how many bytes a cache's file may have, by its kind (CACHE.md, "Limits").
// Pure. Knows kinds of files; does not know how they are read or written.

import { unreachable } from "../model/fault.ts";
import { maxStatement } from "../model/statement.ts";
import { maxLength } from "./frame.ts";
import { infoLimit } from "./info.ts";
import { mapLimits } from "./map.ts";
import { parseName } from "./names.ts";
import { fileLimits } from "./treefile.ts";

/** Of a log, and of what is no cache's file, as many as there are. */
export function mostBytes(name: string): number {
  const file = parseName(name);
  switch (file?.kind) {
    case "info":
      return infoLimit;
    case "statement":
    case "signature":
      return maxStatement;
    case "tree":
    case "delta":
      return fileLimits.record;
    case "bases":
      return fileLimits.bases * 65;
    case "blob":
      return maxLength(fileLimits.blobMap);
    case "pack":
      return mapLimits.pack;
    case "log":
    case undefined:
      return Number.POSITIVE_INFINITY;
    default:
      return unreachable(file);
  }
}
