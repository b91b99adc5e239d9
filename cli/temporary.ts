// Folders that are gone when a command ends, where the system keeps what is temporary.
// Knows how they are made; does not know what they are for.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "../store/model/fault.ts";

/** A new folder, whose name begins like that. @throws {Fault} `host/no-temporary` */
export function temporaryFolder(name: string): string {
  try {
    return mkdtempSync(join(tmpdir(), name));
  } catch (cause) {
    throw new Fault(
      "host/no-temporary",
      `nothing can be written to ${tmpdir()}: ${(cause as Error).message}`,
      {
        cause,
        hint: "TMPDIR names the folder for what is temporary",
      },
    );
  }
}
