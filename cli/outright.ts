// What ends kit before any command is there, or beside it: told as commands tell what went wrong.
// Knows which of the system's errors are whose; loaded only where there is one.

import { exitStatus, Fault, faultsOf } from "../store/model/fault.ts";
import { showError } from "./output.ts";

/** Returns the exit status. */
export function tellOutright(error: unknown): number {
  const fault = (error as NodeJS.ErrnoException).syscall === "uv_cwd" ? noDirectory() : error;
  const context = { stderr: process.stderr, told: new Set<string>(), host: { environment: process.env } };
  showError(context, fault, process.argv.includes("--json"));
  return faultsOf(fault)[0]?.exit ?? exitStatus.build;
}

/** What standard output is could not be written to. */
export function noOutput(cause: Error): Fault {
  return new Fault("usage/no-output", `standard output cannot be written: ${cause.message}`, { cause });
}

function noDirectory(): Fault {
  return new Fault("usage/no-directory", "the directory that kit is run in is gone", {
    hint: "go to one that is there: cd",
  });
}
