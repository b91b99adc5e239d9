// Several tasks at a time.
// Knows how many and what a failure means; does not know the tasks.

/** Runs so many at once; the first failure ends it, when those that run are over. */
export async function together<T>(
  count: number,
  items: readonly T[],
  task: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const failures: unknown[] = [];
  const run = async () => {
    for (let item = queue.shift(); item !== undefined && failures.length === 0; item = queue.shift()) {
      await task(item).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: count }, run));
  if (failures.length > 0) throw failures[0];
}
