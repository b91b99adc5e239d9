// The lock file beside a manifest.
// Knows where it lies and how it is read and written; does not know what stands in it.

import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { LineMeans } from "../builders/realizer/linemeans.ts";
import { formatLock, type Lock, parseLock } from "../evaluator/lock.ts";
import { Fault } from "../store/model/fault.ts";

/** Where a manifest's lock lies: beside it, `.yaml` replaced by `.lock`. */
export function lockPath(manifest: string): string {
  return `${manifest.replace(/\.ya?ml$/, "")}.lock`;
}

/** @throws {Fault} `unresolved/bad-lock`, `unresolved/newer-lock` */
export function readLockFile(path: string): Lock {
  if (!statSync(path).isFile())
    throw new Fault("unresolved/bad-lock", `the lock ${path} is no file`, {
      hint: "move away what is there, then run `kit lock`",
    });
  return parseLock(readFileSync(path, "utf8"), path);
}

/** Writing may throw {@link Fault} `host/full`, `manifest/unwritable`; the lock is as it was then. */
export function lockFile(manifest: string): Pick<LineMeans, "readLock" | "writeLock"> {
  const path = lockPath(manifest);
  return {
    readLock: () => (existsSync(path) ? readLockFile(path) : undefined),
    writeLock(lock) {
      try {
        writeFileSync(`${path}.new`, formatLock(lock));
        renameSync(`${path}.new`, path);
      } catch (cause) {
        rmSync(`${path}.new`, { force: true });
        const { code = "" } = cause as NodeJS.ErrnoException;
        if (["ENOSPC", "EDQUOT"].includes(code))
          throw new Fault("host/full", `there is no room for the lock at ${path}`, {
            cause,
            hint: "make room on its disk: the lock is as it was",
          });
        throw new Fault("manifest/unwritable", `the lock cannot be written: ${(cause as Error).message}`, {
          cause,
          hint: "locks lie beside their manifests: copy the manifests to a folder of your own, or lock them where they can be written",
        });
      }
    },
  };
}
