// A build's log file.
// Knows how it is written beside its place and moved there; does not know what is logged.

import { randomUUID } from "node:crypto";
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
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
  const fd = openSync(temporary, "a+", 0o644);
  const size = () => fstatSync(fd).size;
  return {
    file: temporary,
    line: (text) => void writeSync(fd, `${text}\n`),
    hide(traces) {
      const text = readFileSync(temporary, "latin1");
      const hidden = traces.reduce((told, trace) => told.replaceAll(trace.toString("latin1"), "***"), text);
      if (hidden === text) return;
      ftruncateSync(fd, 0);
      writeSync(fd, Buffer.from(hidden, "latin1"));
    },
    size,
    lastLines(count) {
      const length = Math.min(size(), 16384);
      const bytes = Buffer.alloc(length);
      readSync(fd, bytes, 0, length, size() - length);
      return bytes.toString("utf8").trimEnd().split("\n").slice(-count);
    },
    close() {
      if (size() > 0) renameSync(temporary, place);
      else unlinkSync(temporary);
      closeSync(fd);
    },
  };
}
