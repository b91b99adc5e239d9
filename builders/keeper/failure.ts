// Failures of builds: which are lasting, what is kept of one, and how it is told again.
// Pure. Knows codes; does not know how anything is built, nor where notes are kept.

import type { Note } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";

/**
 * What would end otherwise without anything changing that is built: a limit that can be raised, a process that somebody
 * killed, a network or a disk. All else that a build ends with is what its inputs come to.
 */
export function isLasting(code: string): boolean {
  return code.startsWith("build/") && !passing.has(code);
}

const passing: ReadonlySet<string> = new Set([
  "build/time-limit",
  "build/memory-limit",
  "build/killed",
  "build/long-path",
  "build/no-secret",
]);

/** Worth one more attempt at once: whoever killed it, the kernel without memory most often, may not do it again. */
export function isWorthAnother(error: unknown): boolean {
  return error instanceof Fault && error.code === "build/killed";
}

/** What a note keeps of the fault, so that it can be told again. */
export function keptFailure({ message, hint, details }: Fault): NonNullable<Note["failure"]> {
  return { message, ...(hint !== undefined && { hint }), details: details.slice(-mostDetails) };
}

const mostDetails = 40;

/** The fault of the last attempt, where it would come again; undefined where there was none, or it may go otherwise. */
export function failureBefore(note: Note | undefined): Fault | undefined {
  const { failed, failure } = note ?? {};
  if (failed === undefined || failure === undefined || !isLasting(failed)) return undefined;
  const { message, hint = "", details } = failure;
  const again =
    "it failed like this before, and nothing it is made of has changed: `--retry` builds it again";
  return new Fault(failed as Fault["code"], message, {
    details,
    hint: hint === "" ? again : `${again}; ${hint}`,
  });
}
