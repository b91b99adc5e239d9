// A folder as storage of a cache's files.
// Knows how files come to lie there whole and are read; does not know what they hold.

import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, type Stats } from "node:fs";
import { type FileHandle, link, lstat, open, readdir, rename, unlink } from "node:fs/promises";
import { posix } from "node:path";
import { isCacheName } from "./names.ts";
import { findFolder, openBelow, openFolder, piecesOf, syncFolder } from "./opening.ts";
import {
  badName,
  checked,
  type Expected,
  type LocalStorage,
  type OpenFile,
  type Range,
  readOpened,
  requireName,
} from "./storage.ts";
import { asCacheFault, damagedCache } from "./trouble.ts";

/** The folder need not be there: it is made for the first file that is written. Works as whoever calls. */
export function folderStorage(path: string): LocalStorage {
  const root = posix.resolve(path);
  let swept: Promise<void> | undefined;
  const storage: LocalStorage = {
    location: root,
    async size(name) {
      requireName(name);
      const stats = await lookAt(root, name);
      if (stats !== undefined && !stats.isFile()) throw damagedCache(root, name);
      return stats?.size;
    },
    async open(name) {
      requireName(name);
      const fd = await openBelow(root, name);
      return fd === undefined ? undefined : openFile(root, name, fd);
    },
    read: (name, range) => readOpened(storage, name, range),
    async list(folder) {
      if (!/^(?:results(?:\/[0-9a-f]{64})?|trees|blobs|packs|logs)$/.test(folder)) throw badName(folder);
      const belongs = (name: string) =>
        folder === "results" ? /^[0-9a-f]{64}$/.test(name) : isCacheName(`${folder}/${name}`);
      return (await namesIn(root, folder)).filter(belongs).sort();
    },
    async write(name, bytes, expected = {}) {
      requireName(name);
      // What is there need not be asked for from whoever sends it.
      if ((await lookAt(root, name)) !== undefined) return "present";
      swept ??= sweep(root);
      await swept;
      return await writeFile(root, name, bytes, expected);
    },
  };
  return storage;
}

/** Where files lie until they are whole: on the root's file system, and no name of a cache's. */
const incoming = ".incoming";
/** Milliseconds after which a file there is nobody's any more. */
const abandoned = 24 * 3600 * 1000;

async function lookAt(root: string, name: string): Promise<Stats | undefined> {
  try {
    return await lstat(`${root}/${name}`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw code === "ENOTDIR" ? damagedCache(root, name) : asCacheFault(error, root, "read");
  }
}

function openFile(root: string, name: string, fd: number): OpenFile {
  const stats = fstatSync(fd, { bigint: true });
  if (!stats.isFile()) {
    closeSync(fd);
    throw damagedCache(root, name);
  }
  const size = Number(stats.size);
  let isOpen = true;
  return {
    size,
    stamp: [stats.size, stats.mtimeNs, stats.ino].map((number) => number.toString(36)).join("-"),
    read: (range) => {
      if (!isOpen) throw new Error(`${name} is closed`);
      return piecesOf(fd, `${root}/${name}`, size, range);
    },
    async close() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

async function namesIn(root: string, folder: string): Promise<string[]> {
  using held = await findFolder(root, folder);
  try {
    return held === undefined ? [] : await readdir(held.path);
  } catch (error) {
    throw asCacheFault(error, root, "read");
  }
}

async function writeFile(
  root: string,
  name: string,
  bytes: AsyncIterable<Uint8Array>,
  expected: Expected,
): Promise<"written" | "present"> {
  // What the bytes throw is no fault of the folder's.
  const writing = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw asCacheFault(error, root, "written");
    }
  };
  using waiting = await writing(openFolder(root, incoming));
  const temporary = `${waiting.path}/${randomUUID()}`;
  const handle = await writing(open(temporary, "wx+", 0o666));
  try {
    let size = 0;
    for await (const piece of checked(bytes, expected, `${root}/${name}`)) {
      await writing(writeFully(handle, piece));
      size += piece.length;
    }
    await expected.look?.({ size, read: (range) => readPart(handle.fd, `${root}/${name}`, size, range) });
    await writing(handle.sync());
    using folder = await writing(openFolder(root, posix.dirname(name)));
    const isNew = await writing(linkNew(temporary, `${folder.path}/${posix.basename(name)}`));
    // Said to be written only when a power cut would leave it there.
    await writing(syncFolder(folder.path));
    return isNew ? "written" : "present";
  } finally {
    await handle.close();
    // Already gone where it was renamed.
    await unlink(temporary).catch(() => {});
  }
}

async function readPart(fd: number, file: string, size: number, range: Range): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(fd, file, size, range)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Whether it is under the new name now; false where another file is. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(code)) throw error;
  }
  // A file system without hard links. Another writer may place the same file between the look and the renaming:
  // one of the two stays, and either is whole.
  if (await isThere(to)) return false;
  await rename(from, to);
  return true;
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}

/** Removes what writers left that were killed. That it cannot keeps nobody from writing. */
async function sweep(root: string): Promise<void> {
  try {
    using folder = await openFolder(root, incoming);
    const fresh = `${folder.path}/${randomUUID()}`;
    // The file system's own clock says how old they are: it may be another machine's.
    await (await open(fresh, "wx", 0o666)).close();
    const { mtimeMs: now } = await lstat(fresh);
    for (const name of await readdir(folder.path)) {
      const file = `${folder.path}/${name}`;
      const stats = await lstat(file);
      if (file === fresh || stats.mtimeMs < now - abandoned) await unlink(file);
    }
  } catch {
    // Of two that sweep at once, each may find what the other removed.
  }
}
