// The 512-byte header block of a tar archive, as v7, POSIX ustar and GNU tar write it.
// Knows the fields and their encodings; does not know which entries are safe, nor extended headers.

import { Fault } from "../../store/model/fault.ts";

export const blockSize = 512;

/** A header's fields as they stand, before extended headers are laid over them. */
export interface TarHeader {
  readonly name: string;
  /** The low twelve bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** The type flag: "0", "5", "x"…; "0" also for v7's NUL. */
  readonly flag: string;
  readonly linkName: string;
  readonly userName: string;
  readonly groupName: string;
  readonly major: number;
  readonly minor: number;
}

/**
 * Reads the block at `at`; undefined where it is all zero.
 *
 * Source: POSIX.1-2024 pax, "ustar Interchange Format"; GNU tar manual, "Basic Tar Format".
 *
 * @throws {Fault} `digest/bad-tar` on a wrong checksum or a malformed number
 */
export function readHeader(bytes: Buffer, at: number): TarHeader | undefined {
  const sums = checksums(bytes, at);
  if (sums.unsigned === 8 * 32 && isZero(bytes, at, at + blockSize)) return undefined;
  const sum = numberAt(bytes, at + 148, 8, "checksum");
  if (sum !== sums.unsigned && sum !== sums.signed) throw badTar("a header's checksum is wrong");

  const magic = bytes.toString("latin1", at + 257, at + 263);
  const posix = magic === "ustar\0";
  const named = posix || magic === "ustar ";
  const prefix = posix ? textAt(bytes, at + 345, 155) : "";
  const name = textAt(bytes, at, 100);
  const flag = bytes.toString("latin1", at + 156, at + 157);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    mode: numberAt(bytes, at + 100, 8, "mode") & 0o7777,
    uid: numberAt(bytes, at + 108, 8, "uid"),
    gid: numberAt(bytes, at + 116, 8, "gid"),
    size: numberAt(bytes, at + 124, 12, "size"),
    mtime: numberAt(bytes, at + 136, 12, "mtime", true),
    flag: flag === "\0" ? "0" : flag,
    linkName: textAt(bytes, at + 157, 100),
    userName: named ? textAt(bytes, at + 265, 32) : "",
    groupName: named ? textAt(bytes, at + 297, 32) : "",
    major: named ? numberAt(bytes, at + 329, 8, "device number") : 0,
    minor: named ? numberAt(bytes, at + 337, 8, "device number") : 0,
  };
}

export function badTar(why: string): Fault {
  return new Fault("digest/bad-tar", `not a sound tar archive: ${why}`);
}

export function isZero(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}

// The checksum's own field counts as spaces. Old implementations summed signed bytes.
function checksums(bytes: Buffer, at: number): { unsigned: number; signed: number } {
  let unsigned = 8 * 32;
  let high = 0;
  for (let i = at; i < at + blockSize; i++) {
    if (i === at + 148) i += 8;
    const byte = bytes[i] ?? 0;
    unsigned += byte;
    if (byte > 127) high++;
  }
  return { unsigned, signed: unsigned - 256 * high };
}

function textAt(bytes: Buffer, start: number, length: number): string {
  let end = start;
  while (end < start + length && bytes[end] !== 0) end++;
  return bytes.toString("utf8", start, end);
}

// Octal digits between spaces and NULs; or, where the first bit is set, two's complement in base 256 (GNU).
function numberAt(bytes: Buffer, start: number, length: number, what: string, negative = false): number {
  if ((bytes[start] ?? 0) >= 0x80) return bigNumberAt(bytes, start, length, what, negative);
  const end = start + length;
  let at = start;
  while (at < end && bytes[at] === 32) at++;
  let value = 0;
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === 0 || byte === 32) break;
    if (byte < 48 || byte > 55) throw badTar(`a header's ${what} is no octal number`);
    value = value * 8 + byte - 48;
  }
  return value;
}

function bigNumberAt(bytes: Buffer, start: number, length: number, what: string, negative: boolean): number {
  const raw = BigInt(`0x${bytes.toString("hex", start, start + length)}`);
  const value = Number(BigInt.asIntN(length * 8 - 1, raw));
  if (!Number.isSafeInteger(value) || (value < 0 && !negative))
    throw badTar(`a header's ${what} is out of range`);
  return value;
}
