// How a file of known content is planned: a fixed output, the only kind of build with a network.
// Pure: makes derivations; does not fetch.

import * as z from "zod/mini";
import type { Canonical } from "../../store/model/canonical.ts";
import { type Content, type Derivation, derivation, parseContent } from "../../store/model/derivation.ts";
import type { FileDigest } from "../../store/model/digest.ts";
import { Fault, type Place } from "../../store/model/fault.ts";

export const fetchVersions = { fetch: "1" } as const;

export type FetchParameters = FileDigest & {
  /** Bytes; absent where nobody said. */
  readonly size?: number;
};

/** Where to look: below an archive, which may have mirrors, or at addresses in order. Part of no key. */
export type FetchPlace =
  | {
      readonly archive: string;
      readonly path: string;
      /** The distribution that leaves its repositories out: the file comes out of the store or a cache, or not at all. */
      readonly leftOutBy?: string;
    }
  | { readonly urls: readonly string[]; readonly beside?: BesideFile };

/** A file that is taken before any address is asked, where it is what is meant. */
export interface BesideFile {
  readonly path: string;
  /** Where a manifest says what it has to be. */
  readonly by: Pick<Place, "file" | "line" | "column">;
}

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
    hints: place as Canonical,
  });
}

/** Where files are looked for beside the addresses that name them. */
export interface FileServers {
  /** The places of an archive, nearest first. */
  readonly mirrors: (archive: string) => readonly string[];
  /** Servers of sources, asked first, that have a file under its SHA-256. */
  readonly sourceServers: readonly string[];
}

/**
 * The addresses of a fetch, nearest first.
 *
 * @throws {Fault} `network/left-out`
 */
export function fetchAddresses(
  { hints, parameters }: Pick<Derivation, "hints" | "parameters">,
  { mirrors, sourceServers }: FileServers,
): { urls: readonly string[] } {
  const place = z.parse(placeShape, hints);
  if ("urls" in place) {
    const { sha256 } = fetchParameters(parameters);
    const served = sha256 === undefined ? [] : sourceServers.map((server) => `${server}/${sha256}`);
    return { urls: [...served, ...place.urls] };
  }
  if (place.leftOutBy !== undefined)
    throw leftOut(place.leftOutBy, 1, [place.path.slice(place.path.lastIndexOf("/") + 1)]);
  const path = encodedPath(place.path);
  return { urls: mirrors(place.archive).map((mirror) => `${mirror}/${path}`) };
}

/** Who leaves out the repositories that a fetch would go to, if anybody does. */
export function leftOutBy(hints: unknown): string | undefined {
  const { success, data } = z.safeParse(placeShape, hints);
  return success && "archive" in data ? data.leftOutBy : undefined;
}

/** Files that are not there, of a distribution whose repositories are not asked. */
export function leftOut(distro: string, count: number, files: readonly string[]): Fault {
  const what = count === 1 ? "a file is" : `${count} files are`;
  return new Fault(
    "network/left-out",
    `${what} neither in the store nor in a cache, and ${distro} leaves its repositories out`,
    {
      details: files,
      hint: `bring what is missing: kit import, or a cache that has it; or add repositories to the search of ${distro}`,
    },
  );
}

/** The place as it is recorded with what came of it: who left what out when is no part of that, nor what lay where. */
export function recordedPlace(hints: Derivation["hints"]): Derivation["hints"] {
  const { success, data } = z.safeParse(placeShape, hints);
  if (!success) return hints;
  if ("urls" in data) return data.beside === undefined ? hints : { urls: data.urls };
  return data.leftOutBy === undefined ? hints : { archive: data.archive, path: data.path };
}

/** The file beside a manifest that is taken before anything is asked for; absent where none would be. */
export function besideIn(hints: unknown): BesideFile | undefined {
  const { success, data } = z.safeParse(placeShape, hints);
  return success && "urls" in data ? data.beside : undefined;
}

/** The archive that a file was fetched from, as it was recorded; undefined for addresses. */
export function archiveIn(hints: unknown): string | undefined {
  const { success, data } = z.safeParse(placeShape, hints);
  return success && "archive" in data ? data.archive : undefined;
}

/** A file's name is not yet part of a URI: what would end it or be decoded there is written out (RFC 3986, 3.3). */
function encodedPath(path: string): string {
  return path.toWellFormed().replace(/[^A-Za-z0-9+._~:@/!$&'()*,;=-]/gu, encodeURIComponent);
}

const placeShape = z.union([
  z.object({ archive: z.string(), path: z.string(), leftOutBy: z.optional(z.string()) }),
  z.object({
    urls: z.array(z.string()),
    beside: z.optional(
      z.object({
        path: z.string(),
        by: z.object({ file: z.string(), line: z.number(), column: z.number() }),
      }),
    ),
  }),
]);
const parametersShape = z.union([
  z.object({ sha256: z.string(), size: z.optional(z.number()) }),
  z.object({ sha512: z.string(), size: z.optional(z.number()) }),
]);
const hintsShape = z.object({ urls: z.array(z.string()), held: z.optional(z.string()) });

export function fetchParameters(parameters: unknown): FetchParameters {
  return z.parse(parametersShape, parameters) as FetchParameters;
}

export function fetchUrls(hints: unknown): readonly string[] {
  return z.parse(hintsShape, hints).urls;
}

/** What the store holds already and only has to be looked at: a file that lay beside a manifest. */
export function fetchHeld(hints: unknown): Content | undefined {
  const { held } = z.parse(hintsShape, hints);
  return held === undefined ? undefined : parseContent(held);
}
