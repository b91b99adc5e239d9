// Where benchmarks run: a fresh ext4 in a loop-mounted file, or tmpfs where that cannot be had.
// The root disk of a test machine can take half a millisecond to create a file.

import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";

export interface Place extends Disposable {
  readonly folder: string;
  readonly fileSystem: string;
}

export function openPlace(wanted: "ext4" | "tmpfs"): Place {
  const base = mkdtempSync("/dev/shm/kit-bench-");
  // A peer may run as an ordinary user.
  chmodSync(base, 0o755);
  const folder = `${base}/at`;
  mkdirSync(folder);
  const image = `${base}/image`;
  if (wanted === "ext4") {
    writeFileSync(image, "");
    truncateSync(image, 12 * 2 ** 30);
    const made = spawnSync("mkfs.ext4", ["-q", "-F", image]).status === 0;
    if (made && spawnSync("mount", ["-o", "loop", image, folder]).status === 0) {
      return {
        folder,
        fileSystem: "fresh ext4 (loop)",
        [Symbol.dispose]() {
          spawnSync("umount", ["-l", folder]);
          rmSync(base, { recursive: true, force: true });
        },
      };
    }
  }
  return {
    folder,
    fileSystem: "tmpfs",
    [Symbol.dispose]: () => rmSync(base, { recursive: true, force: true }),
  };
}
