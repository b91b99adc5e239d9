// The inspection of a bundle: what it says of requests, and how much of that is believed, before anything is taken in.
// Knows statements and keys; does not know contents, nor the store.

import type { CacheStorage } from "../../store/cache/storage.ts";
import { readSmall } from "../../store/cache/storage.ts";
import { type Digest, digestFromHex, hexOf } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { formatPublicKey, type PublicKey } from "../../store/model/key.ts";
import { type Claim, judge, openCheck } from "../../store/model/signature.ts";
import { maxStatement, statementDigest } from "../../store/model/statement.ts";
import { hear, unanimous } from "../../store/model/testimony.ts";
import { openClaims } from "./claims.ts";
import type { CacheSettings } from "./trust.ts";

export interface Inspection {
  /** The statement, by its digest, of each request that is believed. */
  readonly believed: ReadonlyMap<Digest, Digest>;
  /** How many requests are not. */
  readonly refused: number;
  /** Those who signed what is there, trusted or not, and of how many requests. */
  readonly signers: readonly {
    readonly key: PublicKey;
    readonly trusted: boolean;
    readonly results: number;
  }[];
  /** Lines on what trusted keys contradict each other on, or is not what they signed: the first few. */
  readonly wrong: readonly string[];
}

export type Belief = Pick<CacheSettings, "trusted" | "required" | "unsigned">;

/** Reads a request's claims at a time: however large, a bundle takes little memory. */
export async function inspect(bundle: CacheStorage, belief: Belief): Promise<Inspection> {
  const believed = new Map<Digest, Digest>();
  const signers = new Map<string, { readonly key: PublicKey; readonly trusted: boolean; results: number }>();
  const wrong: string[] = [];
  const check = openCheck(belief.trusted);
  let refused = 0;
  for (const name of await bundle.list("results")) {
    const request = digestFromHex(name);
    const claims = await claimsOn(request, bundle, belief);
    const heard = claims.map((claim) => hear(request, claim, belief.trusted, check));
    for (const one of heard) {
      if (one.kind === "none" || (one.standing !== "trusted" && one.standing !== "unknown")) continue;
      const known = signers.get(one.key.bytes) ?? {
        key: one.key,
        trusted: one.standing === "trusted",
        results: 0,
      };
      known.results++;
      if (signers.size < mostTold) signers.set(one.key.bytes, known);
    }
    const verdict = judge(request, claims, { ...belief, check });
    const statement =
      verdict.kind === "accepted"
        ? verdict.statement
        : belief.unsigned && verdict.kind === "none"
          ? unanimous(heard)
          : undefined;
    if (statement !== undefined) {
      believed.set(request, statementDigest(statement));
      continue;
    }
    refused++;
    const lines = verdict.kind === "conflict" ? [verdict.line] : verdict.ignored.flatMap(brokenLine);
    wrong.push(...lines.slice(0, mostTold - wrong.length));
  }
  return { believed, refused, signers: [...signers.values()], wrong };
}

/** Nothing is taken in where not all of it is believed. @throws {Fault} `digest/…` */
export function refuseUnbelieved(
  { believed, refused, signers, wrong }: Inspection,
  file: string,
  { required }: Pick<Belief, "required">,
): void {
  const total = believed.size + refused;
  if (total === 0) throw new Fault("digest/bad-bundle", `${file} holds no results`);
  if (refused === 0) return;
  const some =
    refused === total ? `none of its ${total} results is` : `${refused} of its ${total} results are not`;
  const enough = required === 1 ? "signed by a trusted key" : `signed by ${required} trusted keys`;
  const strangers = signers.filter(({ trusted }) => !trusted);
  if (wrong.length > 0)
    throw new Fault("digest/not-believed", `${file}: ${some} believed`, {
      details: wrong,
      hint: "somebody changed it, or a key is in wrong hands: ask who made it",
    });
  if (strangers.length > 0)
    throw new Fault("digest/unknown-key", `${file}: ${some} ${enough}`, {
      details: strangers.map(
        ({ key, results }) => `${results} by ${formatPublicKey(key)}, fingerprint ${key.fingerprint}`,
      ),
      hint: `where \`kit key show\` says the same key to you, believe it for this once: ${strangers.map(({ key }) => `--trust ${formatPublicKey(key)}`).join(" ")}`,
    });
  throw new Fault("digest/unsigned", `${file}: ${some} ${enough}`, {
    hint:
      signers.length > 0
        ? "signaturesRequired asks for more keys"
        : "where you know it from whom you have it: --unsigned takes it in as it is",
  });
}

const mostTold = 8;

async function claimsOn(
  request: Digest,
  bundle: CacheStorage,
  { trusted }: Belief,
): Promise<readonly Claim[]> {
  const folder = `results/${hexOf(request)}`;
  const claims = openClaims([request], trusted, bundle.location);
  for (const file of await bundle.list(folder)) {
    const name = `${folder}/${file}`;
    const text = claims.wants(name) ? await readSmall(bundle, name, maxStatement) : undefined;
    if (text !== undefined) claims.add(name, text);
  }
  return claims.found.get(request) ?? [];
}

/** What is not only unknown but wrong. */
function brokenLine({ why, line }: { readonly why: string; readonly line: string }): string[] {
  return why === "altered" || why === "malformed" || why === "other-request" ? [line] : [];
}
