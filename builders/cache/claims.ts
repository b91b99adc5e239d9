// Claims on their way in: which of a cache's files below `results/` are looked at at all.
// Knows names and numbers, so that who writes much makes nobody read it; does not know what is believed.

import { parseName } from "../../store/cache/names.ts";
import { type Digest, hexOf } from "../../store/model/digest.ts";
import type { PublicKey } from "../../store/model/key.ts";
import type { Claim } from "../../store/model/signature.ts";

/** Files of a request that are looked at though no key that is asked for names them. */
export const mostOthers = 64;

export interface Claims {
  /** A file that is looked at: on one of the requests, not seen before, and not one of too many others. */
  wants(name: string): boolean;
  /** What a wanted file holds. */
  add(name: string, text: string | Uint8Array): void;
  /** Of every request. */
  readonly found: ReadonlyMap<Digest, Claim[]>;
  /** How many files were too many. */
  readonly passedOver: number;
}

/** Of each request the files that these keys name, and a number of others; `from` is the cache's name. */
export function openClaims(
  requests: readonly Digest[],
  keys: readonly Pick<PublicKey, "fingerprint">[],
  from: string,
): Claims {
  const found = new Map<Digest, Claim[]>(requests.map((request) => [request, []]));
  const asked = new Set(keys.map(({ fingerprint }) => fingerprint));
  const others = new Map<Digest, number>();
  const seen = new Set<string>();
  let passedOver = 0;
  return {
    found,
    get passedOver() {
      return passedOver;
    },
    wants(name) {
      const file = parseName(name);
      if (file?.kind !== "statement" && file?.kind !== "signature") return false;
      const { request } = file;
      if (!found.has(request) || seen.has(name)) return false;
      if (file.kind === "statement" || !asked.has(file.key)) {
        const count = others.get(request) ?? 0;
        if (count === mostOthers) {
          passedOver++;
          return false;
        }
        others.set(request, count + 1);
      }
      seen.add(name);
      return true;
    },
    add(name, text) {
      const file = parseName(name);
      if (file?.kind !== "statement" && file?.kind !== "signature") return;
      const own = file.kind === "statement" ? hexOf(file.statement) : `${file.key}.sig`;
      found.get(file.request)?.push({ from, text, name: own });
    },
  };
}
