// Complaints: what people are told of caches that do not do as they should.
// Knows whose fault an error is; does not know what was asked for.

import { Fault } from "../../store/model/fault.ts";
import { HostTrouble } from "../fetch/host.ts";
import type { Cache } from "./cache.ts";

/** A cache names what it does not hold. */
export class Lacking extends Error {}

/** What a cache gives has no room here; how large it is, only the cache says. */
export class Unfit extends Error {}

/** Tells people what is wrong with a cache, and counts it. @throws the error itself, where that is no cache's fault */
export type Complain = (cache: Cache, error: unknown) => void;

/** What one cache does wrong is told once a run; and once more when it is left out. Own caches' trouble is told there. */
export function openComplaints(warn: (line: string) => void): Complain {
  const told = new Set<Cache>();
  return (cache, error) => {
    if (error instanceof Unfit || (error instanceof Fault && error.class === "digest"))
      cache.host.blame(error.message);
    else if (!(error instanceof HostTrouble || error instanceof Lacking)) throw error;
    if (cache.host.lost !== undefined || told.has(cache)) return;
    if (error instanceof HostTrouble && cache.isToldThere(error.status)) return;
    told.add(cache);
    warn(`the cache ${cache.host.name}: ${(error as Error).message}`);
  };
}
