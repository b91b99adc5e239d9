// Sessions: one process's stay in a store, from opening to the last flush.
// Knows the store's format, locks, staging and what to mend after a power cut; does not know what is built.

import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { canBecomeStore, fannedFolders, type Layout, plainFolders, storeFormat } from "./layout.ts";
import { digestFromHex } from "./model/digest.ts";
import { Fault } from "./model/fault.ts";
import { hashFile } from "./pool.ts";
import { isRoot } from "./roots.ts";
import type { System } from "./system.ts";

export interface Session extends Disposable {
  /** A fresh folder of this session, on the store's file system; gone when the session ends. */
  scratch(name: string): string;
  /** Everything written so far is on disk when this is fulfilled. */
  flush(): Promise<void>;
}

/** File systems whose locks and links cannot be trusted across machines: NFS, CIFS, SMB2, 9p, AFS, Ceph. */
const networkFileSystems = new Set([0x6969, 0xff534d42, 0xfe534d42, 0x01021997, 0x5346414f, 0x00c36400]);

/**
 * Makes the store where it is missing and checks that it is one this kit can read.
 *
 * @throws {Fault} `store/newer-format`, `store/not-a-store`, `store/network-file-system`
 */
export function prepareStore(layout: Layout): void {
  mkdirSync(layout.root, { recursive: true });
  if (networkFileSystems.has(statfsSync(layout.root).type)) {
    throw new Fault("store/network-file-system", `${layout.root} lies on a network file system`, {
      hint: "put the store on a local disk: --store DIR or KIT_STORE",
    });
  }
  if (!existsSync(layout.format)) createStore(layout);
  const format = readFileSync(layout.format, "utf8").trim();
  checkFormat(format, layout.root);
}

/** @throws {Fault} `store/newer-format`, `store/not-a-store` */
export function checkFormat(format: string, root: string): void {
  if (format === storeFormat) return;
  const match = /^kit\/store\/(\d+)$/.exec(format);
  if (match) {
    throw new Fault(
      "store/newer-format",
      `the store ${root} has the format ${format}; this kit reads ${storeFormat}`,
      {
        hint: "use the kit that made it, or another store: --store DIR",
      },
    );
  }
  throw new Fault("store/not-a-store", `${layout(root)} does not say that this is a kit store`, {
    hint: "name an empty folder or a store: --store DIR or KIT_STORE",
  });
}

const layout = (root: string) => `${root}/format`;

/** What tells a session apart: its name, this boot's id, and the time in milliseconds since 1970. */
export interface SessionId {
  readonly id: string;
  readonly bootId: string;
  readonly now: number;
}

/**
 * Takes the store for this process; collection waits until every session is over. Absent while another process has
 * the store for itself ({@link openHold}), which may be asked again.
 */
