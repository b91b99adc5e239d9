// Signatures: who says what of a request, and what is believed of it.
// Pure. Knows their form, and decides by keys and counts; does not know where they come from.

import type { Result } from "./derivation.ts";
import { type Digest, digestOf, hexOf } from "./digest.ts";
import { Fault } from "./fault.ts";
import {
  formatPublicKey,
  isBase64,
  type PublicKey,
  parsePublicKey,
  type SecretKey,
  sign,
  verifierOf,
  verify,
} from "./key.ts";
import { decodeStatement, encodeStatement, maxStatement, signedText, statementDigest } from "./statement.ts";

/** One key's word on one statement. What is decoded is well formed, and not yet checked: see {@link isGenuine}. */
export interface Signature {
  /** As the signature's file names it: any name may stand before the bytes. */
  readonly key: PublicKey;
  /** 64 bytes in base64. */
  readonly signature: string;
  readonly statement: Result;
}

export function signStatement(secret: SecretKey, statement: Result): Signature {
  return { key: secret.public, signature: sign(secret, signedText(statement)), statement };
}

/** Whether the key signed the statement. */
export type Check = (signature: Signature) => boolean;

export const isGenuine: Check = ({ key, statement, signature }) =>
  verify(key, signedText(statement), signature);

/** The same for many signatures, most of them by these keys. */
export function openCheck(keys: readonly PublicKey[]): Check {
  const verifiers = new Map(keys.map((key) => [key.bytes, verifierOf(key)]));
  return ({ key, statement, signature }) =>
    (verifiers.get(key.bytes) ?? verifierOf(key))(signedText(statement), signature);
}

/** The one form of a signature's file: a line, its line feed included. */
export function encodeSignature(signature: Signature): string {
  const key = JSON.stringify(formatPublicKey(signature.key));
  const statement = encodeStatement(signature.statement).trimEnd();
  return `{"format":"kit/signature/1","key":${key},"signature":"${signature.signature}","statement":${statement}}\n`;
}

/** @throws {Fault} `digest/bad-signature` on anything that {@link encodeSignature} would not have written */
export function decodeSignature(text: string | Uint8Array): Signature {
  if (text.length > maxStatement) throw bad(`it has more than ${maxStatement} bytes`);
  const line = textOf(text);
  const signature = parsed(line);
  if (encodeSignature(signature) !== line) throw bad("it is not in the form it would be written in");
  return signature;
}

/** A file found below `results/REQUEST/`: a signature, or a statement alone. */
export interface Claim {
  /** Where it was found, for people: a cache's address. */
  readonly from: string;
  readonly text: string | Uint8Array;
  /** Its file's, below the request's folder: what the file holds must be what that says. */
  readonly name?: string;
}

export interface Policy {
  readonly trusted: readonly PublicKey[];
  /** How many distinct trusted keys must have signed one statement; at least 1. */
  readonly required: number;
  /** {@link isGenuine}, unless another one is quicker. */
  readonly check?: Check;
}

export type Verdict =
  | {
      readonly kind: "accepted";
      readonly statement: Result;
      /** The trusted keys that signed it, once each, under the names by which they are trusted. */
      readonly signers: readonly PublicKey[];
      /** Their signatures, in the same order. */
      readonly signatures: readonly Signature[];
      readonly ignored: readonly Ignored[];
    }
  | { readonly kind: "none"; readonly ignored: readonly Ignored[] }
  | {
      /** Trusted keys signed different statements: none is believed, whatever their numbers. */
      readonly kind: "conflict";
      readonly sides: readonly Side[];
      /** One line for people. */
      readonly line: string;
      readonly ignored: readonly Ignored[];
    };

export interface Side {
  readonly statement: Result;
  readonly signers: readonly PublicKey[];
  readonly signatures: readonly Signature[];
  /** Where it was found. */
  readonly from: readonly string[];
}

export interface Ignored {
  readonly from: string;
  readonly why: "malformed" | "other-request" | "unknown-key" | "altered" | "unsigned" | "too-few";
  /** One line for people. */
  readonly line: string;
}

/**
 * What is to be believed of a request, by all that was found. Keys count by their bytes, not by their names, and
 * signatures from several places add up. Whatever is passed over is told why.
 *
 * @throws {RangeError} where no signature is required
 */
export function judge(request: Digest, claims: readonly Claim[], policy: Policy): Verdict {
  if (!(policy.required >= 1)) throw new RangeError("at least one signature is required");
  const weighed = claims.map((claim) => weigh(claim, request, policy));
  const sides = sidesOf(weighed);
  const told = new Set(weighed.flatMap(toldOf));
  const ignored = weighed.flatMap((item) => lineOn(item, told));
  if (sides.length > 1) return { kind: "conflict", sides, line: conflictLine(request, sides), ignored };
  const [side] = sides;
  if (side === undefined) return { kind: "none", ignored };
  if (side.signers.length >= policy.required)
    return {
      kind: "accepted",
      statement: side.statement,
      signers: side.signers,
      signatures: side.signatures,
      ignored: weighed.flatMap((item) => (isEcho(item, side.statement) ? [] : lineOn(item, told))),
    };
  return { kind: "none", ignored: [...ignored, tooFew(request, side, policy.required)] };
}

type Weighed =
  | {
      readonly kind: "signed";
      readonly from: string;
      readonly signer: PublicKey;
      readonly signature: Signature;
      readonly statement: Result;
    }
  | { readonly kind: "unsigned"; readonly from: string; readonly statement: Result }
  /** With the statement, where a signature of it is what is passed over. */
  | { readonly kind: "ignored"; readonly ignored: Ignored; readonly statement?: Result };

