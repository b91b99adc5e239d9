// What tests mounted, and left behind when they were killed.
// Knows the kernel's table of mounts; does not know what is in them.

import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";

/** Removes a folder, whatever is mounted below it and whoever owns what lies in it. */
export function removeWithMounts(folder: string): void {
  for (const mount of mountsBelow(folder)) spawnSync("umount", ["--lazy", mount]);
  // Below a mount that stayed lies what is not the tests': it may be the clone itself.
  const [left] = mountsBelow(folder);
  if (left !== undefined) throw new Error(`${left} is still mounted`);
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}

/** Innermost first. The kernel writes a blank in a path as `\040`. */
function mountsBelow(folder: string): string[] {
  return readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .map((place) =>
      place.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    )
    .filter((place) => place.startsWith(`${folder}/`))
    .reverse();
}
