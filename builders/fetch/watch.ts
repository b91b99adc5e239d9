// Watching over a host: one request that brings nothing is ended, and a host that is silent too often is told of.
// Knows deadlines and what came; does not know requests.

/** Bytes that count as a step forward. */
export const leastProgress = 1 << 16;

/** Ends one request that brings nothing. */
export interface Watch extends Disposable {
  readonly signal: AbortSignal;
  isOver(): boolean;
  /** So many bytes came, or went. */
  came(bytes: number): void;
  /** An answer is there, or begins. */
  answered(): void;
  /** So many bytes are on their way out: what they take at 64 KiB a deadline is added, once. */
  await(bytes: number): void;
  /** The caller has what came: until `resume`, when the next piece has all of its time, nothing is waited for. */
  pause(): void;
  resume(): void;
}

/** `deadline` milliseconds are there for each 64 KiB, and for what is less. */
export function openWatch(deadline: number, patience: Patience, outer: readonly AbortSignal[]): Watch {
  const control = new AbortController();
  const abort = () => control.abort();
  for (const signal of outer) signal.addEventListener("abort", abort);
  if (outer.some(({ aborted }) => aborted)) abort();
  let [over, waits, bytes] = [false, true, 0];
  const end = () => {
    over = true;
    abort();
  };
  let timer = setTimeout(end, deadline);
  patience.begin();
  const pause = () => {
    if (waits) patience.end();
    waits = false;
    clearTimeout(timer);
  };
  return {
    signal: control.signal,
    isOver: () => over,
    came(count) {
      patience.came(count);
      bytes += count;
      if (bytes < leastProgress || !waits) return;
      bytes = 0;
      timer.refresh();
    },
    answered: () => patience.came(0),
    await(count) {
      if (!waits) return;
      clearTimeout(timer);
      timer = setTimeout(end, deadline * (1 + count / leastProgress));
    },
    pause,
    resume() {
      if (waits) return;
      waits = true;
      bytes = 0;
      timer = setTimeout(end, deadline);
      patience.begin();
    },
    [Symbol.dispose]() {
      pause();
      for (const signal of outer) signal.removeEventListener("abort", abort);
    },
  };
}

/** Counts how long a host is silent while it is asked for something. */
export interface Patience {
  begin(): void;
  end(): void;
  /** It answered, or so many bytes of an answer came. */
  came(bytes: number): void;
}

/** Of who gives up no host for its silence. */
export const endlessPatience: Patience = { begin() {}, end() {}, came() {} };

/** Parts of the deadline in which silence is measured: an answer within one of them is none. */
const parts = 10;
/** Bytes that make up for a part. */
const worthAPart = 1 << 20;

/**
 * Calls `onOver` when the parts of a deadline in which nothing came add up to more than all of it: each request may be
 * answered in time, and the run still wait for ever. What a host brings makes up for its silence.
 */
export function openPatience(deadline: number, onOver: () => void): Patience {
  let [asked, silent, fresh, brought] = [0, 0, 0, 0];
  let timer: NodeJS.Timeout | undefined;
  const tick = () => {
    if (fresh < leastProgress) silent++;
    fresh = 0;
    if (silent > parts) onOver();
  };
  return {
    begin() {
      if (asked++ > 0) return;
      fresh = 0;
      timer = setInterval(tick, deadline / parts);
    },
    end() {
      if (--asked === 0) clearInterval(timer);
    },
    came(bytes) {
      // An answer, however short, is a step forward.
      fresh += bytes === 0 ? leastProgress : bytes;
      brought += bytes;
      for (; brought >= worthAPart; brought -= worthAPart) silent = Math.max(0, silent - 1);
    },
  };
}
