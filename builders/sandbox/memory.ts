// The memory that builds may take together: what the machine has to give, and what this process's groups are held to.
// Knows where the kernel tells it; does not know who takes any.

import { readFileSync } from "node:fs";
import { dirname } from "node:path";

/** Bytes. A group's caches count as given back: the kernel does so before it refuses memory. */
export function availableMemory(): number {
  const machine = amountIn(textOf("/proc/meminfo"), /^MemAvailable: +(\d+) kB$/m);
  const groups = roomsOfGroups(textOf("/proc/self/cgroup"), textOf);
  return Math.min((machine ?? Infinity) * 1024, ...groups);
}

/** What each memory group on the way to the top leaves; `read` is asked for files of the kernel's. */
export function roomsOfGroups(own: string, read: (file: string) => string): number[] {
  return own.split("\n").flatMap((line) => {
    const [, controllers, path] = line.split(":");
    if (path === undefined) return [];
    if (controllers === "") return foldersUp(path).flatMap((folder) => roomVersion2(folder, read));
    return controllers?.split(",").includes("memory") ? roomVersion1(path, read) : [];
  });
}

function roomVersion2(folder: string, read: (file: string) => string): number[] {
  const place = `/sys/fs/cgroup${folder}`;
  const limit = amountIn(read(`${place}/memory.max`), /^(\d+)$/m);
  if (limit === undefined) return [];
  const stat = read(`${place}/memory.stat`);
  const held = (amountIn(stat, /^anon (\d+)$/m) ?? 0) + (amountIn(stat, /^shmem (\d+)$/m) ?? 0);
  return [Math.max(0, limit - held)];
}

/** Its limit is the least of all above it already. */
function roomVersion1(path: string, read: (file: string) => string): number[] {
  const stat = read(`/sys/fs/cgroup/memory${path}/memory.stat`);
  const limit = amountIn(stat, /^hierarchical_memory_limit (\d+)$/m);
  if (limit === undefined) return [];
  const held = (amountIn(stat, /^total_rss (\d+)$/m) ?? 0) + (amountIn(stat, /^total_shmem (\d+)$/m) ?? 0);
  return [Math.max(0, limit - held)];
}

function foldersUp(path: string): string[] {
  return path === "/" ? [""] : [path, ...foldersUp(dirname(path))];
}

function amountIn(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
