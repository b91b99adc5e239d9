// What a store's file system can fail with, told as faults.
// Knows the system's codes and how much room is left; does not know what was being done.

import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { Fault } from "./model/fault.ts";

/**
 * A full disk, one that may not be written, limits of the process, and a path that is too long are told as such wherever they
 * are met; all else stays as it is.
 */
export function asFault(error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException | undefined)?.code) {
    case "ENOSPC":
    case "EDQUOT":
      return fullStore(error);
    case "EROFS":
      return new Fault("store/unwritable", "the store's file system is mounted read-only", {
        cause: error,
        hint: "mount it to be written, or name another folder: --store DIR or KIT_STORE",
      });
    case "EMFILE":
      return new Fault("host/open-files", "kit may not have as many files open as it takes", {
        cause: error,
        hint: "raise the limit it is run with: ulimit -n 4096",
      });
    case "EFBIG":
      return new Fault("host/file-size", "a file would be larger than kit may write", {
        cause: error,
        hint: "raise the limit it is run with: ulimit -f unlimited",
      });
    case "ENAMETOOLONG":
      return new Fault("build/long-path", "a path, or a name in it, is longer than a file system takes", {
        cause: error,
        hint: "a name may have 255 bytes, a path 4,095 with the folder it lies in",
      });
    default:
      return error;
  }
}

/**
 * What a build failed with, where there is no room now: a command on a full file system fails in words of its own,
 * which become the details.
 */
export function fullFault(fault: Fault, store: string): Fault {
  if ((fault.code !== "build/failed" && fault.code !== "build/no-room") || hasRoom(store)) return fault;
  const { code, message, hint = "" } = fullStore(fault, store);
  return new Fault(code, message, { hint, cause: fault, details: [fault.message, ...fault.details] });
}

/** Bytes that nothing useful fits into. */
const noRoom = 1 << 20;

function hasRoom(store: string): boolean {
  const { bavail, bsize } = statfsSync(store);
  return bavail * bsize > noRoom && !isOutOfInodes(store);
}

/** @param folder on the file system, where it is known */
function fullStore(cause: unknown, folder = folderOf(cause)): Fault {
  const isOut = folder !== undefined && isOutOfInodes(folder);
  const what = isOut ? "has no inode left for one more file" : "is full";
  return new Fault("store/full", `the store's file system ${what}`, {
    cause,
    hint: "make room, or run `kit gc`, then repeat the command: what was finished is kept",
  });
}

function folderOf(cause: unknown): string | undefined {
  const { path } = cause as { readonly path?: unknown };
  return typeof path === "string" ? dirname(path) : undefined;
}

/** Some file systems have as many as there is room for, and tell none. */
function isOutOfInodes(folder: string): boolean {
  try {
    const { files, ffree } = statfsSync(folder);
    return files > 0 && ffree === 0;
  } catch {
    return false;
  }
}
