// What pushing needs.
// Knows words only.

import type { SecretKey } from "../../store/model/key.ts";
import type { Crew, Store } from "../builder.ts";
import type { Cache } from "./cache.ts";

export interface PushMeans {
  readonly store: Store;
  readonly crew: Crew;
  readonly cache: Cache;
  /**
   * Signs what this store's owner built; without one that goes unsigned. What came out of caches goes on with the
   * signatures it came with.
   */
  readonly key?: SecretKey | undefined;
  /** Whether logs go too. */
  readonly logs: boolean;
  /** Tells people one line. */
  readonly warn: (line: string) => void;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal: AbortSignal;
}

/** Small files that are written beside each other: each waits for a disk. */
export const writesAtOnce = 16;
