// How bytes and answers flow: gathered into larger pieces, and several asked for at once.
// Knows order and how much is under way; does not know what flows.

/** The same bytes in pieces of at least so many, but for the last. What is handed on costs a call each. */
export async function* gathered(bytes: AsyncIterable<Uint8Array>, least: number): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes) {
    pieces.push(piece);
    size += piece.length;
    if (size < least) continue;
    yield pieces.length === 1 ? piece : Buffer.concat(pieces);
    pieces = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(pieces);
}

/**
 * The works' results in the order of the items, `width` of them under way at once. Ends when no work is under way any
 * more, also where it ends early: what the works use may then be closed.
 */
export async function* inOrder<T, R>(
  items: Iterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const waiting: Promise<R>[] = [];
  try {
    for (const item of items) {
      const result = work(item);
      // It may fail while nobody waits for it yet.
      result.catch(() => {});
      waiting.push(result);
      const first = waiting.length < width ? undefined : waiting[0];
      if (first === undefined) continue;
      yield await first;
      waiting.shift();
    }
    for (const result of waiting) yield await result;
  } finally {
    await Promise.allSettled(waiting);
  }
}
