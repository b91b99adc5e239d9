// The choice of a mirror: the first whose copy of an index is there and believed.
// Knows how mirrors are passed over and which failure is told; does not know what makes an index believable.

import type { Sha256 } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Http } from "../fetch/http.ts";

export interface Choice<T> {
  readonly value: T;
  /** Of the document it was read from. */
  readonly sha256: Sha256;
  /** All mirrors, the one that gave it first. */
  readonly mirrors: readonly string[];
}

export interface IndexAsked {
  /** Relative to each mirror. */
  readonly path: string;
  /** Bytes it may have. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks mirrors in order for a document, until `read` takes one: what it throws as a Fault speaks against the mirror.
 *
 * @throws {Fault} the most telling mirror's, the others in its details; or the signal's reason
 */
export async function chooseMirror<T>(
  http: Pick<Http, "bytes">,
  mirrors: readonly string[],
  { path, limit, signal }: IndexAsked,
  read: (mirror: string, document: Buffer) => Promise<T>,
): Promise<Choice<T>> {
  const failures: Fault[] = [];
  for (let left = mirrors; left.length > 0; ) {
    const asked = left.map((mirror) => `${mirror}/${path}`);
    const fetched = await orFailure(failures, http.bytes(asked, { limit, signal }));
    // None of those that are left gave anything at all.
    if (fetched === undefined) break;
    const mirror = left[asked.indexOf(fetched.url)] ?? "";
    left = left.filter((other) => other !== mirror);
    const value = await orFailure(failures, read(mirror, fetched.bytes));
    if (value !== undefined) {
      const others = mirrors.filter((other) => other !== mirror);
      return { value, sha256: fetched.sha256, mirrors: [mirror, ...others] };
    }
  }
  signal?.throwIfAborted();
  throw mostTelling(failures);
}

async function orFailure<T>(failures: Fault[], task: Promise<T>): Promise<T | undefined> {
  try {
    return await task;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    failures.push(error);
    return undefined;
  }
}

// A mirror that answered wrongly says more than those that did not answer at all.
function mostTelling(failures: readonly Fault[]): Fault {
  const chosen = failures.find((fault) => fault.class === "digest") ?? failures[0];
  if (chosen === undefined) throw new Error("no mirror was asked");
  const others = failures
    .filter((fault) => fault !== chosen)
    .flatMap((fault) => [fault.message, ...fault.details]);
  if (others.length === 0) return chosen;
  return new Fault(chosen.code, chosen.message, {
    details: [...chosen.details, ...others],
    cause: chosen.cause,
    ...(chosen.hint !== undefined && { hint: chosen.hint }),
  });
}
