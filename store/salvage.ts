// Salvage: what was set aside comes back when it is whole again.
// Knows records under `corrupt/`; does not know how what they lack was made again.

import { existsSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import type { Layout } from "./layout.ts";
import { eachBlob } from "./mark.ts";
import { type Content, type Origin, type Result, splitContent } from "./model/derivation.ts";
import { type Digest, digestFromHex, digestOf, hexOf } from "./model/digest.ts";
import { Fault } from "./model/fault.ts";
import { type RecordReader, readRecordFile } from "./records.ts";
import { namesIn } from "./usage.ts";

/** A result that is set aside: something that it names is damaged or gone, or its own record is. */
export interface Lost {
  readonly request: Digest;
  readonly origin?: Origin;
}

/**
 * Puts back tree records whose blobs are all there, then statements whose contents are; drops statements in whose place
 * another was recorded. Returns how many results came back, and those that did not, the smallest first: what they are
 * made of is soonest whole when these are made again.
 */
export function restore(
  layout: Layout,
  records: Pick<RecordReader, "has">,
): { restored: number; lost: Lost[] } {
  const names = namesIn(layout.corrupt);
  const there = blobsIn(layout);
  for (const hex of hexesOf(names, "tree")) putBackTree(layout, hex, there);
  let restored = 0;
  const lost: { readonly one: Lost; readonly weight: number }[] = [];
  for (const hex of hexesOf(names, "statement")) {
    const aside = `${layout.corrupt}/statement-${hex}`;
    const request = digestFromHex(hex);
    const { result, origin } = readAside(aside, request);
    if (existsSync(layout.result(request))) {
      rmSync(aside, { force: true });
      restored++;
    } else if (result !== undefined && contentsOf(result).every(records.has)) {
      renameSync(aside, layout.result(request));
      restored++;
    } else lost.push({ one: { request, ...(origin && { origin }) }, weight: weightOf(layout, result) });
  }
  return { restored, lost: lost.sort((a, b) => a.weight - b.weight).map(({ one }) => one) };
}

function hexesOf(names: readonly string[], kind: string): string[] {
  return names.flatMap((name) => {
    const [, found, hex] = /^([a-z]+)-([0-9a-f]{64})$/.exec(name) ?? [];
    return found === kind && hex !== undefined ? [hex] : [];
  });
}

function blobsIn(layout: Layout): ReadonlySet<string> {
  return new Set(
    namesIn(layout.pool).flatMap((fan) => namesIn(`${layout.pool}/${fan}`).map((name) => name.slice(0, 64))),
  );
}

function putBackTree(layout: Layout, hex: string, there: ReadonlySet<string>): void {
  const aside = `${layout.corrupt}/tree-${hex}`;
  const place = layout.tree(digestFromHex(hex));
  const record = readFileSync(aside);
  if (existsSync(place) || hexOf(digestOf(record)) !== hex) return;
  let isWhole = true;
  eachBlob(record, (at) => {
    isWhole &&= there.has(record.toString("latin1", at, at + 64));
  });
  if (isWhole) renameSync(aside, place);
}

function readAside(file: string, request: Digest): { result?: Result; origin?: Origin } {
  try {
    return readRecordFile(file, request);
  } catch (error) {
    if (error instanceof Fault) return {};
    throw error;
  }
}

function contentsOf({ outputs, references }: Result): Content[] {
  return [...Object.values(outputs), ...references];
}

/** Bytes of the tree records that it names, wherever they are: as good as how many files it has. */
function weightOf(layout: Layout, result: Result | undefined): number {
  if (result === undefined) return 0;
  return contentsOf(result).reduce((sum, content) => {
    const { kind, digest } = splitContent(content);
    if (kind === "blob") return sum;
    const places = [layout.tree(digest), `${layout.corrupt}/tree-${hexOf(digest)}`];
    const sizes = places.map((place) => statSync(place, { throwIfNoEntry: false })?.size ?? 0);
    return sum + Math.max(...sizes);
  }, 0);
}
