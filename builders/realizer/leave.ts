// Questions without an answer, where that is no end.
// Pure. Knows which faults are of one question alone.

import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";

/** Told why a question has no answer, by its digest; without one, it is thrown. */
export type Leave = (digest: Digest, fault: Fault) => void;

/** The answer; undefined where there is none and that was told. What ails the world is thrown anyway. */
export function leaving<T>(digest: Digest, leave: Leave | undefined, answer: () => T): T | undefined {
  try {
    return answer();
  } catch (error) {
    if (leave === undefined || !(error instanceof Fault) || !error.code.startsWith("unresolved/"))
      throw error;
    leave(digest, error);
    return undefined;
  }
}
