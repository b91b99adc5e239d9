// Places of tests: fresh folders on tmpfs that go with the run, and the manifests written into them.
// Knows folders; does not know what kit does in them.

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inject } from "vitest";

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
    [Symbol.dispose]() {
      for (const mount of mountsBelow(folder)) spawnSync("umount", ["--lazy", mount]);
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

export function writeFiles(folder: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

/** Innermost first. The kernel writes a blank in a path as `\040`. */
function mountsBelow(folder: string): string[] {
  const places = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  return places
    .map((place) =>
      place.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((place) => place.startsWith(`${folder}/`))
    .reverse();
}
