// Caches as they are configured, and whose word counts.
// Knows settings; does not know how caches are asked.

import type { PublicKey } from "../../store/model/key.ts";

/** Plain data: the kit process sends it to its keeper. */
export interface CacheSettings {
  /** In the order they are asked in. */
  readonly places: readonly CachePlace[];
  /** Whose signatures count, and of how many keys a statement needs one. */
  readonly trusted: readonly PublicKey[];
  readonly required: number;
  /** Whether a statement counts too that nobody trusted signed, and nothing else contradicts; false. */
  readonly unsigned?: boolean;
  /** Milliseconds that a cache has for an answer. */
  readonly deadline: number;
}

export interface CachePlace {
  readonly url: string;
  /** The name that it listens at on this machine, where kit itself serves it: no proxy leads there. */
  readonly socket?: string;
  /** For people: as it was configured, without a password. */
  readonly name: string;
  readonly token?: string;
  /** Lower is asked first; what the cache says of itself where it is absent. */
  readonly priority?: number;
}

export const noCaches: CacheSettings = { places: [], trusted: [], required: 1, deadline: 10_000 };
