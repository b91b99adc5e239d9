// Control groups handed to the keeper, so that sandboxes can be held to limits.
// Knows where the host lets groups be made; does not know what limits are set.

import {
  appendFileSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Delegation } from "../sandbox/limits.ts";

export interface Delegated extends Disposable {
  readonly delegation: Delegation;
}

/**
 * Makes groups the inner root (`owner`, a host id) may use, in this process's own group: version 2 where it is
 * delegated, version 1 where it is writable; version 0, no groups, elsewhere.
 */
export function delegateGroups(name: string, owner: number, keeper: number): Delegated {
  const made: string[] = [];
  const make = (folder: string) => {
    removeAbandoned(dirname(folder));
    mkdirSync(folder);
    made.push(folder);
    return folder;
  };
  const own = (folder: string, files: readonly string[]) => {
    for (const path of [folder, ...files.map((file) => `${folder}/${file}`)])
      if (existsSync(path)) chownSync(path, owner, owner);
  };
  const dispose = () => {
    for (const folder of made.reverse()) removeTree(folder);
  };
  try {
    const delegation = version2(name, make, own, keeper) ?? version1(name, make, own);
    return { delegation: delegation ?? { version: 0 }, [Symbol.dispose]: dispose };
  } catch {
    // No right to make groups here: `kit doctor` tells that limits are weaker.
    dispose();
    return { delegation: { version: 0 }, [Symbol.dispose]: () => {} };
  }
}

type Make = (folder: string) => string;
type Own = (folder: string, files: readonly string[]) => void;

function version2(name: string, make: Make, own: Own, keeper: number): Delegation | undefined {
  const path = groupOf("");
  const parent = `/sys/fs/cgroup${path ?? ""}`;
  if (path === undefined || !existsSync(`${parent}/cgroup.controllers`)) return undefined;
  const available = readFileSync(`${parent}/cgroup.controllers`, "utf8").split(/\s+/);
  if (!available.includes("memory") || !available.includes("pids")) return undefined;
  const folder = make(`${parent}/${name}`);
  // A group with processes cannot hand controllers on, so the keeper sits in a leaf of its own.
  const leaf = make(`${folder}/keeper`);
  appendFileSync(`${leaf}/cgroup.procs`, String(keeper));
  writeFileSync(`${folder}/cgroup.subtree_control`, "+memory +pids");
  own(folder, ["cgroup.procs", "cgroup.subtree_control", "cgroup.threads"]);
  own(leaf, ["cgroup.procs"]);
  return { version: 2, folder };
}

function version1(name: string, make: Make, own: Own): Delegation | undefined {
  const memory = `/sys/fs/cgroup/memory${groupOf("memory") ?? ""}`;
  const pids = `/sys/fs/cgroup/pids${groupOf("pids") ?? ""}`;
  if (!existsSync(`${memory}/memory.limit_in_bytes`) || !existsSync(pids)) return undefined;
  const folders = { memory: make(`${memory}/${name}`), pids: make(`${pids}/${name}`) };
  for (const folder of Object.values(folders)) own(folder, ["cgroup.procs", "tasks"]);
  return { version: 1, ...folders };
}

/** This process's group under a version 1 controller, or under version 2 for "". */
function groupOf(controller: string): string | undefined {
  for (const line of readFileSync("/proc/self/cgroup", "utf8").split("\n")) {
    const [, controllers, path] = line.split(":");
    if (controllers?.split(",").includes(controller)) return path === "/" ? "" : path;
  }
  return undefined;
}

/** Groups of kits that were killed, below a group. One that still holds a process cannot be removed. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number(/^kit-(\d+)(?:-|$)/.exec(name)?.[1]);
    if (pid > 0 && !existsSync(`/proc/${pid}`)) removeTree(`${parent}/${name}`);
  }
}

function removeTree(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) removeTree(`${folder}/${entry.name}`);
    }
    rmdirSync(folder);
  } catch {
    // Already gone, or a dying process still counts: an empty group costs nothing.
  }
}
