// Pieces: chunks that large blobs share are fetched for the first of them, and read out of it for the others.
// Knows which blobs came, or are on their way, and what they are made of; does not know where they come from.

import { closeSync, openSync, readSync } from "node:fs";
import type { BlobPlace } from "../../store/cache/map.ts";
import type { Layout } from "../../store/layout.ts";
import { type Digest, digestOf } from "../../store/model/digest.ts";
import { findMember } from "../../store/pool.ts";

/** What chunks of the store's blobs hold; undefined of those that are in none. */
export type FindChunk = (digest: Digest) => Buffer | undefined;

export interface Pieces {
  /** Brings a blob, after those on their way that it shares chunks with; `bring` tells whether it came. */
  take(place: BlobPlace, bring: (find: FindChunk) => Promise<boolean>): Promise<boolean>;
}

interface Piece {
  readonly blob: Digest;
  readonly at: number;
  readonly size: number;
  /** Fulfilled when the blob came, or did not. */
  readonly over: Promise<void>;
}

export function openPieces(layout: Layout): Pieces {
  const pieces = new Map<Digest, Piece>();
  return {
    async take(place, bring) {
      const { promise: over, resolve } = Promise.withResolvers<void>();
      const before = new Set(place.frames.flatMap(({ digest }) => pieces.get(digest)?.over ?? []));
      // Noted before it waits: of two that share chunks one waits for the other, and never each for each.
      let at = 0;
      for (const { digest, size } of place.frames) {
        if (!pieces.has(digest)) pieces.set(digest, { blob: place.blob, at, size, over });
        at += size;
      }
      let came = false;
      try {
        await Promise.all(before);
        came = await bring((digest) => readPiece(pieces.get(digest), digest, layout));
        return came;
      } finally {
        if (!came)
          for (const { digest } of place.frames) if (pieces.get(digest)?.over === over) pieces.delete(digest);
        resolve();
      }
    },
  };
}

/** Checked: the blob may have been collected or damaged since, or be the one that is just coming. */
function readPiece(piece: Piece | undefined, digest: Digest, layout: Layout): Buffer | undefined {
  if (piece === undefined) return undefined;
  const member = findMember(layout, piece.blob);
  if (member === undefined) return undefined;
  const bytes = Buffer.alloc(piece.size);
  const fd = openSync(member, "r");
  try {
    readSync(fd, bytes, 0, piece.size, piece.at);
  } finally {
    closeSync(fd);
  }
  return digestOf(bytes) === digest ? bytes : undefined;
}
