// A file that an answer is written to in the place of standard output.
// Knows how it gets there whole; does not know what is in it.

import { renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Fault } from "../../store/model/fault.ts";

/** Puts these lines in the place of what a file held; half of them are never there. @throws {Fault} `usage/unwritable` */
export function writeOutput(file: string, lines: readonly string[]): void {
  const beside = `${file}.new-${process.pid}`;
  // What is no file keeps being it: -o /dev/stdout, a pipe.
  const isPlain = statSync(file, { throwIfNoEntry: false })?.isFile() ?? true;
  const text = lines.map((line) => `${line}\n`).join("");
  try {
    if (!isPlain) return writeFileSync(file, text);
    writeFileSync(beside, text);
    renameSync(beside, file);
  } catch (cause) {
    if (isPlain) rmSync(beside, { force: true });
    throw new Fault("usage/unwritable", `${file} cannot be written: ${(cause as Error).message}`, {
      cause,
      hint: "name another file",
    });
  }
}
