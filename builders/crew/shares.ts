// How a checkout's files are shared out among threads.
// Pure. Knows which files must stay together; does not know how one is placed.

import type { FileEntry } from "../../store/model/tree.ts";

/** At most so many shares, none of them empty; files of one blob are in one share, in their order. */
export function sharesOf(files: readonly FileEntry[], count: number): readonly (readonly FileEntry[])[] {
  const most = Math.min(count, Math.ceil(files.length / fewest));
  const shares = Array.from({ length: most }, (): FileEntry[] => []);
  // A digest's last digits are as good as random.
  for (const entry of files) shares[Number.parseInt(entry.blob.slice(-6), 16) % most]?.push(entry);
  return shares.filter((share) => share.length > 0);
}

/** Stretches of at most {@link mostAtOnce}, in their order: whichever thread is free takes the next. */
export function stretchesOf<T>(all: readonly T[]): readonly (readonly T[])[] {
  const count = Math.ceil(all.length / mostAtOnce);
  return Array.from({ length: count }, (_, nth) => all.slice(nth * mostAtOnce, (nth + 1) * mostAtOnce));
}

/** Files that one thread takes into the pool before another may help: 20 ms. */
export const mostAtOnce = 256;

/** Files that are not worth another thread: they are placed in 5 ms. */
const fewest = 400;
