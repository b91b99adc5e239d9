// The root of a lock: what it pins stays in the store as long as its file is there.
// Knows when it has to be registered; does not know what is collected.

import { existsSync, readFileSync } from "node:fs";
import { pinnedRequests } from "../../builders/lock/pinned.ts";
import { contentOf } from "../../store/model/derivation.ts";
import { digestOf } from "../../store/model/digest.ts";
import { readRoots } from "../../store/roots.ts";
import type { Parts } from "../composition.ts";
import { lockPath } from "../lockfile.ts";

/** Registers a manifest's lock, unless it is registered as it is; no store is made for it. */
export async function registerLock(manifest: string, parts: Parts): Promise<void> {
  const lock = parts.line(manifest).readLock();
  if (lock === undefined || !existsSync(parts.layout.format)) return;
  const link = lockPath(manifest);
  const requests = pinnedRequests(lock);
  // The lock as it is now: it tells what the store has for other manifests, also when the file has gone.
  const text = readFileSync(link);
  const contents = [contentOf("blob", digestOf(text))];
  const isKnown = readRoots(parts.layout).some(
    ({ root }) =>
      root.kind === "lock" &&
      root.link === link &&
      root.requests.join() === requests.join() &&
      root.contents.join() === contents.join(),
  );
  if (isKnown || requests.length === 0) return;
  const keeper = await parts.keeper();
  await keeper.putBlob(text);
  await keeper.addRoot({ kind: "lock", link, contents, requests });
}
