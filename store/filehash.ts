// Hashing files, one after the other.
// Knows how a file's bytes are read; does not know what files are hashed for.

import { closeSync, constants, lstatSync, openSync, readSync } from "node:fs";
import { type Digest, digestOf, hasher } from "./model/digest.ts";

export interface HashedFile {
  readonly digest: Digest;
  readonly size: number;
}

/** The digest of a file's bytes; a link is not followed. */
export function hashFile(file: string): HashedFile {
  const { size } = lstatSync(file);
  return openFileHash(Math.min(size + 1, most))(file, size);
}

/** The same for many files, with one buffer; `size` is what a file is known to have. */
export function openFileHash(room = most): (file: string, size: number) => HashedFile {
  const buffer = Buffer.allocUnsafe(room);
  return (file, expected) => {
    const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      let count = readSync(fd, buffer, 0, buffer.length, null);
      // All that was expected, and no more though there was room: one read, where another would only say so.
      if (count === expected && count < buffer.length)
        return { digest: digestOf(buffer.subarray(0, count)), size: count };
      const hash = hasher();
      let size = 0;
      for (; count > 0; count = readSync(fd, buffer, 0, buffer.length, null)) {
        hash.update(buffer.subarray(0, count));
        size += count;
      }
      return { digest: hash.digest(), size };
    } finally {
      closeSync(fd);
    }
  };
}

/** Bytes read at once. */
const most = 1 << 20;
