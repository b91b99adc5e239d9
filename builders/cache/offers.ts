// Offers: what caches say of requests, as far as it is believed.
// Knows whom to ask and how claims add up; does not fetch what is offered.

import type { Result } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import {
  type Claim,
  encodeSignature,
  type Ignored,
  judge,
  openCheck,
  type Signature,
} from "../../store/model/signature.ts";
import { hear, unanimous } from "../../store/model/testimony.ts";
import type { Cache } from "./cache.ts";
import type { Complain } from "./complaint.ts";
import type { CacheSettings } from "./trust.ts";

/** A statement that as many trusted keys signed as are needed; or one that nobody had to. */
export interface Offer {
  readonly result: Result;
  /** What vouches for it, as signature files hold it: recorded with it, so that it can be passed on. */
  readonly signatures: readonly string[];
}

export interface Offers {
  /** Asks all caches, each request once a run; those not told of are offered by none. */
  ask(requests: readonly Digest[]): Promise<ReadonlyMap<Digest, Offer>>;
}

export function openOffers(
  caches: readonly Cache[],
  { trusted, required, unsigned = false }: Pick<CacheSettings, "trusted" | "required" | "unsigned">,
  { warn, complain }: { readonly warn: (line: string) => void; readonly complain: Complain },
): Offers {
  const known = new Map<Digest, Promise<Offer | undefined>>();
  const told = new Set<string>();
  const check = openCheck(trusted);
  const askAll = async (requests: readonly Digest[]) => {
    const answers = await Promise.all(caches.map((cache) => claimsOf(cache, requests, trusted, complain)));
    const ignored: Ignored[] = [];
    const offers = new Map<Digest, Offer>();
    for (const request of requests) {
      const claims = answers.flatMap((answer) => answer.get(request) ?? []);
      if (claims.length === 0) continue;
      const verdict = judge(request, claims, { trusted, required, check });
      const word =
        unsigned && verdict.kind === "none"
          ? unanimous(claims.map((claim) => hear(request, claim, trusted, check)))
          : undefined;
      if (word !== undefined) {
        offers.set(request, { result: word, signatures: [] });
        continue;
      }
      for (const one of verdict.ignored) ignored.push(one);
      if (verdict.kind === "conflict") warn(verdict.line);
      if (verdict.kind === "accepted")
        offers.set(request, {
          result: verdict.statement,
          signatures: verdict.signatures.map((one: Signature) => encodeSignature(one)),
        });
    }
    tellIgnored(ignored, told, warn);
    return offers;
  };
  return {
    async ask(requests) {
      const fresh = requests.filter((request) => !known.has(request));
      if (fresh.length > 0) {
        const answers = caches.length === 0 ? Promise.resolve(new Map<Digest, Offer>()) : askAll(fresh);
        for (const request of fresh) {
          const answer = answers.then((offers) => offers.get(request));
          // Where asking is interrupted, the first that is waited for tells it.
          answer.catch(() => {});
          known.set(request, answer);
        }
      }
      const offers = new Map<Digest, Offer>();
      for (const request of requests) {
        const offer = await known.get(request);
        if (offer !== undefined) offers.set(request, offer);
      }
      return offers;
    },
  };
}

/** Of a cache that does not answer: nothing. */
async function claimsOf(
  cache: Cache,
  requests: readonly Digest[],
  trusted: CacheSettings["trusted"],
  complain: Complain,
): Promise<ReadonlyMap<Digest, readonly Claim[]>> {
  if (cache.host.lost !== undefined) return new Map();
  try {
    return await cache.claims(requests, trusted);
  } catch (error) {
    complain(cache, error);
    return new Map();
  }
}

/** One line for each reason and place a run: what many statements have in common is told of the first. */
function tellIgnored(ignored: readonly Ignored[], told: Set<string>, warn: (line: string) => void): void {
  for (const [kind, group] of Map.groupBy(ignored, ({ from, why }) => `${why} ${from}`)) {
    const [first, ...others] = group;
    if (first === undefined || told.has(kind)) continue;
    told.add(kind);
    warn(others.length === 0 ? first.line : `${first.line} (and ${others.length} more like it)`);
  }
}
