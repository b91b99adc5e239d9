// A build's log file.
// Knows how it is written in a session's folder and moved to its place; does not know what is logged.

import { randomUUID } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";

export interface LogFile {
  /** Where it is while it is written. */
  readonly file: string;
  line(text: string): void;
  /** Puts stars in the place of these wherever they stand so far. */
  hide(traces: readonly Buffer[]): void;
  /**
   * While others add to it, the middle of what gets too long is left out; a line says so. Returns how to stop, after
   * they have ended.
   */
  bound(): () => void;
  /** Bytes so far. */
  size(): number;
  /** The last lines as they were written; whoever shows them makes control characters harmless. */
  lastLines(count: number): string[];
  /** Puts the log in its place; an empty one goes. */
  close(): void;
}

/** Bytes of a log that stay of its beginning, and of its end, where all of it is more than the most. */
export interface LogRoom {
  readonly head: number;
  readonly tail: number;
  readonly most: number;
}

const defaultRoom: LogRoom = { head: 128 << 20, tail: 16 << 20, most: 256 << 20 };

/**
 * @param staging a folder of this session, on the file system of the log's place: a killed one leaves there what nothing
 * is hidden in yet, and the next session removes it
 */
export function openLog(place: string, staging: string, room = defaultRoom): LogFile {
  const temporary = `${staging}/${randomUUID()}.log`;
  // Nobody else's to read before what is to be hidden is.
  const fd = openSync(temporary, "a+", 0o600);
  const size = () => fstatSync(fd).size;
  return {
    file: temporary,
    line: (text) => void writeSync(fd, `${text}\n`),
    hide(traces) {
      if (traces.length === 0) return;
      // A file that is only added to takes nothing at a place of its own.
      const inPlace = openSync(temporary, "r+");
      try {
        hideIn(inPlace, traces);
      } finally {
        closeSync(inPlace);
      }
    },
    bound: () => boundedFor(fd, room),
    size,
    lastLines: (count) =>
      readFrom(fd, size() - 16384)
        .toString("utf8")
        .trimEnd()
        .split("\n")
        .slice(-count),
    close() {
      fchmodSync(fd, 0o644);
      if (size() > 0) renameSync(temporary, place);
      else unlinkSync(temporary);
      closeSync(fd);
    },
  };
}

/**
 * A file that is only added to can be cut off while others write: they go on where it ends then. What they write
 * between two looks may be more than there is room for, as long as it lasts.
 *
 * What they write after the end was read and before it is cut off is lost, and not counted: no call does both, and whoever
 * writes holds the file itself and takes no lock. fallocate(2) takes out a range while others add behind it, but not on
 * tmpfs nor overlayfs. It is a part of the middle of a log of more than `most`, unless a build ends just then.
 */
function boundedFor(fd: number, { head, tail, most }: LogRoom): () => void {
  let [left, out] = [head, 0];
  let end: Uint8Array = Buffer.alloc(0);
  const look = () => {
    const { size } = fstatSync(fd);
    if (size <= most) return;
    if (out === 0) left = afterLine(fd, head);
    end = readFrom(fd, size - tail);
    out += size - left;
    ftruncateSync(fd, left);
  };
  const looking = setInterval(look, lookEvery);
  return () => {
    clearInterval(looking);
    look();
    if (out === 0) return;
    const { size } = fstatSync(fd);
    const last = Buffer.concat([end, readFrom(fd, Math.max(left, size - tail))]).subarray(-tail);
    const whole = last.subarray(last.subarray(0, longestLine).indexOf("\n") + 1);
    const megabytes = Math.round((out + size - left - whole.length) / 1e6);
    ftruncateSync(fd, left);
    const broken = readFrom(fd, left - 1).toString() === "\n" ? "" : "\n";
    writeFully(fd, Buffer.from(`${broken}kit: ${megabytes} MB of the log are left out here\n`));
    writeFully(fd, whole);
  };
}

/** Milliseconds. */
const lookEvery = 100;

/** Behind the last line that ends before a place; there, where none does. Half a line may be half a secret. */
function afterLine(fd: number, place: number): number {
  const before = readFrom(fd, place - longestLine, place);
  const found = before.lastIndexOf("\n");
  return found < 0 ? place : place - before.length + found + 1;
}

/** Bytes in which a line's end is looked for. */
const longestLine = 1 << 16;

function readFrom(fd: number, from: number, until = fstatSync(fd).size): Buffer {
  const start = Math.max(0, from);
  const bytes = Buffer.alloc(Math.max(0, until - start));
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start));
}

function writeFully(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/** Some at a time, where it stands: what is written is never longer than what was read. */
function hideIn(fd: number, traces: readonly Buffer[]): void {
  const longest = Math.max(...traces.map(({ length }) => length));
  const sorted = traces.toSorted((a, b) => b.length - a.length).map((trace) => trace.toString("latin1"));
  const pattern = new RegExp(sorted.map((trace) => trace.replace(/[^A-Za-z0-9]/g, asCode)).join("|"), "g");
  const piece = Buffer.alloc(pieceSize);
  let [read, written, rest] = [0, 0, ""];
  for (let isLast = false; !isLast; ) {
    const count = readSync(fd, piece, 0, piece.length, read);
    read += count;
    isLast = count === 0;
    const text = rest + piece.toString("latin1", 0, count);
    // What begins near the end may go on in the next piece.
    const sure = isLast ? text.length : Math.max(0, text.length - longest + 1);
    let [hidden, at] = ["", 0];
    for (const { index, 0: found } of text.matchAll(pattern)) {
      if (index >= sure) break;
      hidden += text.slice(at, index) + "***".slice(0, found.length);
      at = index + found.length;
    }
    const end = Math.max(at, sure);
    const bytes = Buffer.from(hidden + text.slice(at, end), "latin1");
    written += writeSync(fd, bytes, 0, bytes.length, written);
    rest = text.slice(end);
  }
  ftruncateSync(fd, written);
}

/** Bytes. */
const pieceSize = 1 << 20;

function asCode(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
