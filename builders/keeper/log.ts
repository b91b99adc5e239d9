// A build's log file.
// Knows how it is written beside its place and moved there; does not know what is logged.

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
  /** Bytes so far. */
  size(): number;
  /** The last lines as they were written; whoever shows them makes control characters harmless. */
  lastLines(count: number): string[];
  /** Puts the log in its place; an empty one goes. */
  close(): void;
}

export function openLog(place: string): LogFile {
  const temporary = `${place}.tmp-${randomUUID().slice(0, 8)}`;
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
    size,
    lastLines(count) {
      const length = Math.min(size(), 16384);
      const bytes = Buffer.alloc(length);
      readSync(fd, bytes, 0, length, size() - length);
      return bytes.toString("utf8").trimEnd().split("\n").slice(-count);
    },
    close() {
      fchmodSync(fd, 0o644);
      if (size() > 0) renameSync(temporary, place);
      else unlinkSync(temporary);
      closeSync(fd);
    },
  };
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
