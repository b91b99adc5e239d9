// The store's format: a store is made, brought up to this kit's format, or refused.
// Knows the folders and the versions there were; does not know sessions.

import { randomUUID } from "node:crypto";
import {
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { canBecomeStore, fannedFolders, type Layout, plainFolders, storeFormat } from "./layout.ts";
import { Fault } from "./model/fault.ts";
import type { System } from "./system.ts";
import { placeFile } from "./trees.ts";

/** File systems whose locks and links cannot be trusted across machines: NFS, CIFS, SMB2, 9p, AFS, Ceph. */
const networkFileSystems = new Set([0x6969, 0xff534d42, 0xfe534d42, 0x01021997, 0x5346414f, 0x00c36400]);

/**
 * Makes the store where it is missing and checks that it is one this kit can read.
 *
 * @throws {Fault} `store/newer-format`, `store/not-a-store`, `store/network-file-system`,
 * `store/ownerless-file-system`
 */
export function prepareStore(layout: Layout, system: System): void {
  mkdirSync(layout.root, { recursive: true });
  if (networkFileSystems.has(statfsSync(layout.root).type)) {
    throw new Fault("store/network-file-system", "the store lies on a network file system", {
      hint: "put the store on a local disk: --store DIR or KIT_STORE",
    });
  }
  if (!existsSync(layout.format)) createStore(layout, system);
  checkFormat(formatOf(layout), layout.root);
}

/**
 * Brings a store of an older format up to this kit's; does nothing to one that is. Kits of the older format have it
 * to themselves as long as they use it: absent while one does, and may be asked again. A kill leaves the older
 * format, and what was done is done again.
 */
export function upgradeStore(layout: Layout, system: System): true | undefined {
  if (formatOf(layout) === storeFormat) return true;
  const guard = openSync(layout.guard, "a", 0o644);
  try {
    if (!system.tryLock(guard, "exclusive")) return undefined;
    // From 1 to 2: profiles; statements are followed by how they came about, where that is known; journals by what
    // their sessions hold.
    makeFolders(layout);
    system.syncFileSystem(guard);
    placeFile(layout.format, `${storeFormat}\n`);
    system.syncFileSystem(guard);
    return true;
  } finally {
    closeSync(guard);
  }
}

function formatOf(layout: Layout): string {
  return readFileSync(layout.format, "utf8").trim();
}

/** Formats that {@link upgradeStore} starts from. */
const olderFormats: readonly string[] = ["kit/store/1"];

/** @throws {Fault} `store/newer-format`, `store/not-a-store` */
export function checkFormat(format: string, root: string): void {
  if (format === storeFormat || olderFormats.includes(format)) return;
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
  throw new Fault("store/not-a-store", `${root}/format does not say that this is a kit store`, {
    hint: "name an empty folder or a store: --store DIR or KIT_STORE",
  });
}

function createStore(layout: Layout, system: System): void {
  if (!canBecomeStore(readdirSync(layout.root))) {
    throw new Fault("store/not-a-store", `${layout.root} is neither empty nor a kit store`, {
      hint: "name an empty folder or a store: --store DIR or KIT_STORE",
    });
  }
  // Under a name of its own, for another kit may be making the same store; first, as the sign that one is being made.
  const temporary = `${layout.format}.new-${randomUUID().slice(0, 13)}`;
  writeFileSync(temporary, `${storeFormat}\n`);
  if (lstatSync(temporary).uid !== lstatSync(layout.root).uid) {
    rmSync(temporary);
    throw ownerlessFileSystem();
  }
  makeFolders(layout);
  // After a power cut there is all of it, or a store that is being made.
  const fd = openSync(temporary, "r");
  try {
    system.syncFileSystem(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, layout.format);
}

/** Where files belong to somebody else than who made them, or cannot be given to anybody: FAT, SSHFS. */
export function ownerlessFileSystem(cause?: unknown): Fault {
  return new Fault("store/ownerless-file-system", "the store lies on a file system that keeps no owners", {
    cause,
    hint: "put the store on one of Linux's own, as ext4, XFS and btrfs are: --store DIR or KIT_STORE",
  });
}

function makeFolders(layout: Layout): void {
  for (const folder of plainFolders)
    mkdirSync(`${layout.root}/${folder}`, { recursive: true, mode: modeOf(folder) });
  for (const folder of fannedFolders) {
    mkdirSync(`${layout.root}/${folder}`, { recursive: true, mode: modeOf(folder) });
    for (let i = 0; i < 256; i++)
      mkdirSync(`${layout.root}/${folder}/${i.toString(16).padStart(2, "0")}`, { recursive: true });
  }
}

/** Files with their modes and owners may be setuid, to whoever owns the store: only the owner may look in. */
function modeOf(folder: string): number {
  return ["pool", "checkouts", "staging", "failed"].includes(folder) ? 0o700 : 0o755;
}
