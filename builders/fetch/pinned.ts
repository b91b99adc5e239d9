// Files that manifests pin by their digests: planned to be taken from beside the manifest, or else fetched.
// Pure. Knows what such a file is called; does not look for it.

import { dirname, join } from "node:path/posix";
import { type Input, placed } from "../../store/model/derivation.ts";
import { parseSha256 } from "../../store/model/digest.ts";
import type { Place } from "../../store/model/fault.ts";
import { type BesideFile, fetchDerivation } from "./recipe.ts";

/** As manifests write it. */
export interface PinnedFile {
  readonly url: string;
  readonly sha256: string;
  readonly mirrors: readonly string[];
}

/** @param place where the manifest has its address, in whose folder a file of its name is looked for, and its digest */
export function pinnedFile(
  label: string,
  { url, sha256, mirrors }: PinnedFile,
  place: (key: "url" | "sha256") => Place,
): Input {
  const name = fileInAddress(url);
  const by = place("url");
  const beside = name === undefined ? {} : { beside: besideFile(join(dirname(by.file), name), by) };
  const wanted = { sha256: parseSha256(sha256) };
  const fetched = fetchDerivation(label, wanted, { urls: [url, ...mirrors], ...beside });
  return { derivation: placed(fetched, { "": by, digest: place("sha256") }), output: "file" };
}

/** A place has more to it, which is for people alone. */
export function besideFile(path: string, { file, line, column }: Place): BesideFile {
  return { path, by: { file, line, column } };
}

/** The last part of its path, percent signs read (RFC 3986 2.1); absent where that is no name of a file. */
export function fileInAddress(url: string): string | undefined {
  const { pathname } = new URL(url);
  const name = decoded(pathname.slice(pathname.lastIndexOf("/") + 1));
  const isName = name !== undefined && /^(?!\.{1,2}$)[^/\p{Cc}]+$/u.test(name);
  return isName && Buffer.byteLength(name) <= 255 ? name : undefined;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
