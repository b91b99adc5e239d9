// Package lists that were looked at a while ago: which they were, so that nobody has to be asked again at once.
// Knows what is remembered and for how long it counts; does not know where, nor what stands in a list.

import * as z from "zod/mini";
import { type Digest, isDigest, isSha256, type Sha256 } from "../../store/model/digest.ts";
import { compressions } from "../archive/stream.ts";
import type { CompactIndex } from "../repository/indexes.ts";

/** Keeps texts between runs, and may lose any at any time. */
export interface Memory {
  recall(key: string): unknown;
  remember(key: string, value: unknown): void;
}

export interface RememberedParts {
  readonly memory: Memory;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** For how many milliseconds a list counts as the present one; 0: not at all. */
  readonly age: number;
  readonly isThere: (compact: Digest) => boolean;
}

type FetchIndexes<Q> = (question: Q) => Promise<readonly CompactIndex[]>;

/**
 * Asks only where what is remembered of the same question is too old, or no more in the store. What was asked is
 * remembered. That a list was signed was checked when it came.
 */
export function remembering<Q>(
  fetch: FetchIndexes<Q>,
  { memory, now, age, isThere }: RememberedParts,
): FetchIndexes<Q> {
  return async (question) => {
    const key = JSON.stringify(question, (_, value: unknown) => (value instanceof Map ? [...value] : value));
    const known = age > 0 ? parseRemembered(memory.recall(key)) : undefined;
    const passed = now() - (known?.at ?? 0);
    const counts = passed >= 0 && passed < age;
    if (known && counts && known.indexes.every(({ compact }) => isThere(compact))) return known.indexes;
    const at = now();
    const indexes = await fetch(question);
    memory.remember(key, { at, indexes });
    return indexes;
  };
}

interface Remembered {
  readonly at: number;
  readonly indexes: readonly CompactIndex[];
}

/** Undefined where it is nothing that this kit wrote: another one may have. */
function parseRemembered(value: unknown): Remembered | undefined {
  const { success, data } = z.safeParse(shape, value);
  return success ? { ...data, indexes: data.indexes.map(withoutUndefined) } : undefined;
}

function withoutUndefined({ plainSize, ...index }: z.output<typeof shape>["indexes"][number]): CompactIndex {
  return { ...index, ...(plainSize !== undefined && { plainSize }) };
}

const digest = z.custom<Digest>((value) => typeof value === "string" && isDigest(value));
const sha256 = z.custom<Sha256>((value) => typeof value === "string" && isSha256(value));
const shape = z.object({
  at: z.number(),
  indexes: z.array(
    z.object({
      repository: z.string(),
      suite: z.string(),
      component: z.string(),
      architecture: z.string(),
      release: z.object({ sha256, date: z.number() }),
      packages: z.object({ sha256: z.string(), size: z.number(), path: z.string() }),
      compression: z.enum(compressions),
      plainSize: z.optional(z.number()),
      blob: digest,
      compact: digest,
    }),
  ),
});
