// Sessions: one process's stay in a store, from opening to the last flush.
// Knows locks, journals and staging; does not know what is built.

import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { journalHeader } from "./holds.ts";
import type { Layout } from "./layout.ts";
import { mendAfterPowerCut } from "./mend.ts";
import { isRoot } from "./roots.ts";
import type { System } from "./system.ts";

export interface Session extends Disposable {
  /** What its journal, and its folder, are called. */
  readonly id: string;
  /** A fresh folder of this session, on the store's file system; gone when the session ends. */
  scratch(name: string): string;
  /** Everything written so far is on disk when this is fulfilled. */
  flush(): Promise<void>;
}

/** What tells a session apart: its name, this boot's id, and the time in milliseconds since 1970. */
export interface SessionId {
  readonly id: string;
  readonly bootId: string;
  readonly now: number;
}

/**
 * Takes the store for this process, beside others. Absent while another process has the store for itself
 * ({@link openHold}), which may be asked again.
 */
export function openSession(
  layout: Layout,
  system: System,
  { id, bootId, now }: SessionId,
): Session | undefined {
  const guard = openSync(layout.guard, "a", 0o644);
  if (!system.tryLock(guard, "shared")) {
    closeSync(guard);
    return undefined;
  }
  mendAfterPowerCut(layout, system, bootId, guard);
  dropDeadStaging(layout, system, now);
  const journal = openJournal(layout, system, id, bootId);
  const staging = `${layout.staging}/${id}`;
  const alive = openStaging(layout, system, id);
  return {
    id,
    scratch(name) {
      const folder = `${staging}/${name}`;
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    flush: () => system.syncFileSystemLater(guard),
    [Symbol.dispose]() {
      rmSync(staging, { recursive: true, force: true });
      system.syncFileSystem(guard);
      dropJournal(layout, system, id);
      for (const fd of [journal, alive, guard]) closeSync(fd);
    },
  };
}

/** The store for one process alone. */
export interface Hold extends Disposable {
  flush(): void;
}

/**
 * The store without any session beside this one; absent while there is one, which may be asked again. Writes
 * nothing, so that a full disk can be collected too. Sessions that want to open meanwhile wait.
 */
export function openHold(layout: Layout, system: System, bootId: string): Hold | undefined {
  const guard = openSync(layout.guard, "a", 0o644);
  if (!system.tryLock(guard, "exclusive")) {
    closeSync(guard);
    return undefined;
  }
  mendAfterPowerCut(layout, system, bootId, guard);
  // No session is open, so all that is staged is a dead one's, and so are the journals.
  for (const name of readdirSync(layout.staging))
    rmSync(`${layout.staging}/${name}`, { recursive: true, force: true });
  // What they wrote is on disk before what tells of them is gone.
  system.syncFileSystem(guard);
  for (const name of readdirSync(layout.sessions)) unlinkSync(layout.session(name));
  for (const name of readdirSync(layout.roots).filter((name) => !isRoot(name)))
    unlinkSync(`${layout.roots}/${name}`);
  return { flush: () => system.syncFileSystem(guard), [Symbol.dispose]: () => closeSync(guard) };
}

/** Makes a journal, locked as long as its session lives; returns what holds the lock. */
function openJournal(layout: Layout, system: System, id: string, bootId: string): number {
  const gate = openSync(layout.gate, "a", 0o644);
  // Nobody looks for dead journals between the two lines, for whom this one would be one.
  system.lock(gate, "shared");
  const journal = openSync(layout.session(id), "wx", 0o644);
  system.tryLock(journal, "exclusive");
  closeSync(gate);
  writeSync(journal, journalHeader(bootId));
  return journal;
}

/**
 * A collection that is under way has to know what this session held until the collection's end, and then removes
 * the journal itself ({@link dropDeadJournals}): a root that the session made may be younger than the roots the
 * collection has read.
 */
function dropJournal(layout: Layout, system: System, id: string): void {
  const collecting = openSync(layout.collecting, "a", 0o644);
  if (system.tryLock(collecting, "shared")) rmSync(layout.session(id), { force: true });
  closeSync(collecting);
}

/**
 * Journals of sessions that have ended, or whose process is gone; everything they wrote must be on disk, and the gate
 * closed.
 */
export function dropDeadJournals(layout: Layout, system: System): void {
  for (const name of readdirSync(layout.sessions)) {
    const journal = openSync(layout.session(name), "r");
    if (system.tryLock(journal, "shared")) rmSync(layout.session(name), { force: true });
    closeSync(journal);
  }
}

/** The locks of requests whose builder was killed. */
export function dropDeadLocks(layout: Layout, system: System): void {
  for (const name of readdirSync(layout.locks).filter((name) => name.length === 64)) {
    const lock = openSync(`${layout.locks}/${name}`, "a", 0o644);
    if (system.tryLock(lock, "exclusive")) rmSync(`${layout.locks}/${name}`, { force: true });
    closeSync(lock);
  }
}

/** Makes a session's folder, which is seen by others only when it is locked; returns what holds the lock. */
function openStaging(layout: Layout, system: System, id: string): number {
  const made = `${layout.staging}/${newPrefix}${id}`;
  mkdirSync(made);
  const alive = openSync(`${made}/.alive`, "a", 0o644);
  system.tryLock(alive, "exclusive");
  renameSync(made, `${layout.staging}/${id}`);
  return alive;
}

const newPrefix = ".new-";

/** Staging of sessions whose process is gone: their `.alive` file is not locked any more. */
function dropDeadStaging(layout: Layout, system: System, now: number): void {
  for (const name of readdirSync(layout.staging)) {
    const staging = `${layout.staging}/${name}`;
    const age = now - (statSync(staging, { throwIfNoEntry: false })?.ctimeMs ?? Number.POSITIVE_INFINITY);
    if (name.startsWith(newPrefix) && age <= 60_000) continue;
    let alive: number;
    try {
      alive = openSync(`${staging}/.alive`, "r");
    } catch {
      // Just being made, or half removed by another process: young ones are left alone.
      if (age > 60_000) rmSync(staging, { recursive: true, force: true });
      continue;
    }
    const dead = system.tryLock(alive, "exclusive");
    if (dead) rmSync(staging, { recursive: true, force: true });
    closeSync(alive);
  }
}
