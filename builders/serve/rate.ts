// A rate that many transfers share.
// Knows bytes and time; does not know who sends them.

export interface Rate {
  /** Resolves when so many bytes more may pass, in the order of the calls; at once, mostly. Never rejects. */
  take(bytes: number, signal: AbortSignal): Promise<void>;
}

export interface RateOptions {
  readonly bytesPerSecond: number;
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number;
}

/** What was not used is made up for within this many milliseconds. */
const burst = 250;

/**
 * Bytes are let through on credit: who takes them waits until those before have been paid for, so that a piece larger
 * than what a second allows passes too.
 */
export function openRate({ bytesPerSecond, now }: RateOptions): Rate {
  // When everything that was let through is paid for.
  let paid = now();
  return {
    async take(bytes, signal) {
      const start = now();
      paid = Math.max(paid, start - burst);
      const delay = paid - start;
      paid += (bytes / bytesPerSecond) * 1000;
      if (delay > 0 && !signal.aborted) await waitFor(delay, signal);
    },
  };
}

function waitFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
  });
}
