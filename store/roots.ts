// Roots: what must stay, and who says so.
// Knows root files; does not know whether what keeps one alive is still there, and does not delete anything.

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename } from "node:path";
import * as z from "zod/mini";
import type { Layout } from "./layout.ts";
import { type Content, parseContent } from "./model/derivation.ts";
import { type Digest, digestOf, hexOf, parseDigest } from "./model/digest.ts";
import { placeFile } from "./trees.ts";
import { orNone, unreadable } from "./unreadable.ts";

/** What is kept, by whatever keeps it. */
export interface Kept {
  readonly contents: readonly Content[];
  /** The requests whose results made them: kept too, so that the next change builds on them. */
  readonly requests: readonly Digest[];
}

export interface Root extends Kept {
  /** A result link, which keeps as long as it leads into the store; or a lock, as long as it is there. */
  readonly kind: "link" | "lock";
  /** The absolute path of the link, or of the lock. */
  readonly link: string;
}

export interface RootFile {
  /** In `roots/`: processes have the store at different places. */
  readonly name: string;
  /** Changes whenever the root is registered anew. */
  readonly stamp: string;
  readonly root: Root;
}

export const keptShape = { contents: z.array(z.string()), requests: z.array(z.string()) };
const rootShape = z.object({
  // Stores of format 1 knew links only.
  kind: z._default(z.enum(["link", "lock"]), "link"),
  link: z.string(),
  ...keptShape,
});

/** Registers a root; one of the same kind and link is replaced. */
export function writeRoot(layout: Layout, root: Root): void {
  placeFile(`${layout.roots}/${rootId(root).slice(0, 32)}`, `${JSON.stringify(root)}\n`);
}

/** What a session takes hold of ({@link Holds}) before it registers a root: 64 hexadecimal digits. */
export function rootId({ kind, link }: Pick<Root, "kind" | "link">): string {
  return hexOf(digestOf(kind === "link" ? link : `${kind} ${link}`));
}

/** One that is dropped while this looks is passed over. @throws {Fault} `store/corrupt` */
export function readRoots(layout: Layout): RootFile[] {
  const names = readdirSync(layout.roots).filter(isRoot).sort();
  return names.flatMap((name) => {
    try {
      return [rootFile(layout, name)];
    } catch (error) {
      if (existsSync(`${layout.roots}/${name}`)) throw error;
      return [];
    }
  });
}

/** Those that can be read. */
export function readSoundRoots(layout: Layout): Root[] {
  return readdirSync(layout.roots)
    .filter(isRoot)
    .sort()
    .flatMap((name) => orNone(() => readRoot(`${layout.roots}/${name}`)));
}

/** @throws {Fault} `store/corrupt`, or where it is not there */
export function rootFile(layout: Layout, name: string): RootFile {
  const file = `${layout.roots}/${name}`;
  const { ino, mtimeMs } = statSync(file);
  return { name, stamp: `${ino}:${mtimeMs}`, root: readRoot(file) };
}

/** @throws {Fault} `store/corrupt` */
export function readRoot(file: string): Root {
  try {
    const { kind, link, contents, requests } = z.parse(rootShape, JSON.parse(readFileSync(file, "utf8")));
    return { kind, link, contents: contents.map(parseContent), requests: requests.map(parseDigest) };
  } catch (cause) {
    throw unreadable("root", `roots/${basename(file)}`, cause);
  }
}

/** Not one that is being written, or that nobody finished. */
export function isRoot(name: string): boolean {
  return !name.includes(".tmp-");
}
