// Testimony: what a claim says of a request, whoever makes it.
// Pure. Knows what each claim is worth; what is believed of signed ones is for `judge` to decide.

import type { Result } from "./derivation.ts";
import type { Digest } from "./digest.ts";
import { Fault } from "./fault.ts";
import type { PublicKey } from "./key.ts";
import { type Check, type Claim, decodeClaim, isGenuine } from "./signature.ts";
import { encodeStatement } from "./statement.ts";

/** Plain data: the keeper sends it to the kit process. */
export type Testimony =
  | {
      readonly kind: "statement";
      readonly from: string;
      readonly statement: Result;
      /** `altered`: it is not what the key signed. */
      readonly standing: "trusted" | "unknown" | "altered";
      /** The key it is said to be signed with; a trusted one under the name by which it is trusted. */
      readonly key: PublicKey;
    }
  | {
      readonly kind: "statement";
      readonly from: string;
      readonly statement: Result;
      /** `own`: nobody's claim, but what this store has recorded. */
      readonly standing: "unsigned" | "own";
    }
  /** Not a claim on this request. `why` is for people. */
  | { readonly kind: "none"; readonly from: string; readonly why: string };

export type Statement = Extract<Testimony, { kind: "statement" }>;

export function hear(
  request: Digest,
  claim: Claim,
  trusted: readonly PublicKey[],
  check: Check = isGenuine,
): Testimony {
  const { from } = claim;
  try {
    const said = decodeClaim(claim);
    const statement = "statement" in said ? said.statement : said;
    if (statement.request !== request) return { kind: "none", from, why: `it is on ${statement.request}` };
    if (!("statement" in said)) return { kind: "statement", from, statement, standing: "unsigned" };
    const signer = trusted.find(({ bytes }) => bytes === said.key.bytes);
    const standing = !check(said) ? "altered" : signer === undefined ? "unknown" : "trusted";
    return { kind: "statement", from, statement, standing, key: signer ?? said.key };
  } catch (error) {
    if (error instanceof Fault) return { kind: "none", from, why: error.message };
    throw error;
  }
}

/** What all of them say alike; undefined where they say nothing, or different things. */
export function unanimous(testimonies: readonly Testimony[]): Result | undefined {
  const statements = testimonies.flatMap((one) => (one.kind === "statement" ? [one.statement] : []));
  const different = new Set(statements.map(encodeStatement));
  return different.size === 1 ? statements[0] : undefined;
}
