// The queue of a run: what is ready, in its order, and which of it may begin now.
// Knows ranks, places and memory; does not know what is built, nor why it is ready.

import type { Digest } from "../../store/model/digest.ts";

export interface Task {
  readonly id: Digest;
  /** The place in the order, each its own: 0 begins first where it can. */
  readonly rank: number;
  readonly kind: "build" | "download";
  /** Bytes that it is forecast to take; a download takes none. */
  readonly memory: number;
}

export interface Places {
  readonly jobs: number;
  readonly downloads: number;
  /** Bytes that builds may take together; a single one may take more. */
  readonly memory: number;
}

export interface Queue {
  /** Once, however often it is added; until it was taken. */
  add(task: Task): void;
  /** What is to begin now, which from then on runs; undefined where nothing may. */
  take(): Task | undefined;
  end(task: Task): void;
  readonly running: number;
}

export function openQueue(places: Places): Queue {
  const ready = { build: [] as Task[], download: [] as Task[] };
  const running = { build: new Set<Task>(), download: new Set<Task>() };
  const queued = new Set<Digest>();
  const chosen = (): Task | undefined => {
    if (running.download.size < places.downloads && ready.download[0]) return ready.download[0];
    return running.build.size < places.jobs
      ? nextBuild(ready.build, [...running.build], places.memory)
      : undefined;
  };
  return {
    add(task) {
      if (queued.has(task.id)) return;
      queued.add(task.id);
      ready[task.kind].splice(placeOf(task, ready[task.kind]), 0, task);
    },
    take() {
      const task = chosen();
      if (task === undefined) return undefined;
      ready[task.kind].splice(placeOf(task, ready[task.kind]), 1);
      queued.delete(task.id);
      running[task.kind].add(task);
      return task;
    },
    end: (task) => void running[task.kind].delete(task),
    get running() {
      return running.build.size + running.download.size;
    },
  };
}

/** The list is sorted by rank, so halving finds it. */
function placeOf({ rank }: Task, sorted: readonly Task[]): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle]?.rank ?? 0) < rank) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The first that fits into memory with those that run; the first of all where nothing runs. The first that does not
 * fit is passed by others only as far as it would still fit beside all that run and come after it: so once nothing
 * waits that comes before it, it waits for those alone that ran then (EASY backfilling, Lifka 1995).
 */
export function nextBuild(
  ready: readonly Task[],
  running: readonly Task[],
  memory: number,
): Task | undefined {
  if (running.length === 0) return ready[0];
  const sum = (tasks: readonly Task[]) => tasks.reduce((total, task) => total + task.memory, 0);
  let held: Task | undefined;
  let room = memory - sum(running);
  for (const task of ready) {
    if (task.memory <= room) return task;
    if (held !== undefined) continue;
    held = task;
    const { rank } = task;
    room = Math.min(room, memory - task.memory - sum(running.filter((one) => one.rank > rank)));
  }
  return undefined;
}
