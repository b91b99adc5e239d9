// Failures of builds: which are lasting, what is kept of one, and how it is told again.
// Pure. Knows codes; does not know how anything is built, nor where notes are kept.

import type { Note } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { leftProcesses } from "../buildroot/user.ts";

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
  "build/process-limit",
  "build/killed",
  "build/long-path",
  "build/no-memory",
  "build/no-room",
  "build/no-secret",
]);

/** Worth one more attempt at once: whoever killed it, the kernel without memory most often, may not do it again. */
export function isWorthAnother(error: unknown): boolean {
  return error instanceof Fault && error.code === "build/killed";
}

/**
 * The same failure for the reason that the last lines of its log tell: no room, on a disk that somebody may have tidied up
 * since, or in the sandbox's memory alone; something of it that was killed; a host that gave no memory or process; or
 * processes that were left, as kit's own line says.
 *
 * @param said what was logged, a line each
 */
export function forItsReason(fault: Fault, said: readonly string[]): Fault {
  if (fault.code !== "build/failed") return fault;
  const { message, details } = fault;
  const left = said.findLast((one) => one.startsWith(`kit: ${leftProcesses}`));
  if (left !== undefined) {
    return new Fault("build/left-processes", left.slice("kit: ".length).trimEnd(), {
      hint: "what a build starts has to end with it: a daemon that is started for tests is stopped by them",
      ...{ details, cause: fault },
    });
  }
  const shortage = shortages.find(({ words }) => said.some((line) => words.test(line)));
  if (shortage === undefined) return fault;
  const { code, where, hint } = shortage;
  return new Fault(code, `${message}, where ${where}`, { hint, details, cause: fault });
}

/** By the words of strerror(3) in the C locale, of Go and Rust, which differ in their capitals alone, of make, gcc, shells, perl, python, dpkg, debhelper and cargo. */
const shortages = [
  {
    words: /no space left on device|disk quota exceeded/i,
    code: "build/no-room",
    where: "there was no room on a disk",
    hint: "make room where the store is, or build less at once with --jobs; it is built anew the next time",
  },
  {
    words:
      /^Killed$|^g?make(?:\[\d+\])?: \*\*\* \[.*\] (?:Killed|Error 137)$|Killed signal terminated program|internal compiler error: Killed|terminated with signal 9 \[Killed\]|: line \d+:\s+\d+ Killed\b|(?:killed by|died with|terminated by|terminated with) (?:signal (?:9\b|SIGKILL|KILL)|<Signals\.SIGKILL)|\(signal: 9, SIGKILL/,
    code: "build/killed",
    where: "a process of it was killed",
    hint: "by somebody, or by a kernel that has no memory left: build less at once with --jobs",
  },
  {
    words:
      /cannot allocate memory|virtual memory exhausted|^out of memory!|out of memory allocating \d+ bytes|fork.*resource temporarily unavailable|cannot fork/i,
    code: "build/no-memory",
    where: "the host gave no memory, or no process more",
    hint: "build less at once with --jobs, or look at the limits kit is run with (ulimit -u, ulimit -v); it is built anew the next time",
  },
] as const;

/** What a note keeps of the fault, so that it can be told again. */
export function keptFailure({ message, hint, details, about, against }: Fault): NonNullable<Note["failure"]> {
  return {
    message,
    ...(hint !== undefined && { hint }),
    details: details.slice(-mostDetails),
    ...(about !== undefined && { about }),
    ...(against !== undefined && { against }),
  };
}

const mostDetails = 40;

/** The fault of the last attempt, where it would come again; undefined where there was none, or it may go otherwise. */
export function failureBefore(note: Note | undefined): Fault | undefined {
  const { failed, failure } = note ?? {};
  if (failed === undefined || failure === undefined || !isLasting(failed)) return undefined;
  const { message, hint = "", details, about, against } = failure;
  const again =
    "it failed like this before, and nothing it is made of has changed: `--retry` builds it again";
  return new Fault(failed as Fault["code"], message, {
    ...{ details, about, against },
    hint: hint === "" ? again : `${again}; ${hint}`,
  });
}
