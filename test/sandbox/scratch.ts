// One scratch folder for a whole run of the tests: on tmpfs, and gone afterwards with all that is mounted in it.
// Knows where it lies; does not know what is put there.

import { accessSync, chmodSync, constants, existsSync, mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { removeWithMounts } from "../rig/mounts.ts";

declare module "vitest" {
  export interface ProvidedContext {
    readonly scratch: string;
  }
}

export default function setup(project: TestProject): () => void {
  const parent = isWritable("/dev/shm") ? "/dev/shm" : tmpdir();
  // A run that was killed could not tidy up.
  for (const name of readdirSync(parent)) {
    const pid = /^found-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeWithMounts(join(parent, name));
  }
  const folder = mkdtempSync(join(parent, `found-${process.pid}-`));
  // Ordinary users take part too.
  chmodSync(folder, 0o755);
  project.provide("scratch", folder);
  return () => removeWithMounts(folder);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
