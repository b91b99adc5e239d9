// How a file of known content is planned: a fixed output, the only kind of build with a network.
// Pure: makes derivations; does not fetch.

import * as z from "zod/mini";
import type { Canonical } from "../../store/model/canonical.ts";
import { type Derivation, derivation } from "../../store/model/derivation.ts";
import type { FileDigest } from "../../store/model/digest.ts";

export const fetchVersions = { fetch: "1" } as const;

export type FetchParameters = FileDigest & {
  /** Bytes; absent where nobody said. */
  readonly size?: number;
};

/** Where to look: below an archive, which may have mirrors, or at addresses in order. Part of no key. */
export type FetchPlace =
  | { readonly archive: string; readonly path: string }
  | { readonly urls: readonly string[] };

/** Output `file`, a blob. */
export function fetchDerivation(label: string, wanted: FetchParameters, place: FetchPlace): Derivation {
  const { sha256, sha512, size } = wanted;
  const parameters: Canonical = { sha256, sha512, size };
  return derivation({
    builder: "fetch",
    label,
    parameters,
    inputs: {},
    outputs: ["file"],
    hints: { ...place },
  });
}

/** The addresses of a fetch, nearest first; `mirrors` gives the places of an archive. */
export function fetchAddresses(
  hints: unknown,
  mirrors: (archive: string) => readonly string[],
): { urls: readonly string[] } {
  const place = z.parse(placeShape, hints);
  if ("urls" in place) return { urls: place.urls };
  const path = encodedPath(place.path);
  return { urls: mirrors(place.archive).map((mirror) => `${mirror}/${path}`) };
}

/** A file's name is not yet part of a URI: what would end it or be decoded there is written out (RFC 3986, 3.3). */
function encodedPath(path: string): string {
  return path.toWellFormed().replace(/[^A-Za-z0-9+._~:@/!$&'()*,;=-]/gu, encodeURIComponent);
}

const placeShape = z.union([
  z.object({ archive: z.string(), path: z.string() }),
  z.object({ urls: z.array(z.string()) }),
]);
const parametersShape = z.union([
  z.object({ sha256: z.string(), size: z.optional(z.number()) }),
  z.object({ sha512: z.string(), size: z.optional(z.number()) }),
]);
const hintsShape = z.object({ urls: z.array(z.string()) });

export function fetchParameters(parameters: unknown): FetchParameters {
  return z.parse(parametersShape, parameters) as FetchParameters;
}

export function fetchUrls(hints: unknown): readonly string[] {
  return z.parse(hintsShape, hints).urls;
}
