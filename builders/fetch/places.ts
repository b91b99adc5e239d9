// Places: how many do something at once; who comes later waits for a place.
// Knows numbers and order; does not know what is done.

export interface Places {
  /** Waits for a place; what is returned gives it back. */
  take(): Promise<AsyncDisposable>;
}

export function openPlaces(count: number): Places {
  let free = count;
  const waiting: (() => void)[] = [];
  const give = async () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return {
    async take() {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return { [Symbol.asyncDispose]: give };
    },
  };
}
