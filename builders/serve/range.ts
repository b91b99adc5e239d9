// Ranges and validators of requests (RFC 9110, 13 and 14).
// Knows their syntax and what follows from it; does not know files or connections.

import type { Range } from "../../store/cache/storage.ts";

/**
 * The part of a file of `size` bytes that a `Range` header asks for; undefined where all of it is to be sent, as it is
 * where the header cannot be understood or asks for several parts (14.2).
 */
export function rangeOf(header: string | undefined, size: number): Range | "unsatisfiable" | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/i.exec(header ?? "") ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return undefined;
  if (first === "") {
    const length = Math.min(Number(last), size);
    return length === 0 ? "unsatisfiable" : { offset: size - length, length };
  }
  const offset = Number(first);
  if (last !== "" && Number(last) < offset) return undefined;
  if (offset >= size) return "unsatisfiable";
  return { offset, length: Math.min(last === "" ? size : Number(last) + 1, size) - offset };
}

/** What a request makes its answer depend on, in lower-case names. */
export interface Conditions {
  readonly "if-match"?: string | undefined;
  readonly "if-none-match"?: string | undefined;
  readonly "if-range"?: string | undefined;
}

export type Verdict = "failed" | "unchanged" | "whole" | "part";

/** Of a file with this strong ETag: 412, 304, a range to be passed over, or one to be answered (13.2.2). */
export function verdictOf(conditions: Conditions, etag: string): Verdict {
  const match = conditions["if-match"];
  if (match !== undefined && !names(match, etag, false)) return "failed";
  const noneMatch = conditions["if-none-match"];
  if (noneMatch !== undefined && names(noneMatch, etag, true)) return "unchanged";
  const range = conditions["if-range"];
  // A date names no file here: there are no modification dates.
  return range === undefined || range.trim() === etag ? "part" : "whole";
}

function names(list: string, etag: string, weak: boolean): boolean {
  if (list.trim() === "*") return true;
  // ETags of kit's own hold neither commas nor quotes.
  const tags = list.split(",").map((tag) => tag.trim());
  return tags.some((tag) => tag === etag || (weak && tag === `W/${etag}`));
}
