// dpkg's queue: the order in which `dpkg --configure -a` configures what lies unpacked.
// Pure: knows dpkg's hash of names and its patience; does not know what configuring is.

import { parseRelations } from "../../evaluator/deb/relation.ts";
import type { Owner } from "./merge.ts";
import { openOffers } from "./offers.ts";

/**
 * Packages as one run over all of them would configure them, after those that are configured `before`. A root made
 * in layers configures them in several runs; where order shows (of two alternatives of one priority the first one
 * stays) it has to be that of one.
 *
 * Source: dpkg 1.21 and 1.22: packages are queued as they lie in the hash table of names (FNV-1a, 65,521 bins), and
 * one whose dependencies are not configured yet goes to the queue's end. Where none can go on, in a circle, dpkg
 * looks for the best place to break it; here it is the first. Compared with mmdebstrap's log of bookworm.
 */
export function queueOrder<P extends Owner>(packages: readonly P[], before: readonly P[]): P[] {
  const offers = openOffers([...packages, ...before]);
  const groups = new Map(
    packages.map((item) => [
      item,
      ["Pre-Depends", "Depends"]
        .flatMap((field) => parseRelations(item.stanza[field] ?? ""))
        .map((alternatives) => alternatives.flatMap(offers))
        .filter((candidates) => candidates.length > 0),
    ]),
  );
  const done = new Set<P>(before);
  const isReady = (item: P) =>
    groups.get(item)?.every((candidates) => candidates.some((other) => done.has(other))) ?? true;
  const ordered: P[] = [];
  let queue = [...packages].sort((a, b) => binOf(a.name) - binOf(b.name));
  while (queue.length > 0) {
    const deferred: P[] = [];
    for (const item of queue) {
      if (!isReady(item)) {
        deferred.push(item);
        continue;
      }
      done.add(item);
      ordered.push(item);
    }
    if (deferred.length === queue.length) {
      const stuck = deferred.shift() as P;
      done.add(stuck);
      ordered.push(stuck);
    }
    queue = deferred;
  }
  return ordered;
}

/** FNV-1a, 32 bits, of a name's bytes. */
function binOf(name: string): number {
  let hash = 2_166_136_261;
  for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 16_777_619) >>> 0;
  return hash % 65_521;
}