export function openSession(
  layout: Layout,
  system: System,
  { id, bootId, now }: SessionId,
): Session | undefined {
  const guard = openSync(`${layout.locks}/store`, "a", 0o644);
  if (!system.tryLock(guard, "shared")) {
    closeSync(guard);
    return undefined;
  }
  mendAfterPowerCut(layout, system, bootId, guard);
  dropDeadStaging(layout, system, now);
  const journal = `${layout.sessions}/${id}`;
  writeFileSync(journal, `${bootId}\n`);
  const staging = `${layout.staging}/${id}`;
  const alive = openStaging(layout, system, id);
  return {
    scratch(name) {
      const folder = `${staging}/${name}`;
      mkdirSync(folder, { recursive: true });
      return folder;
    },
    flush: () => system.syncFileSystemLater(guard),
    [Symbol.dispose]() {
      rmSync(staging, { recursive: true, force: true });
      system.syncFileSystem(guard);
      unlinkSync(journal);
      closeSync(alive);
      closeSync(guard);
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
  const guard = openSync(`${layout.locks}/store`, "a", 0o644);
  if (!system.tryLock(guard, "exclusive")) {
    closeSync(guard);
    return undefined;
  }
  mendAfterPowerCut(layout, system, bootId, guard);
  // No session is open, so all that is staged is a dead one's, and so are the journals.
  for (const name of readdirSync(layout.staging))
    rmSync(`${layout.staging}/${name}`, { recursive: true, force: true });
  for (const name of readdirSync(layout.sessions)) unlinkSync(`${layout.sessions}/${name}`);
  for (const name of readdirSync(layout.roots).filter((name) => !isRoot(name)))
    unlinkSync(`${layout.roots}/${name}`);
  return { flush: () => system.syncFileSystem(guard), [Symbol.dispose]: () => closeSync(guard) };
}

function createStore(layout: Layout): void {
  if (!canBecomeStore(readdirSync(layout.root))) {
    throw new Fault("store/not-a-store", `${layout.root} is neither empty nor a kit store`, {
      hint: "name an empty folder or a store: --store DIR or KIT_STORE",
    });
  }
  // Under a name of its own, for another kit may be making the same store; first, as the sign that one is being made.
  const temporary = `${layout.format}.new-${randomUUID().slice(0, 13)}`;
  writeFileSync(temporary, `${storeFormat}\n`);
  for (const folder of plainFolders)
    mkdirSync(`${layout.root}/${folder}`, { recursive: true, mode: modeOf(folder) });
  for (const folder of fannedFolders) {
    mkdirSync(`${layout.root}/${folder}`, { recursive: true, mode: modeOf(folder) });
    for (let i = 0; i < 256; i++)
      mkdirSync(`${layout.root}/${folder}/${i.toString(16).padStart(2, "0")}`, { recursive: true });
  }
  renameSync(temporary, layout.format);
}

/** Files with their modes and owners may be setuid, to whoever owns the store: only the owner may look in. */
function modeOf(folder: string): number {
  return ["pool", "checkouts", "staging", "failed"].includes(folder) ? 0o700 : 0o755;
}

/**
 * A session that ended in a power cut left its journal with another boot's id. Files written since may be
 * there by name and empty or torn in content, so each pool member and record of that time is rehashed and the
 * bad ones go. A statement is written only after what it names is flushed, so none names what goes here; it may be
 * torn itself. Checkouts and outputs of that time are made again when they are wanted.
 */
function mendAfterPowerCut(layout: Layout, system: System, bootId: string, guard: number): void {
  const stale = readdirSync(layout.sessions).filter(
    (name) => readFileSync(`${layout.sessions}/${name}`, "utf8").trim() !== bootId,
  );
  if (stale.length === 0) return;
  const since = Math.min(...stale.map((name) => statSync(`${layout.sessions}/${name}`).mtimeMs)) - 60_000;
  for (const folder of ["pool", "trees"] as const) {
    for (const fan of readdirSync(`${layout.root}/${folder}`)) {
      for (const name of readdirSync(`${layout.root}/${folder}/${fan}`)) {
        const file = `${layout.root}/${folder}/${fan}/${name}`;
        if (statSync(file).ctimeMs >= since && !isIntact(file, name)) unlinkSync(file);
      }
    }
  }
  for (const fan of readdirSync(layout.results)) {
    for (const name of readdirSync(`${layout.results}/${fan}`)) {
      const file = `${layout.results}/${fan}/${name}`;
      if (statSync(file).ctimeMs >= since && !isWhole(file)) unlinkSync(file);
    }
  }
  for (const name of readdirSync(layout.roots)) {
    const file = `${layout.roots}/${name}`;
    if (statSync(file).ctimeMs >= since && !isWhole(file)) unlinkSync(file);
  }
  for (const folder of [layout.checkouts, layout.outputs]) {
    for (const name of readdirSync(folder)) {
      if (statSync(`${folder}/${name}`).ctimeMs >= since) rmSync(`${folder}/${name}`, { recursive: true });
    }
  }
  system.syncFileSystem(guard);
  for (const name of stale) unlinkSync(`${layout.sessions}/${name}`);
}

function isIntact(file: string, name: string): boolean {
  const hex = /^([0-9a-f]{64})(\.|$)/.exec(name)?.[1];
  return hex !== undefined && !name.includes(".tmp") && hashFile(file).digest === digestFromHex(hex);
}

/** Statements and roots are JSON; cut off or full of zeros they are not. */
function isWhole(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
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
