// What a disk can refuse a cache, told as faults.
// Knows the system's codes; does not know what was being done, but whether it was read or written.

import { statSync } from "node:fs";
import { Fault } from "../model/fault.ts";

/** `place` is what people know the cache's folder or file by. What is a fault already stays as it is. */
export function asCacheFault(error: unknown, place: string, how: "read" | "written"): unknown {
  if (error instanceof Fault) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new Fault("store/cache-full", `there is no room for more at ${place}`, {
        cause: error,
        hint: "make room, then repeat the command: what is there already is not written again",
      });
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new Fault(
        how === "read" ? "store/cache-unreadable" : "store/cache-unwritable",
        `${place} cannot be ${how}: ${code === "EROFS" ? "its file system is mounted read-only" : "permission is denied"}`,
        { cause: error, hint: "look at its owner and mode, or run the command as who may" },
      );
    default:
      return new Fault("store/cache-failed", `${place} cannot be ${how}: ${message}`, { cause: error });
  }
}

/** What lies at the name of a cache's file or folder is neither; or the cache itself is no folder. */
export function damagedCache(place: string, name: string): Fault {
  if (statSync(place, { throwIfNoEntry: false })?.isDirectory() === false)
    return new Fault("store/not-a-cache", `${place} is no cache: it is no folder`);
  return new Fault("store/cache-damaged", `the cache ${place} has no plain file or folder at ${name}`, {
    hint: "links within a cache are not followed: look who put it there, and remove it",
  });
}
