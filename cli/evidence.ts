// Evidence: what came out otherwise than recorded, told and kept.
// Knows how it is worded and what keeps it; does not know how anything was built again.

import { join } from "node:path";
import type { Differing } from "../builders/realizer/means.ts";
import type { PlannedOutput } from "../evaluator/evaluate.ts";
import { type Content, type Result, splitContent } from "../store/model/derivation.ts";
import type { Digest } from "../store/model/digest.ts";
import { decodeSignature } from "../store/model/signature.ts";
import type { Parts } from "./composition.ts";
import { differenceLines } from "./render/difference.ts";

/** The profile whose generations keep what differs from collection. */
const evidenceProfile = "differing";

export interface EvidenceMeans {
  readonly parts: Parts;
  /** The manifest, for people. */
  readonly label: string;
  /** Seconds since 1970. */
  readonly made: number;
}

/**
 * Keeps both of each pair of outputs, and returns lines on how they differ. What users are given of a plan anyway is
 * made visible too, and what is a file; other trees may hold what others must not run.
 */
export async function evidence(
  differing: readonly Differing[],
  results: ReadonlyMap<Digest, Result>,
  outputs: readonly PlannedOutput[],
  { parts, label, made }: EvidenceMeans,
): Promise<string[]> {
  const pairs = differing.flatMap((item) => pairsOf(item, results));
  if (pairs.length === 0) return [];
  const contents = new Set(pairs.flatMap(({ recorded, now }) => [recorded ?? now, now]));
  const places: Record<string, string> = {};
  const lines: string[] = [];
  for (const pair of pairs) {
    lines.push(...linesOn(pair, parts));
    const title = titleOf(pair);
    const { digest, label } = pair.item.derivation;
    const output = outputs.find(
      ({ derivation, output }) => derivation.digest === digest && output === pair.name,
    );
    const isBlob = splitContent(pair.now).kind === "blob";
    if (output === undefined && !isBlob) continue;
    const file = output === undefined ? label.replaceAll(/[^A-Za-z0-9._+-]+/g, "-") : output.file;
    for (const [when, content] of [
      ["recorded", pair.recorded],
      ["now", pair.now],
    ] as const) {
      if (content === undefined) continue;
      const { place, tree } = await (await parts.keeper()).present(content, file);
      contents.add(tree);
      places[`${title}, ${when}`] = file === undefined ? place : join(place, file);
    }
  }
  const generation = { made, label, outputs: places, contents: [...contents], requests: [] };
  await (await parts.keeper()).addGeneration(evidenceProfile, generation);
  return lines;
}

interface Pair {
  readonly item: Differing;
  readonly name: string;
  readonly request: Digest | undefined;
  readonly recorded: Content | undefined;
  readonly now: Content;
}

function pairsOf(item: Differing, results: ReadonlyMap<Digest, Result>): Pair[] {
  const result = results.get(item.derivation.digest);
  return Object.entries(item.outputs)
    .map(([name, now]) => ({ item, name, request: result?.request, recorded: result?.outputs[name], now }))
    .filter(({ recorded, now }) => recorded !== now);
}

function titleOf({ item, name }: Pick<Pair, "item" | "name">): string {
  return `${item.derivation.label}, ${name}`;
}

function linesOn({ item, name, request, recorded, now }: Pair, { records }: Parts): string[] {
  const title = titleOf({ item, name });
  const signatures = request === undefined ? undefined : records.origin(request)?.signatures;
  const signers = signatures?.map((text) => decodeSignature(text).key.name).join(", ");
  return [
    ...differenceLines(title, recorded, now, (tree) => records.tree(tree)),
    ...(signers === undefined
      ? []
      : [`${title}: the recorded one came out of a cache, signed by ${signers || "nobody"}`]),
  ];
}
