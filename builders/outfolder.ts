// A folder that a person has named for a result: filled when all of it is there, and what a disk says against it.
// Knows folders that are empty, and the words for what goes wrong; does not know what is in them.

import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "../store/model/fault.ts";

export function isEmptyFolder(place: string): boolean {
  return existsSync(place) && readdirSync(place).length === 0;
}

/**
 * Moves what was written into `fresh`, a folder in `place`, up into it: an empty folder stays the one it is, as somebody
 * may be in it, it may be a mount, and its parent somebody else's. `last` leads to all the rest, and comes last.
 */
export function moveUp(fresh: string, place: string, last: string): void {
  const moved: string[] = [];
  try {
    const isLast = (name: string) => Number(name === last);
    for (const name of readdirSync(fresh).sort((a, b) => isLast(a) - isLast(b))) {
      moved.push(join(place, name));
      renameSync(join(fresh, name), join(place, name));
    }
    rmdirSync(fresh);
  } catch (error) {
    for (const path of moved) rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

/** @param what `report`: what was to be written into the folder */
export function asFolderFault(error: unknown, folder: string, what: string): unknown {
  if (error instanceof Fault) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return new Fault("host/full", `there is no room for the ${what} at ${folder}`, {
        cause: error,
        hint: "make room, or name a folder on another disk with -o: nothing was written",
      });
    case undefined:
      // No file system's complaint, but a defect.
      return error;
    case "EBUSY":
      return new Fault("usage/unwritable", `${folder} cannot be replaced: something is mounted on it`, {
        cause: error,
        hint: `name a folder in it: -o ${join(folder, what)}`,
      });
    default:
      return new Fault("usage/unwritable", `the ${what} cannot be written to ${folder}: ${message}`, {
        cause: error,
        hint: "name a folder that can be written with -o; what is beside it is used too",
      });
  }
}
