// Requests for packages that stand on the command line.
// Knows whose mistake a malformed one is; does not know how any is written.

import { Fault } from "../../store/model/fault.ts";

/** What the task gives, which reads requests of the command line. @throws {Fault} `usage/malformed-request` */
export function readingRequests<T>(task: () => T): T {
  try {
    return task();
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "unresolved/malformed-request") throw error;
    const { message, hint } = error;
    throw new Fault("usage/malformed-request", message, { ...(hint !== undefined && { hint }) });
  }
}
