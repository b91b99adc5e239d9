// Bundles: a cache's files, and a manifest's beside them, in one file.
// Knows how it is written and read; does not know what the files hold.

import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { posix } from "node:path";
import { gathered } from "../../store/cache/flow.ts";
import { encodeInfo, infoLimit, infoName, parseInfo } from "../../store/cache/info.ts";
import { piecesOf, syncFolder } from "../../store/cache/opening.ts";
import {
  badName,
  type CacheStorage,
  checked,
  type LocalStorage,
  type Range,
  readOpened,
  readSmall,
  requireName,
  requireRange,
} from "../../store/cache/storage.ts";
import { asCacheFault } from "../../store/cache/trouble.ts";
import { poolTime } from "../../store/layout.ts";
import { Fault } from "../../store/model/fault.ts";
import { headerBlocks } from "../archive/tarfields.ts";
import { blockSize } from "../archive/tarheader.ts";
import { badBundle, type Member, readMembers, requireExtraPath } from "./members.ts";

/** A file that is none of the cache's: of the manifest's folder. */
export interface Extra {
  /** `manifest/…`, without `.` and `..` parts. */
  readonly path: string;
  readonly size: number;
  readonly executable: boolean;
}

export interface ExtraSource extends Extra {
  /** Exactly `size` bytes. */
  read(): AsyncIterable<Uint8Array>;
}

/** Nothing can be written to it. Whoever opens it closes it, after the last read. */
export interface Bundle extends LocalStorage, AsyncDisposable {
  /** Of all the cache's files, sorted. */
  readonly names: readonly string[];
  readonly extras: readonly Extra[];
  readExtra(path: string): AsyncIterable<Uint8Array>;
}

/**
 * Writes these files of a storage as one, which takes the place of what was there when it is whole and on disk. The
 * bytes depend on nothing but the files: CACHE.md states them. Returns how many there are.
 *
 * @throws {Fault} `store/no-file` where the storage lacks one, `store/cache-full`, `store/cache-unwritable`
 */
export async function writeBundle(
  storage: CacheStorage,
  names: readonly string[],
  file: string,
  extras: readonly ExtraSource[] = [],
): Promise<number> {
  const path = posix.resolve(file);
  await refuseFolder(path);
  const parts = await partsOf(storage, names, extras);
  const temporary = `${path}.new-${randomUUID().slice(0, 13)}`;
  const writing = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw asCacheFault(error, path, "written");
    }
  };
  const handle = await writing(open(temporary, "wx", 0o666));
  try {
    for await (const batch of gathered(tarOf(parts), 1 << 20)) await writing(writeFully(handle, batch));
    await writing(handle.sync());
    await writing(rename(temporary, path));
    await writing(syncFolder(posix.dirname(path)));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  return parts.length;
}

