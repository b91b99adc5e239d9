// The lock of a request: one process at a time builds it.
// Knows the lock's file and how it is given back; does not know what is built.

import { closeSync, fstatSync, openSync, rmSync, statSync } from "node:fs";
import type { Digest } from "../../store/model/digest.ts";
import type { Store } from "../builder.ts";
import { takeTurn, type Waiting } from "./turn.ts";

/** Waits for whoever builds the same request, in this process or another. @throws {Fault} `interrupted/waiting` */
export async function lockRequest(
  { layout, system }: Store,
  request: Digest,
  waiting: Waiting,
): Promise<() => void> {
  const file = layout.lock(request);
  return await takeTurn(() => {
    const fd = openSync(file, "a", 0o644);
    // The holder removes the file before it lets go, so a lock on a file that is gone is worth nothing.
    if (system.tryLock(fd, "exclusive") && isSameFile(fd, file)) {
      return () => {
        rmSync(file, { force: true });
        closeSync(fd);
      };
    }
    closeSync(fd);
    return undefined;
  }, waiting);
}

function isSameFile(fd: number, file: string): boolean {
  return fstatSync(fd).ino === statSync(file, { throwIfNoEntry: false })?.ino;
}
