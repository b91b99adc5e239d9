// Tasks under way at once, none of which outlives the first failure.
// Knows when to stop them; does not know what they do.

/** What `task` gives for each, in order; at the first failure the rest is stopped, and has ended when it is thrown. */
export async function together<T, R>(
  signal: AbortSignal | undefined,
  items: readonly T[],
  task: (item: T, signal: AbortSignal) => Promise<R>,
): Promise<R[]> {
  const stop = new AbortController();
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  const running = items.map((item) => task(item, either));
  try {
    return await Promise.all(running);
  } catch (error) {
    stop.abort(error);
    await Promise.allSettled(running);
    throw error;
  }
}