/** @throws {Fault} `digest/bad-bundle`; `store/newer-cache`; `store/no-file`, `store/cache-unreadable` */
export async function openBundle(file: string): Promise<Bundle> {
  const path = posix.resolve(file);
  const fd = openToRead(path);
  try {
    const stats = fstatSync(fd, { bigint: true });
    if (!stats.isFile()) throw badBundle(path, "it is no file");
    const bundle = bundleOf(path, fd, stats.mtimeNs, await readMembers(fd, path, Number(stats.size)));
    const info = await readSmall(bundle, infoName, infoLimit);
    if (info !== undefined) parseInfo(info, path);
    return bundle;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Whether a file begins as a bundle does: such a one may be replaced by another. */
export function isBundleFile(file: string): boolean {
  const fd = openToRead(posix.resolve(file));
  try {
    const head = Buffer.alloc(infoName.length + 1);
    return (
      readSync(fd, head, 0, head.length, 0) === head.length && head.toString("latin1") === `${infoName}\0`
    );
  } catch (error) {
    throw asCacheFault(error, file, "read");
  } finally {
    closeSync(fd);
  }
}

/** Told before much is written beside it in vain. */
async function refuseFolder(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.isDirectory())
    throw new Fault("usage/not-a-file", `a bundle is a file, and ${path} is a folder`, {
      hint: "name a file in it",
    });
}

interface Part {
  readonly name: string;
  readonly size: number;
  readonly executable: boolean;
  read(): AsyncIterable<Uint8Array>;
}

/** What a bundle holds, in order. */
async function partsOf(
  storage: CacheStorage,
  names: readonly string[],
  extras: readonly ExtraSource[],
): Promise<Part[]> {
  const info = encodeInfo();
  const first: Part = {
    name: infoName,
    size: info.length,
    executable: false,
    read: async function* () {
      yield info;
    },
  };
  const parts: Part[] = [];
  for (const name of new Set(names)) {
    requireName(name);
    if (name === infoName) continue;
    const size = await storage.size(name);
    if (size === undefined) throw new Fault("store/no-file", `${storage.location} has no file ${name}`);
    parts.push({ name, size, executable: false, read: () => storage.read(name) });
  }
  for (const extra of extras) {
    requireExtraPath(extra.path);
    const { path, size, executable } = extra;
    parts.push({ name: path, size, executable, read: () => extra.read() });
  }
  const bytes = new Map(parts.map((part) => [part, Buffer.from(part.name)]));
  const none = Buffer.alloc(0);
  return [first, ...parts.sort((a, b) => Buffer.compare(bytes.get(a) ?? none, bytes.get(b) ?? none))];
}

async function* tarOf(parts: readonly Part[]): AsyncGenerator<Uint8Array> {
  for (const { name, size, executable, read } of parts) {
    yield headerBlocks({
      name,
      size,
      flag: "0",
      mode: executable ? 0o755 : 0o644,
      uid: 0,
      gid: 0,
      mtime: poolTime,
      target: "",
      major: 0,
      minor: 0,
    });
    yield* checked(read(), { size }, name);
    yield Buffer.alloc((blockSize - (size % blockSize)) % blockSize);
  }
  yield Buffer.alloc(2 * blockSize);
}

async function writeFully(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
}

function openToRead(path: string): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw asCacheFault(error, path, "read");
    throw new Fault("store/no-file", `there is no bundle ${path}`);
  }
}

function bundleOf(path: string, fd: number, changed: bigint, members: ReadonlyMap<string, Member>): Bundle {
  const names = [...members.keys()].filter((name) => !name.startsWith("manifest/")).sort();
  const folders = foldersOf(names);
  const memberAt = (name: string) => {
    requireName(name);
    return members.get(name);
  };
  let isOpen = true;
  const bytesOf = (member: Member, name: string, range?: Range) => {
    if (!isOpen) throw new Error(`${path} is closed`);
    return bytesWithin(fd, path, name, member, range);
  };
  const bundle: Bundle = {
    location: path,
    names,
    extras: [...members].flatMap(([name, { size, executable }]) =>
      name.startsWith("manifest/") ? [{ path: name, size, executable }] : [],
    ),
    size: async (name) => memberAt(name)?.size,
    read: (name, range) => readOpened(bundle, name, range),
    async open(name) {
      const member = memberAt(name);
      return (
        member && {
          size: member.size,
          stamp: [changed, BigInt(member.offset), BigInt(member.size)].map((n) => n.toString(36)).join("-"),
          read: (range) => bytesOf(member, name, range),
          close: async () => {},
        }
      );
    },
    async list(folder) {
      if (!/^(?:results(?:\/[0-9a-f]{64})?|trees|blobs|packs|logs)$/.test(folder)) throw badName(folder);
      return [...(folders.get(folder) ?? [])];
    },
    async write(name) {
      requireName(name);
      throw new Fault("store/cache-unwritable", `nothing can be added to the bundle ${path}`, {
        hint: "`kit export` writes a new one",
      });
    },
    readExtra(name) {
      const member = name.startsWith("manifest/") ? members.get(name) : undefined;
      if (member === undefined)
        throw new Fault("store/no-file", `${path} has no file ${JSON.stringify(name)}`);
      return bytesOf(member, name);
    },
    async [Symbol.asyncDispose]() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
  return bundle;
}

async function* bytesWithin(
  fd: number,
  path: string,
  name: string,
  { offset, size }: Member,
  range: Range = { offset: 0, length: size },
): AsyncGenerator<Uint8Array> {
  requireRange(range, size, `${name} of ${path}`);
  yield* piecesOf(fd, path, offset + size, { offset: offset + range.offset, length: range.length });
}

/** The names directly below each folder. */
function foldersOf(names: readonly string[]): Map<string, Set<string>> {
  const folders = new Map<string, Set<string>>();
  for (const name of names) {
    const parts = name.split("/");
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = parts.slice(0, depth).join("/");
      const below = folders.get(folder) ?? new Set();
      folders.set(folder, below.add(parts[depth] ?? ""));
    }
  }
  return folders;
}
