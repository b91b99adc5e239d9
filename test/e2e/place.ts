// Places of tests: fresh folders on tmpfs that go with the run, and the manifests written into them.
// Knows folders; does not know what kit does in them.

import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inject } from "vitest";
import { removeWithMounts } from "../rig/mounts.ts";

export interface Place extends Disposable {
  readonly folder: string;
  /** Where a store may be made; not there yet. */
  readonly store: string;
  /** Writes files, by paths below the folder. */
  write(files: Readonly<Record<string, string | Buffer>>): void;
}

/** A fresh folder, gone when it is disposed of with whatever was mounted in it; `open` to users other than root. */
export function openPlace(name: string, { open = false } = {}): Place {
  const scratch = inject("scratch");
  const folder = mkdtempSync(join(open ? dirname(scratch) : scratch, `e2e-${name}-`));
  if (open) chmodSync(folder, 0o755);
  return {
    folder,
    store: join(folder, "store"),
    write: (files) => writeFiles(folder, files),
    [Symbol.dispose]: () => removeWithMounts(folder),
  };
}

export function writeFiles(folder: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}
