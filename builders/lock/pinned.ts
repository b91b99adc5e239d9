// What a lock pins, as requests: those whose results are the packages' files.
// Pure. Knows locked packages; does not know what was fetched of them.

import type { Stanza } from "../../evaluator/deb/stanza.ts";
import type { Lock } from "../../evaluator/lock.ts";
import { requestDigest } from "../../store/model/derivation.ts";
import { type Digest, isSha256 } from "../../store/model/digest.ts";
import { fetchDerivation } from "../fetch/recipe.ts";
import { resolveRequest } from "../realizer/resolve.ts";

/** A package as the lock has it. */
export interface Pinned {
  /** Repository and suite, with a space between. */
  readonly from: string;
  readonly stanza: Stanza;
}

/** The request of each pinned package's file, once each and sorted. Where it is fetched from is no part of it. */
export function pinnedRequests(lock: Lock): readonly Digest[] {
  const stanzas = Object.values(lock.distros).flatMap(({ packages }) =>
    Object.values(packages).map(({ stanza }) => stanza),
  );
  return [...new Set(stanzas.flatMap((stanza) => pinnedRequest(stanza) ?? []))].sort();
}

/** Undefined where the stanza does not say what file it is. */
export function pinnedRequest(stanza: Stanza): Digest | undefined {
  const [sha256 = "", size] = [stanza["SHA256"], Number(stanza["Size"])];
  if (!isSha256(sha256) || !Number.isSafeInteger(size)) return undefined;
  const request = resolveRequest(fetchDerivation("", { sha256, size }, { urls: [] }), new Map());
  return request && requestDigest(request);
}
