// Committing: statements become visible on disk only after everything they name is flushed.
// Knows batches and order; does not know what was built.

import type { History } from "./history.ts";
import type { Origin, Result } from "./model/derivation.ts";
import type { Digest } from "./model/digest.ts";
import type { RecordWriter } from "./records.ts";
import type { Session } from "./session.ts";

export interface Committer {
  /** A result of this session, or a sound one on disk. */
  find(request: Digest): Result | undefined;
  /**
   * Takes a result: this session can use it at once, the disk gets it with the next batch. Returns what is
   * recorded (an earlier statement wins) and a promise of the moment it is durable.
   */
  add(result: Result, origin: Origin): { result: Result; durable: Promise<void> };
  /** Writes what waits; fulfilled when it is durable. */
  flush(): Promise<void>;
}

/** One flush serves a batch: a chain of 1,000 small results takes one a second instead of 1,000. */
export function openCommitter(
  session: Session,
  records: RecordWriter,
  history: Pick<History, "add">,
  intervalMs = 1000,
): Committer {
  let pending: { result: Result; origin: Origin; settle: PromiseWithResolvers<void> }[] = [];
  const fresh = new Map<Digest, Result>();
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const writeBatch = async () => {
    const batch = pending;
    if (batch.length === 0) return;
    pending = [];
    try {
      await session.flush();
      history.add(batch.map(({ result: { request }, origin: { note } }) => ({ request, note })));
      for (const { result, origin, settle } of batch) {
        records.writeResult(result, origin);
        settle.resolve();
      }
    } catch (error) {
      for (const { settle } of batch) settle.reject(error);
      throw error;
    }
  };
  const flush = () => {
    clearTimeout(timer);
    timer = undefined;
    // One after the other: a later batch may name what an earlier one is still writing.
    writing = writing.then(writeBatch);
    return writing;
  };
  /** What this session made may have been found damaged since. */
  const find = (request: Digest): Result | undefined => {
    const made = fresh.get(request);
    const contents = made === undefined ? [] : [...Object.values(made.outputs), ...made.references];
    return made !== undefined && contents.every(records.has) ? made : records.sound(request);
  };
  return {
    find,
    add(result, origin) {
      const known = find(result.request);
      if (known !== undefined) return { result: known, durable: Promise.resolve() };
      fresh.set(result.request, result);
      const settle = Promise.withResolvers<void>();
      pending.push({ result, origin, settle });
      timer ??= setTimeout(() => void flush().catch(() => {}), intervalMs);
      return { result, durable: settle.promise };
    },
    flush,
  };
}
