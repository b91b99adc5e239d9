// Limits on a sandbox's memory and processes, by control groups.
// Knows both versions of the interface; does not know what runs inside.

import { appendFileSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import type { Limits } from "./spec.ts";

/** Folders of control groups that this process may use, made by the command's own process. */
export type Delegation =
  | { readonly version: 2; readonly folder: string }
  | { readonly version: 1; readonly memory: string; readonly pids: string }
  | { readonly version: 0 };

/** One running sandbox at a time may use it; slots are reused, because making one costs 0.2 ms. */
export interface Slot extends Disposable {
  /** Bytes, where the kernel tells. */
  peakMemory(): number | undefined;
  ranOutOfMemory(): boolean;
  enter(pid: number): void;
}

export function openSlot(delegation: Delegation, name: string, limits: Limits): Slot {
  switch (delegation.version) {
    case 2:
      return slotVersion2(`${delegation.folder}/${name}`, limits);
    case 1:
      return slotVersion1(`${delegation.memory}/${name}`, `${delegation.pids}/${name}`, limits);
    case 0:
      return { peakMemory: () => undefined, ranOutOfMemory: () => false, enter: () => {}, [Symbol.dispose]: () => {} };
  }
}

function slotVersion2(group: string, limits: Limits): Slot {
  mkdirSync(group, { recursive: true });
  writeFileSync(`${group}/memory.max`, String(limits.memory));
  writeFileSync(`${group}/pids.max`, String(limits.processes));
  if (existsSync(`${group}/memory.oom.group`)) writeFileSync(`${group}/memory.oom.group`, "1");
  return {
    enter: (pid) => appendFileSync(`${group}/cgroup.procs`, String(pid)),
    peakMemory: () => numberIn(`${group}/memory.peak`),
    ranOutOfMemory: () => /^oom_kill [1-9]/m.test(textIn(`${group}/memory.events`)),
    [Symbol.dispose]: () => remove(group),
  };
}

function slotVersion1(memory: string, pids: string, limits: Limits): Slot {
  mkdirSync(memory, { recursive: true });
  mkdirSync(pids, { recursive: true });
  writeFileSync(`${memory}/memory.limit_in_bytes`, String(limits.memory));
  writeFileSync(`${pids}/pids.max`, String(limits.processes));
  return {
    enter(pid) {
      appendFileSync(`${memory}/cgroup.procs`, String(pid));
      appendFileSync(`${pids}/cgroup.procs`, String(pid));
    },
    peakMemory: () => numberIn(`${memory}/memory.max_usage_in_bytes`),
    ranOutOfMemory: () => /^oom_kill [1-9]/m.test(textIn(`${memory}/memory.oom_control`)),
    [Symbol.dispose]() {
      remove(memory);
      remove(pids);
    },
  };
}

function remove(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // A process that is just being reaped still counts; the parent group goes with the command.
  }
}

function textIn(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function numberIn(file: string): number | undefined {
  const value = Number.parseInt(textIn(file), 10);
  return Number.isSafeInteger(value) ? value : undefined;
}
