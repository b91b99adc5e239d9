// Testimonies: what caches say of requests, whoever says it.
// Knows whom to ask; does not decide what is believed, nor fetch what is named.

import type { Digest } from "../../store/model/digest.ts";
import type { PublicKey } from "../../store/model/key.ts";
import { openCheck } from "../../store/model/signature.ts";
import { hear, type Testimony } from "../../store/model/testimony.ts";
import type { Cache } from "./cache.ts";
import { hostFault } from "./refusal.ts";

/** Of a static server, what the trusted keys say. @throws {Fault} `network/…` where a cache does not answer */
export async function testimonies(
  requests: readonly Digest[],
  caches: readonly Cache[],
  trusted: readonly PublicKey[],
): Promise<ReadonlyMap<Digest, readonly Testimony[]>> {
  const answers = await Promise.all(caches.map((cache) => claimsOf(cache, requests, trusted)));
  const check = openCheck(trusted);
  return new Map(
    requests.map((request) => {
      const claims = answers.flatMap((answer) => answer.get(request) ?? []);
      return [request, claims.map((claim) => hear(request, claim, trusted, check))];
    }),
  );
}

async function claimsOf(cache: Cache, requests: readonly Digest[], trusted: readonly PublicKey[]) {
  try {
    return await cache.claims(requests, trusted);
  } catch (error) {
    throw hostFault(error, cache.host.name, "leave it out, or repeat the command when it answers");
  }
}
