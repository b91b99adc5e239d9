// A line of the benchmark's table.
// Knows its form; does not know what is measured.

import { milliseconds, type Run } from "./measure.ts";

export interface Row {
  readonly work: string;
  readonly against: string;
  /** kit's time over the peer's; absent where the peer is not installed. */
  readonly ratio?: number;
  readonly atMost: number;
  readonly detail: string;
}

/** The row of what was measured in turn; without a peer there is no ratio. */
export function compared(
  work: string,
  against: string,
  atMost: number,
  { ours, theirs }: { readonly ours: Run; readonly theirs: Run | undefined },
): Row {
  const detail = theirs ? `${milliseconds(ours)} against ${milliseconds(theirs)}` : milliseconds(ours);
  return { work, against, atMost, detail, ...(theirs && { ratio: ours.wall / theirs.wall }) };
}
