// The store's folder, before a keeper enters it.
// Knows whose it must be and which folders may become one; does not know what is in a store.

import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { ownerlessFileSystem } from "../../store/format.ts";
import { canBecomeStore } from "../../store/layout.ts";
import { Fault } from "../../store/model/fault.ts";
import { asFault } from "../../store/trouble.ts";

/**
 * The store's folder belongs to the inner root, who fills it; nobody's folder but an empty one or a store is
 * given away.
 */
export function prepareFolder(store: string, owner: number): void {
  try {
    makeFolder(store);
    const present = readdirSync(store);
    if (!present.includes("format") && !canBecomeStore(present)) {
      throw new Fault("store/not-a-store", `${store} is neither empty nor a kit store`, {
        hint: "name an empty folder or a store: --store DIR or KIT_STORE",
      });
    }
    if (statSync(store).uid !== owner) chownSync(store, owner, owner);
  } catch (cause) {
    const known = asFault(cause);
    if (known instanceof Fault) throw known;
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    if (code === "EINVAL") {
      throw new Fault(
        "host/no-id-range",
        `the ids from ${owner} on are not this root's to give: it is one of a user namespace`,
        {
          cause,
          hint: "name a range of 65,536 ids that /proc/self/uid_map holds, as idRangeStart in kit.config.yaml, or run kit as an ordinary user",
        },
      );
    }
    if (code === "EPERM" && isOwn(store)) throw ownerlessFileSystem(cause);
    if (!["EACCES", "EPERM", "ENOTDIR", "EEXIST", "ENOENT"].includes(code)) throw cause;
    throw new Fault("store/unwritable", `the store cannot be at ${store}: ${(cause as Error).message}`, {
      cause,
      hint: "name a folder of your own: --store DIR or KIT_STORE",
    });
  }
}

/** Whether it belongs to who is asking, as far as its file system tells. */
function isOwn(folder: string): boolean {
  try {
    const made = mkdtempSync(`${folder}/new-`);
    const { uid } = statSync(made);
    rmdirSync(made);
    return uid === statSync(folder).uid;
  } catch {
    return false;
  }
}

/** With those above it. Node's own recursive way never ends below /proc, where making a folder answers ENOENT. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Another kit may have made it meanwhile.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
