// Damage that was met in passing: what of some contents is not as it was stored goes out of sight, with all that names it.
// Knows trees, statements and pool members; does not know who met it, nor how anything is built again.

import { setAside } from "./aside.ts";
import { openDigestSet } from "./digestset.ts";
import { hashFile } from "./filehash.ts";
import type { Layout } from "./layout.ts";
import { eachBlob, readTree } from "./mark.ts";
import { type Content, splitContent } from "./model/derivation.ts";
import { type Digest, digestFromHex, hexOf } from "./model/digest.ts";
import { Fault } from "./model/fault.ts";
import { type RecordReader, recordedRequests } from "./records.ts";
import { groupsOf, namesIn } from "./usage.ts";

/**
 * Looks at contents that something damaged was met in, and sets aside what is, in an order that leaves nothing naming
 * what is gone: statements, tree records with their checkouts and outputs, pool members. Returns how many blobs and
 * trees are damaged or missing. Hashes all of the contents, and looks at every tree of the store: 1 s for a root.
 */
export function setAsideDamaged(
  layout: Layout,
  records: Pick<RecordReader, "result">,
  contents: readonly Content[],
): number {
  const bad = badIn(layout, contents);
  if (bad.blobs.size + bad.trees.size === 0) return 0;
  const trees = new Set([...bad.trees, ...treesNaming(layout, bad.blobs)]);
  for (const request of recordedRequests(layout)) {
    const named = contentsOf(records, request).map(splitContent);
    const isBad = ({ kind, digest }: ReturnType<typeof splitContent>) =>
      (kind === "tree" ? trees : bad.blobs).has(hexOf(digest));
    if (named.some(isBad)) setAside(layout, { kind: "statement", place: fanned("results", hexOf(request)) });
  }
  for (const hex of trees) {
    setAside(layout, { kind: "tree", place: fanned("trees", hex) });
    setAside(layout, { kind: "checkout", place: `checkouts/${hex}` });
    setAside(layout, { kind: "output", place: `outputs/${hex}` });
  }
  for (const place of bad.members) setAside(layout, { kind: "member", place });
  return bad.blobs.size + bad.trees.size;
}

interface Bad {
  /** Of damaged, or missing, members. */
  readonly blobs: ReadonlySet<string>;
  /** Whose records are damaged. */
  readonly trees: ReadonlySet<string>;
  /** Places of damaged members. */
  readonly members: readonly string[];
}

function badIn(layout: Layout, contents: readonly Content[]): Bad {
  const [blobs, trees, members] = [new Set<string>(), new Set<string>(), [] as string[]];
  const seen = openDigestSet();
  const look = (hex: string) => {
    if (!seen.add(hex)) return;
    const found = membersOf(layout, hex);
    const damaged = found.filter((place) => hexOf(hashFile(`${layout.root}/${place}`).digest) !== hex);
    for (const place of damaged) members.push(place);
    if (found.length === 0 || damaged.length > 0) blobs.add(hex);
  };
  for (const content of contents) {
    const { kind, digest } = splitContent(content);
    const hexes = kind === "blob" ? [hexOf(digest)] : blobsOfTree(layout, digest);
    if (hexes === undefined) trees.add(hexOf(digest));
    else for (const hex of hexes) look(hex);
  }
  return { blobs, trees, members };
}

/** Undefined where its record is missing or damaged. */
function blobsOfTree(layout: Layout, digest: Digest): string[] | undefined {
  try {
    const record = readTree(layout, digest);
    if (record === undefined) return undefined;
    const hexes: string[] = [];
    eachBlob(record, (at) => hexes.push(record.toString("latin1", at, at + 64)));
    return hexes;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function membersOf(layout: Layout, hex: string): string[] {
  const fan = hex.slice(0, 2);
  return namesIn(`${layout.pool}/${fan}`)
    .filter((name) => name.startsWith(`${hex}.`))
    .map((name) => `pool/${fan}/${name}`);
}

function treesNaming(layout: Layout, blobs: ReadonlySet<string>): string[] {
  if (blobs.size === 0) return [];
  return groupsOf(layout.trees, "trees")
    .flatMap(namesIn)
    .filter((name) => name.length === 64)
    .filter((name) => blobsOfTree(layout, digestFromHex(name))?.some((hex) => blobs.has(hex)) ?? true);
}

/** What a statement names; of one that cannot be read, nothing. */
function contentsOf(records: Pick<RecordReader, "result">, request: Digest): Content[] {
  try {
    const result = records.result(request);
    return result === undefined ? [] : [...Object.values(result.outputs), ...result.references];
  } catch (error) {
    if (error instanceof Fault) return [];
    throw error;
  }
}

const fanned = (folder: string, hex: string) => `${folder}/${hex.slice(0, 2)}/${hex}`;
