// What a bundle says it holds: its headers, all of them checked before anything is believed.
// Knows the form of a bundle, a tar archive of plain files; does not know what the files hold.

import { read } from "node:fs";
import { promisify } from "node:util";
import { infoName } from "../../store/cache/info.ts";
import { isCacheName } from "../../store/cache/names.ts";
import { asCacheFault } from "../../store/cache/trouble.ts";
import { Fault, faultsOf } from "../../store/model/fault.ts";
import { parsePax } from "../archive/pax.ts";
import { blockSize, isZero, readHeader, type TarHeader } from "../archive/tarheader.ts";

/** Where a file's bytes are, and how many. */
export interface Member {
  readonly offset: number;
  readonly size: number;
  readonly executable: boolean;
}

/** More names than any bundle has; each takes about 300 bytes of memory. */
const mostMembers = 1_000_000;
const longestPath = 1024;

/**
 * The members by name, in order. The bundle is open as `fd` and has `size` bytes.
 *
 * @throws {Fault} `digest/bad-bundle` where it is cut off, holds anything but plain files of known names, or holds
 * them in another order than by their bytes after `kit-cache-info`
 */
export async function readMembers(fd: number, path: string, size: number): Promise<Map<string, Member>> {
  try {
    return await scan(windowOf(fd, path, size), path);
  } catch (error) {
    const [fault] = faultsOf(error);
    throw fault?.code === "digest/bad-tar" ? badBundle(path, fault.message, fault) : error;
  }
}

export function badBundle(path: string, why: string, cause?: unknown): Fault {
  return new Fault("digest/bad-bundle", `${path} is no sound bundle: ${why}`, {
    cause,
    hint: "copy it once more from where it was made, and compare their sizes",
  });
}

/** @throws {Fault} `digest/bad-name` */
export function requireExtraPath(path: string): void {
  if (isExtraPath(path)) return;
  throw new Fault(
    "digest/bad-name",
    `not a path that a bundle can hold: ${JSON.stringify(path.slice(0, 200))}`,
  );
}

export function isExtraPath(path: string): boolean {
  const [folder, ...parts] = path.split("/");
  const fits = (part: string) =>
    part !== "" && part !== "." && part !== ".." && Buffer.byteLength(part) <= 255 && part.isWellFormed();
  return (
    folder === "manifest" &&
    parts.length > 0 &&
    parts.every(fits) &&
    Buffer.byteLength(path) <= longestPath &&
    // The last one stands for what was no UTF-8.
    !/[\0-\x1f\x7f\ufffd]/.test(path)
  );
}

interface Window {
  readonly size: number;
  /** A view that holds until the next is asked for. */
  at(offset: number, length: number): Promise<Buffer>;
}

async function scan(window: Window, path: string): Promise<Map<string, Member>> {
  const members = new Map<string, Member>();
  let last: Buffer | undefined;
  for (let at = 0; ; ) {
    const found = await memberAt(window, path, at);
    if (found === undefined) {
      if (members.size === 0) throw badBundle(path, "it is empty");
      return members;
    }
    const { name, member, end } = found;
    if (members.size === 0 && name !== infoName) throw badBundle(path, `it does not begin with ${infoName}`);
    const bytes = Buffer.from(name);
    if (members.size > 1 && last !== undefined && Buffer.compare(last, bytes) >= 0)
      throw badBundle(path, `${JSON.stringify(name)} stands out of order`);
    if (members.has(name) || isBelowFile(name, members))
      throw badBundle(path, `two files are in the way at ${name}`);
    if (members.size === mostMembers) throw badBundle(path, `it holds more than ${mostMembers} files`);
    members.set(name, member);
    last = bytes;
    at = end;
  }
}

/** The member whose headers begin at `at`; undefined where the archive ends as it should. */
async function memberAt(
  window: Window,
  path: string,
  at: number,
): Promise<{ name: string; member: Member; end: number } | undefined> {
  const first = await headerAt(window, at);
  if (first === undefined) {
    if (!isZero(await window.at(at, 2 * blockSize), 0, 2 * blockSize) || at + 2 * blockSize !== window.size)
      throw badBundle(path, "it does not end where its files do");
    return undefined;
  }
  const long = first.flag === "x" ? await longName(window, path, at + blockSize, first.size) : undefined;
  const header = long === undefined ? first : await headerAt(window, long.end);
  const offset = (long?.end ?? at) + blockSize;
  const name = long?.name ?? header?.name ?? "";
  if (header?.flag !== "0" || header.linkName !== "")
    throw badBundle(path, `${JSON.stringify(name.slice(0, 200))} is no plain file`);
  if (!isCacheName(name) && !isExtraPath(name))
    throw badBundle(path, `${JSON.stringify(name.slice(0, 200))} is no name of a cache's file`);
  const end = offset + Math.ceil(header.size / blockSize) * blockSize;
  if (end > window.size) throw badBundle(path, `it is cut off within ${name}`);
  return { name, member: { offset, size: header.size, executable: (header.mode & 0o100) !== 0 }, end };
}

async function headerAt(window: Window, at: number): Promise<TarHeader | undefined> {
  return readHeader(await window.at(at, blockSize), 0);
}

/** The name that a pax header has for the file after it, and where that one's header begins. */
async function longName(
  window: Window,
  path: string,
  at: number,
  size: number,
): Promise<{ name: string; end: number }> {
  if (size > 4 * longestPath) throw badBundle(path, "it has an extended header that is too long");
  const records = parsePax(await window.at(at, size));
  const name = records.get("path");
  if (name === undefined || records.size !== 1)
    throw badBundle(path, "it has an extended header of more than a name");
  return { name: name.toString("utf8"), end: at + Math.ceil(size / blockSize) * blockSize };
}

/** Whether a folder that the file lies in is a file itself. Names of caches cannot be so. */
function isBelowFile(name: string, members: ReadonlyMap<string, Member>): boolean {
  if (!name.startsWith("manifest/")) return false;
  for (let slash = name.lastIndexOf("/"); slash > 0; slash = name.lastIndexOf("/", slash - 1))
    if (members.has(name.slice(0, slash))) return true;
  return false;
}

const readAsync = promisify(read);
/** Headers of small files are read together: 64 KiB hold about sixty. */
const windowSize = 64 * 1024;

function windowOf(fd: number, path: string, size: number): Window {
  const buffer = Buffer.allocUnsafeSlow(windowSize);
  let [start, end] = [0, 0];
  const fill = async (from: number): Promise<void> => {
    start = end = from;
    while (end < Math.min(size, start + windowSize)) {
      const { bytesRead } = await readAsync(fd, buffer, end - start, windowSize - (end - start), end);
      if (bytesRead === 0) return;
      end += bytesRead;
    }
  };
  return {
    size,
    async at(offset, length) {
      try {
        if (offset < start || offset + length > end) await fill(offset);
      } catch (error) {
        throw asCacheFault(error, path, "read");
      }
      if (offset + length > end) throw badBundle(path, "it is cut off");
      return buffer.subarray(offset - start, offset - start + length);
    },
  };
}
