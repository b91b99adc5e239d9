// Plans: which ranges of which packs to ask for.
// Pure. Knows frames and their places; does not know how ranges are fetched, nor what the store holds.

import type { Digest } from "../model/digest.ts";
import type { Located, PackName } from "./map.ts";

/** Bytes of a pack to be fetched at once, and the frames in them. */
export interface Range {
  readonly pack: PackName;
  readonly offset: number;
  readonly length: number;
  /** In the order of the pack; they do not overlap, and between them may be bytes that nobody wants. */
  readonly frames: readonly Located[];
}

export interface RangeOptions {
  /** Bytes that may be fetched in vain between two frames, to save a request. Default 1 KiB. */
  readonly gap?: number;
  /** Bytes of a range, at most; a frame that is larger is a range by itself. Default 8 MiB. */
  readonly most?: number;
}

/** The ranges that hold all these frames, pack by pack; content that is named twice is fetched once. */
export function planRanges(wanted: Iterable<Located>, options: RangeOptions = {}): Range[] {
  const { gap = 1 << 10, most = 8 << 20 } = options;
  const frames = new Map<Digest, Located>();
  for (const frame of wanted) if (!frames.has(frame.digest)) frames.set(frame.digest, frame);
  const byPack = Map.groupBy(frames.values(), ({ pack }) => pack.digest);
  return [...byPack.values()].flatMap((group) =>
    coalesce(
      group.sort((a, b) => a.offset - b.offset),
      gap,
      most,
    ),
  );
}

// Where two frames overlap somebody lies, and which one the digests will tell: each gets its own bytes.
function coalesce(sorted: readonly Located[], gap: number, most: number): Range[] {
  const groups: Located[][] = [];
  for (const frame of sorted) {
    const group = groups.at(-1);
    const first = group?.[0];
    const end = endOf(group?.at(-1));
    const joins =
      first !== undefined &&
      frame.offset >= end &&
      frame.offset - end <= gap &&
      endOf(frame) - first.offset <= most;
    if (joins) group?.push(frame);
    else groups.push([frame]);
  }
  return groups.map((group) => {
    const { pack, offset } = group[0] as Located;
    return { pack, offset, length: endOf(group.at(-1)) - offset, frames: group };
  });
}

function endOf(frame: Located | undefined): number {
  return frame === undefined ? 0 : frame.offset + frame.length;
}
