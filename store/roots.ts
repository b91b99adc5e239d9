// Roots: what must stay, and who says so.
// Knows root files and whether a link still points here; does not delete anything.

import { readdirSync, readFileSync } from "node:fs";
import * as z from "zod/mini";
import type { Layout } from "./layout.ts";
import { type Content, parseContent } from "./model/derivation.ts";
import { type Digest, digestOf, hexOf, parseDigest } from "./model/digest.ts";
import { Fault } from "./model/fault.ts";
import { placeFile } from "./trees.ts";

export interface Root {
  /** The absolute path of the link that keeps this alive. */
  readonly link: string;
  readonly contents: readonly Content[];
  /** The requests whose results made them: kept too, so that the next change builds on them. */
  readonly requests: readonly Digest[];
}

const shape = z.object({ link: z.string(), contents: z.array(z.string()), requests: z.array(z.string()) });

/** Registers a root; one with the same link is replaced. */
export function writeRoot(layout: Layout, root: Root): void {
  placeFile(rootPlace(layout, root.link), `${JSON.stringify(root)}\n`);
}

/** @throws {Fault} `store/corrupt` */
export function readRoots(layout: Layout): { readonly file: string; readonly root: Root }[] {
  return readdirSync(layout.roots)
    .filter((name) => isRoot(name))
    .sort()
    .map((name) => ({ file: `${layout.roots}/${name}`, root: readRoot(`${layout.roots}/${name}`) }));
}

/** @throws {Fault} `store/corrupt` */
export function readRoot(file: string): Root {
  try {
    const { link, contents, requests } = z.parse(shape, JSON.parse(readFileSync(file, "utf8")));
    return { link, contents: contents.map(parseContent), requests: requests.map(parseDigest) };
  } catch (cause) {
    throw new Fault("store/corrupt", `the root ${file} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: "run `kit store verify --repair`",
    });
  }
}

/** Not one that is being written, or that nobody finished. */
export function isRoot(name: string): boolean {
  return !name.includes(".tmp-");
}

function rootPlace(layout: Layout, link: string): string {
  return `${layout.roots}/${hexOf(digestOf(link)).slice(0, 32)}`;
}
