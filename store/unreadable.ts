// Records of the store that cannot be read: told in one line, or passed over.
// Knows what parsers throw; does not know any record.

import { Fault } from "./model/fault.ts";

/** What a record that is damaged is told as; `place` is relative to the store, wherever that is mounted. */
export function unreadable(what: string, place: string, cause: unknown): Fault {
  return new Fault("store/corrupt", `the ${what} ${place} cannot be read: ${reasonOf(cause)}`, {
    cause,
    hint: "run `kit store verify --repair`: what is damaged is set aside, and made again where that is possible",
  });
}

/** Of what is damaged, nothing. */
export function orNone<T>(read: () => T): T[] {
  try {
    return [read()];
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}

/** zod's message is its list of issues, on many lines: the first says enough. */
function reasonOf(cause: unknown): string {
  const { message, issues } = cause as Error & {
    readonly issues?: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[];
  };
  const [first] = issues ?? [];
  return first === undefined ? message : [first.path.join("."), first.message].filter(Boolean).join(": ");
}
