// Names: what the files of a cache are called.
// Pure. Knows the one name of each file and refuses every other; does not know what the files hold.

import { type Digest, digestFromHex, hexOf } from "../model/digest.ts";
import { unreachable } from "../model/fault.ts";
import { type Fingerprint, parseFingerprint } from "../model/key.ts";

/** A file of a cache, by what it is of. */
export type CacheFile =
  | { readonly kind: "info" }
  | { readonly kind: "statement"; readonly request: Digest; readonly statement: Digest }
  | { readonly kind: "signature"; readonly request: Digest; readonly key: Fingerprint }
  | { readonly kind: "tree"; readonly tree: Digest }
  | { readonly kind: "delta"; readonly tree: Digest; readonly base: Digest }
  | { readonly kind: "bases"; readonly tree: Digest }
  | { readonly kind: "blob"; readonly blob: Digest }
  | { readonly kind: "pack"; readonly pack: Digest }
  | { readonly kind: "log"; readonly request: Digest };

/** Relative to the cache's root, without a slash before it. */
export function nameOf(file: CacheFile): string {
  switch (file.kind) {
    case "info":
      return "kit-cache-info";
    case "statement":
      return `results/${hexOf(file.request)}/${hexOf(file.statement)}`;
    case "signature":
      return `results/${hexOf(file.request)}/${file.key}.sig`;
    case "tree":
      return `trees/${hexOf(file.tree)}`;
    case "delta":
      return `trees/${hexOf(file.tree)}.from-${hexOf(file.base)}`;
    case "bases":
      return `trees/${hexOf(file.tree)}.bases`;
    case "blob":
      return `blobs/${hexOf(file.blob)}`;
    case "pack":
      return `packs/${hexOf(file.pack)}`;
    case "log":
      return `logs/${hexOf(file.request)}`;
    default:
      return unreachable(file);
  }
}

const names =
  /^(?:(kit-cache-info)|results\/([0-9a-f]{64})\/(?:([0-9a-f]{64})|([0-9a-f]{32})\.sig)|(trees|blobs|packs|logs)\/([0-9a-f]{64})(?:\.from-([0-9a-f]{64})|(\.bases))?)$/;

/** Whether a cache may have a file of this name. */
export function isCacheName(text: string): boolean {
  return parseName(text) !== undefined;
}

/** Absent where the text is no file's name, or not in its one form. */
export function parseName(text: string): CacheFile | undefined {
  const [match, info, request, statement, key, folder, digest, base, bases] = names.exec(text) ?? [];
  if (match === undefined || match.length !== text.length) return undefined;
  if (info !== undefined) return { kind: "info" };
  if (request !== undefined) return ofRequest(digestFromHex(request), statement, key);
  return inFolder(folder ?? "", digestFromHex(digest ?? ""), base, bases);
}

function ofRequest(request: Digest, statement?: string, key?: string): CacheFile | undefined {
  if (statement !== undefined) return { kind: "statement", request, statement: digestFromHex(statement) };
  const fingerprint = parseFingerprint(key ?? "");
  return fingerprint && { kind: "signature", request, key: fingerprint };
}

function inFolder(folder: string, digest: Digest, base?: string, bases?: string): CacheFile | undefined {
  if (folder === "trees") {
    if (base !== undefined) return { kind: "delta", tree: digest, base: digestFromHex(base) };
    return { kind: bases === undefined ? "tree" : "bases", tree: digest };
  }
  if (base !== undefined || bases !== undefined) return undefined;
  if (folder === "blobs") return { kind: "blob", blob: digest };
  return folder === "packs" ? { kind: "pack", pack: digest } : { kind: "log", request: digest };
}
