// What a manifest means, as a digest: comments, blank lines and the way of writing are no part of it.
// Knows documents; does not know what is asked of them.

import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import type { World } from "../evaluator/evaluate.ts";
import { type Document, readDocument } from "../evaluator/manifest/document.ts";

export function meaningOf({ value }: Pick<Document, "value">): string {
  return createHash("sha256").update(JSON.stringify(value, exactly)).digest("hex");
}

/** JSON has one word for all that is no number, and for nothing. */
function exactly(_key: string, value: unknown): unknown {
  if (typeof value === "string") return `text ${value}`;
  return typeof value === "number" ? `number ${value}` : value;
}

/** Whether a file means this still; not where it is none that can be read. */
export function stillMeans(file: string, meaning: string): boolean {
  try {
    // What waits for a writer is no manifest.
    if (!statSync(file).isFile()) return false;
    return meaningOf(readDocument(file, readFileSync(file, "utf8"))) === meaning;
  } catch {
    return false;
  }
}

/** Manifests that count by what they mean: those that are not a source themselves, too. */
export function meaningsIn({
  assembly,
  locals,
}: Pick<World, "assembly" | "locals">): ReadonlyMap<string, string> {
  const isSource = (file: string) =>
    [...locals.keys()].some((at) => file === at || file.startsWith(`${at}/`));
  const counting = [...assembly.manifests.values()].filter(({ file }) => !isSource(file));
  return new Map(counting.map(({ file, document }) => [file, meaningOf(document)]));
}