function weigh(found: Claim, request: Digest, { trusted, check = isGenuine }: Policy): Weighed {
  const { from } = found;
  const ignored = (why: Ignored["why"], reason: string, on?: Result): Weighed => ({
    kind: "ignored",
    ignored: ignore(from, request, why, reason),
    ...(on && { statement: on }),
  });
  let claim: Signature | Result;
  try {
    claim = decodeClaim(found);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return ignored("malformed", error.message);
  }
  const statement = "statement" in claim ? claim.statement : claim;
  if (statement.request !== request) return ignored("other-request", `it is on ${statement.request}`);
  if (!("statement" in claim)) return { kind: "unsigned", from, statement };
  const { key } = claim;
  const signer = trusted.find(({ bytes }) => bytes === key.bytes);
  if (signer === undefined)
    return ignored(
      "unknown-key",
      `the key it is signed with is not trusted: ${formatPublicKey(key)}`,
      statement,
    );
  if (!check(claim)) return ignored("altered", `it is not what ${signer.name} signed`, statement);
  return { kind: "signed", from, signer, signature: claim, statement };
}

/** @throws {Fault} `digest/bad-signature`, `digest/bad-statement` */
export function decodeClaim({ text, name }: Pick<Claim, "text" | "name">): Signature | Result {
  const head = textOf(text.slice(0, 40));
  const said = head.startsWith('{"format":"kit/result/') ? decodeStatement(text) : decodeSignature(text);
  if (name === undefined || name === nameOf(said)) return said;
  throw bad("its file is not named by what it holds");
}

function nameOf(said: Signature | Result): string {
  return "statement" in said ? `${said.key.fingerprint}.sig` : hexOf(statementDigest(said));
}

function sidesOf(weighed: readonly Weighed[]): Side[] {
  const signed = weighed.filter((item) => item.kind === "signed");
  const byText = Map.groupBy(signed, ({ statement }) => encodeStatement(statement));
  return [...byText.values()].map((group) => {
    const byKey = [...new Map(group.map((one) => [one.signer.bytes, one])).values()];
    return {
      statement: (group[0] as (typeof group)[number]).statement,
      signers: byKey.map(({ signer }) => signer),
      signatures: byKey.map(({ signature }) => signature),
      from: [...new Set(group.map(({ from }) => from))],
    };
  });
}

/** The statement of a signature, be it believed or passed over. */
function toldOf({ kind, statement }: Weighed): string[] {
  return kind === "unsigned" || statement === undefined ? [] : [encodeStatement(statement)];
}

// A statement alone is worth no word where somebody trusted signed it, or it was said what its signatures are worth.
function lineOn(item: Weighed, told: ReadonlySet<string>): Ignored[] {
  if (item.kind === "ignored") return [item.ignored];
  if (item.kind === "signed" || told.has(encodeStatement(item.statement))) return [];
  return [ignore(item.from, item.statement.request, "unsigned", "no trusted key signed it")];
}

/** Who is not trusted says what was accepted anyway: nobody need do anything about that. */
function isEcho(item: Weighed, accepted: Result): boolean {
  if (item.kind !== "ignored" || item.ignored.why !== "unknown-key" || item.statement === undefined)
    return false;
  return encodeStatement(item.statement) === encodeStatement(accepted);
}

function tooFew(request: Digest, { signers, from }: Side, required: number): Ignored {
  const names = signers.map(({ name }) => name).join(", ");
  const reason = `${signers.length} of the ${required} keys it needs signed it: ${names}`;
  return ignore(from.join(", "), request, "too-few", reason);
}

function ignore(from: string, request: Digest, why: Ignored["why"], reason: string): Ignored {
  const line = `${from}: ignored a statement on ${request}: ${reason}`;
  // Whoever can write to a cache must not write to a terminal.
  return { from, why, line: line.replace(/[\0-\x1f\x7f-\x9f\u2028\u2029]/g, "?") };
}

function conflictLine(request: Digest, sides: readonly Side[]): string {
  const told = sides.map(({ statement, signers, from }) => {
    const names = signers.map(({ name }) => name).join(" and ");
    return `${names} signed ${digestOf(encodeStatement(statement))} (${from.join(", ")})`;
  });
  return `trusted keys contradict each other on ${request}, and none is believed: ${told.join("; ")}`;
}

function parsed(line: string): Signature {
  try {
    const { format, key, signature, statement } = JSON.parse(line) ?? {};
    if (format !== "kit/signature/1") throw bad("it is of no version that this kit knows");
    if (typeof signature !== "string" || !isBase64(signature, 64)) throw bad("it holds no signature");
    if (typeof key !== "string") throw bad("it names no key");
    return {
      key: parsePublicKey(key),
      signature,
      statement: decodeStatement(`${JSON.stringify(statement)}\n`),
    };
  } catch (cause) {
    if (cause instanceof Fault && cause.code === "digest/bad-signature") throw cause;
    throw bad(cause instanceof Fault ? cause.message : "it is no JSON", cause);
  }
}

// Both forms are ASCII; whatever else is there does not come back the same, and is refused for it.
function textOf(text: string | Uint8Array): string {
  return typeof text === "string" ? text : Buffer.from(text).toString("latin1");
}

function bad(why: string, cause?: unknown): Fault {
  return new Fault("digest/bad-signature", `not a signature: ${why}`, { cause });
}
