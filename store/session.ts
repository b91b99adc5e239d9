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
import { type Beginning, journalHeader } from "./holds.ts";
import type { Layout } from "./layout.ts";
import { journalsOfOtherBoots, mendAfterPowerCut } from "./mend.ts";
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

/** What tells a session apart: its name, and when it begins. */
export interface SessionId extends Beginning {
  readonly id: string;
}

/**
 * Takes the store for this process, beside others. Absent while another process has the store for itself
 * ({@link openHold}), which may be asked again.
 */
export function openSession(
  layout: Layout,
  system: System,
  { id, ...beginning }: SessionId,
): Session | undefined {
  const guard = openSync(layout.guard, "a", 0o644);
  if (!enter(layout, system, beginning.bootId, guard)) {
    closeSync(guard);
    return undefined;
  }
  dropDeadStaging(layout, system, beginning.now);
  const staging = `${layout.staging}/${id}`;
  const alive = openStaging(layout, system, id);
  const journal = openJournal(layout, system, id, beginning);
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
      const dead = deadJournals(layout, system);
      system.syncFileSystem(guard);
      dropJournals(layout, system, [...dead, id]);
      for (const fd of [journal, alive, guard]) closeSync(fd);
    },
  };
}

/** Takes its place beside other sessions; false where another process has the store for itself. */
function enter(layout: Layout, system: System, bootId: string, guard: number): boolean {
  if (!system.tryLock(guard, "shared")) return false;
  const journals = journalsOfOtherBoots(layout, bootId);
  if (journals.length === 0) return true;
  // Alone: another process that mends, or has mended and builds already, would lose what it is making.
  if (!system.tryLock(guard, "exclusive")) return false;
  mendAfterPowerCut(layout, system, bootId, guard);
  return system.tryLock(guard, "shared");
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

/** Makes a journal, locked as long as its session lives, and seen by others only when it is; returns what holds the lock. */
function openJournal(layout: Layout, system: System, id: string, beginning: Beginning): number {
  const made = `${layout.staging}/${id}/.journal`;
  const journal = openSync(made, "wx", 0o644);
  writeSync(journal, journalHeader(beginning));
  system.tryLock(journal, "exclusive");
  renameSync(made, layout.session(id));
  return journal;
}

/** Journals of sessions that have ended, or whose process is gone. Once everything so far is on disk, they can go. */
export function deadJournals(layout: Layout, system: System): string[] {
  return readdirSync(layout.sessions).filter((name) => {
    const journal = openIfThere(layout.session(name));
    if (journal === undefined) return false;
    const isDead = system.tryLock(journal, "shared");
    closeSync(journal);
    return isDead;
  });
}

/**
 * Removes journals, unless a collection is under way: it has to know until its end what these sessions held, for a
 * root that one of them made may be younger than the roots the collection has read. It removes them itself then.
 */
function dropJournals(layout: Layout, system: System, names: readonly string[]): void {
  const collecting = openSync(layout.collecting, "a", 0o644);
  if (system.tryLock(collecting, "shared"))
    for (const name of names) rmSync(layout.session(name), { force: true });
  closeSync(collecting);
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
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
