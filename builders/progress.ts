// Progress that is told a hundred times, and not with every piece.
// Knows how much was told; does not know of what, nor who listens.

/** What is done of it all, and how much that is. */
export type OnProgress = (done: number, total: number) => void;

/**
 * What is told goes to another process, to be shown there or read as JSON: 0.35 ms each, and a root of 85 MB comes in
 * 1,300 pieces.
 */
export function inHundredths(tell: OnProgress): OnProgress {
  let told = 0;
  return (done, total) => {
    if (done < total && done - told < total / 100) return;
    told = done;
    tell(done, total);
  };
}
