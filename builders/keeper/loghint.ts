// The hint of a build that failed: its log, and a shell where it ran.
// Knows the commands; does not know which manifest the build is of.

/** As long as it is open which manifest: a failure is remembered, and told where another one comes to it. */
export const shellWords = "kit shell MANIFEST";

/** @param short how the request's digest begins @param isKept whether the sandbox is as the failure left it */
export function logHint(short: string, isKept: boolean): string {
  const left = isKept ? "" : ", which has what the build left where --keep-failed --retry built it once more";
  return `the whole log: kit log ${short}; a shell in its sandbox: ${shellWords} ${short}${left}`;
}
