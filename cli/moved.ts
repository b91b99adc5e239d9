// Sources whose address is another than in the plan that was last realized, and whose digest is the same.
// Pure. Knows how addresses stand beside a fetch; does not know what lies there.

import type { Derivation } from "../store/model/derivation.ts";

interface Addresses {
  readonly urls: readonly string[];
}

export function hasAddresses(hints: unknown): hints is Addresses {
  const { urls } = (hints ?? {}) as Partial<Addresses>;
  return Array.isArray(urls) && urls.length > 0;
}

/**
 * A sentence each: a digest that was forgotten gives what was there before, from wherever kit still has it. The first
 * address decides, which is `url`: a forgotten digest is as likely where `mirrors` stay.
 */
export function movedSources(derivations: readonly Derivation[], last: readonly Derivation[]): string[] {
  const before = new Map(last.map(({ digest, hints }) => [digest, hints]));
  return derivations.flatMap(({ digest, label, hints }) => {
    const old = before.get(digest);
    if (!hasAddresses(hints) || !hasAddresses(old)) return [];
    if (hints.urls.slice(0, 1).every((url) => old.urls.includes(url))) return [];
    return `${label}: its address changed and its digest did not: it is what ${old.urls[0]} had; if the new one has something else, change sha256 too`;
  });
}
