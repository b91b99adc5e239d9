// A build's log file.
// Knows how it is written beside its place and moved there; does not know what is logged.

import { randomUUID } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync, renameSync, unlinkSync, writeSync } from "node:fs";

export interface LogFile {
  readonly fd: number;
  line(text: string): void;
  /** Bytes so far. */
  size(): number;
  /** The last lines, without control characters. */
  lastLines(count: number): string[];
  /** Puts the log in its place; an empty one goes. */
  close(): void;
}

export function openLog(place: string): LogFile {
  const temporary = `${place}.tmp-${randomUUID().slice(0, 8)}`;
  const fd = openSync(temporary, "a+", 0o644);
  const size = () => fstatSync(fd).size;
  return {
    fd,
    line: (text) => void writeSync(fd, `${text}\n`),
    size,
    lastLines(count) {
      const length = Math.min(size(), 16384);
      const bytes = Buffer.alloc(length);
      readSync(fd, bytes, 0, length, size() - length);
      const lines = bytes.toString("utf8").trimEnd().split("\n");
      return lines.slice(-count).map((line) => line.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "")).filter((line) => line !== "");
    },
    close() {
      if (size() > 0) renameSync(temporary, place);
      else unlinkSync(temporary);
      closeSync(fd);
    },
  };
}
