// Static libraries: what the members of an archive begin with.
// Knows ar(5)'s headers, however names are written; does not know what the members are.

import { readSync } from "node:fs";

/** Bytes at the beginning of what may be an archive. */
export const archiveMagic = Buffer.from("!<arch>\n", "latin1");

/**
 * The first bytes of each member, at most `length`, of the first 20,000 of them; a malformed header ends them. A symbol
 * table, and GNU's table of long names, are members like others. Where a member's name is BSD's, at the beginning of its
 * data, what comes after it is given. A member takes one read of 350 bytes, however long it is.
 *
 * @param archive an open file that begins with {@link archiveMagic}: a thin archive (`!<thin>`) holds no members
 */
export function* memberHeads(archive: number, length: number): Generator<Buffer> {
  const piece = Buffer.alloc(headerSize + longestName + length);
  let at = archiveMagic.length;
  for (let count = 0; count < mostMembers; count++) {
    const read = piece.subarray(0, readSync(archive, piece, 0, piece.length, at));
    const [name, size] = [read.toString("latin1", 0, 16), sizeIn(read)];
    if (size === undefined) return;
    const named = Number(/^#1\/(\d+) *$/.exec(name)?.[1] ?? 0);
    const from = headerSize + Math.min(named, size);
    yield read.subarray(from, Math.min(from + length, headerSize + size));
    // Members begin at even places.
    at += headerSize + size + (size % 2);
  }
}

const headerSize = 60;
const mostMembers = 20_000;
/** Bytes; files have no longer names. */
const longestName = 256;

/** Bytes of a member by its header; undefined where it is none, or cut off. */
function sizeIn(header: Buffer): number | undefined {
  if (header.length < headerSize || header.toString("latin1", 58, headerSize) !== "`\n") return undefined;
  const written = /^(\d{1,10}) *$/.exec(header.toString("latin1", 48, 58))?.[1];
  return written === undefined ? undefined : Number(written);
}
