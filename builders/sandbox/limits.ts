// Limits on a sandbox's memory and processes, by control groups.
// Knows both versions of the interface; does not know what runs inside.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { type Limits, quoted } from "./spec.ts";

/** Folders of control groups that this process may use, made by the command's own process. */
export type Delegation =
  | { readonly version: 2; readonly folder: string }
  | { readonly version: 1; readonly memory: string; readonly pids: string }
  | { readonly version: 0 };

/** One running sandbox at a time may use it; slots are reused, because making one costs 0.2 ms. */
export interface Slot extends Disposable {
  /** Shell commands that put the process that runs them, and so all it starts, under the limits. */
  readonly enter: string;
  /** To be called before each sandbox: what is told afterwards is of that one alone. */
  reset(): void;
  /** Bytes, where the kernel tells: also of what is only cached, and of what was left from sandboxes before. */
  peakMemory(): number | undefined;
  /** Bytes that are held now and cannot be taken from it, without what was there before. */
  heldMemory(): number | undefined;
  ranOutOfMemory(): boolean;
  /** Whether one more process was refused. */
  ranOutOfProcesses(): boolean;
  /**
   * Whether processes besides the residents are still being ended: the launcher does not wait for the last of them.
   */
  isBusy(residents: ReadonlySet<number>): boolean;
}

export function openSlot(delegation: Delegation, name: string, limits: Limits): Slot {
  switch (delegation.version) {
    case 2:
      return slotVersion2(`${delegation.folder}/${name}`, limits);
    case 1:
      return slotVersion1(`${delegation.memory}/${name}`, `${delegation.pids}/${name}`, limits);
    case 0:
      return slotOfResources(limits);
  }
}

function slotVersion2(group: string, limits: Limits): Slot {
  mkdirSync(group, { recursive: true });
  writeFileSync(`${group}/memory.max`, String(limits.memory));
  writeFileSync(`${group}/pids.max`, String(limits.processes));
  if (existsSync(`${group}/memory.oom.group`)) writeFileSync(`${group}/memory.oom.group`, "1");
  const kills = () => Number(/^oom_kill (\d+)/m.exec(textIn(`${group}/memory.events`))?.[1] ?? 0);
  const held = () => heldIn(`${group}/memory.stat`, "anon");
  const refused = () => refusedIn(`${group}/pids.events`);
  let [before, heldBefore, refusedBefore] = [0, 0, 0];
  return {
    enter: `echo 0 > ${quoted(`${group}/cgroup.procs`)}`,
    reset() {
      before = kills();
      heldBefore = held() ?? 0;
      refusedBefore = refused();
      // Only newer kernels take the reset; on others the peak is the slot's, not the build's.
      tryWrite(`${group}/memory.peak`, "0");
    },
    peakMemory: () => numberIn(`${group}/memory.peak`),
    heldMemory: () => since(held(), heldBefore),
    ranOutOfMemory: () => kills() > before,
    ranOutOfProcesses: () => refused() > refusedBefore,
    isBusy: (residents) => holdsOthers(`${group}/cgroup.procs`, residents),
    [Symbol.dispose]: () => remove(group),
  };
}

function slotVersion1(memory: string, pids: string, limits: Limits): Slot {
  mkdirSync(memory, { recursive: true });
  mkdirSync(pids, { recursive: true });
  writeFileSync(`${memory}/memory.limit_in_bytes`, String(limits.memory));
  writeFileSync(`${pids}/pids.max`, String(limits.processes));
  const kills = () => Number(/^oom_kill (\d+)/m.exec(textIn(`${memory}/memory.oom_control`))?.[1] ?? 0);
  const held = () => heldIn(`${memory}/memory.stat`, "rss");
  const refused = () => refusedIn(`${pids}/pids.events`);
  let [before, heldBefore, refusedBefore] = [0, 0, 0];
  return {
    enter: `echo 0 > ${quoted(`${memory}/cgroup.procs`)} && echo 0 > ${quoted(`${pids}/cgroup.procs`)}`,
    reset() {
      before = kills();
      heldBefore = held() ?? 0;
      refusedBefore = refused();
      tryWrite(`${memory}/memory.max_usage_in_bytes`, "0");
    },
    peakMemory: () => numberIn(`${memory}/memory.max_usage_in_bytes`),
    heldMemory: () => since(held(), heldBefore),
    ranOutOfMemory: () => kills() > before,
    ranOutOfProcesses: () => refused() > refusedBefore,
    isBusy: (residents) => holdsOthers(`${pids}/cgroup.procs`, residents),
    [Symbol.dispose]() {
      remove(memory);
      remove(pids);
    },
  };
}

/** Without groups each process has the limit to itself: weaker, and `kit doctor` says so. */
function slotOfResources(limits: Limits): Slot {
  return {
    enter: `ulimit -v ${Math.floor(limits.memory / 1024)} && ulimit -p ${limits.processes}`,
    reset: () => {},
    peakMemory: () => undefined,
    heldMemory: () => undefined,
    ranOutOfMemory: () => false,
    ranOutOfProcesses: () => false,
    isBusy: () => false,
    [Symbol.dispose]: () => {},
  };
}

/** Of processes, and of files on tmpfs, as both versions' `memory.stat` has them; what else is cached can be let go. */
function heldIn(file: string, ofProcesses: "anon" | "rss"): number | undefined {
  const text = textIn(file);
  const amount = (name: string) => new RegExp(`^${name} (\\d+)$`, "m").exec(text)?.[1];
  const [processes, files] = [amount(ofProcesses), amount("shmem")];
  return processes === undefined ? undefined : Number(processes) + Number(files ?? 0);
}

/** How often a fork was refused, as both versions have it. */
function refusedIn(file: string): number {
  return Number(/^max (\d+)/m.exec(textIn(file))?.[1] ?? 0);
}

function since(now: number | undefined, before: number): number | undefined {
  return now === undefined ? undefined : Math.max(0, now - before);
}

function holdsOthers(file: string, residents: ReadonlySet<number>): boolean {
  return textIn(file)
    .split("\n")
    .some((pid) => pid !== "" && !residents.has(Number(pid)));
}

function tryWrite(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch {
    // What the kernel does not offer is not measured.
  }
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
