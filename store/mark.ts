// Marking: everything that roots, and running sessions, keep alive.
// Knows statements and tree records; does not know what becomes of the rest.

import { readFileSync } from "node:fs";
import { type DigestSet, openDigestSet } from "./digestset.ts";
import type { Layout } from "./layout.ts";
import { type Content, splitContent } from "./model/derivation.ts";
import { type Digest, digestFromHex, digestOf, hexOf } from "./model/digest.ts";
import { Fault } from "./model/fault.ts";
import type { RecordReader } from "./records.ts";
import type { Kept } from "./roots.ts";

/** What is alive. Grows only. */
export interface Live {
  readonly requests: DigestSet;
  readonly trees: DigestSet;
  readonly blobs: DigestSet;
  /** What is not there is no loss. @throws {Fault} `store/corrupt` where a record that is kept cannot be read */
  keep(kept: Kept): void;
  keepRequest(hex: string): void;
  keepTree(hex: string): void;
}

export function openLive(layout: Layout, records: Pick<RecordReader, "result">, expected = 1024): Live {
  const [requests, trees, blobs] = [openDigestSet(), openDigestSet(), openDigestSet(expected)];
  const keepTree = (hex: string) => {
    if (!trees.add(hex)) return;
    const record = readTree(layout, digestFromHex(hex));
    if (record !== undefined) eachBlob(record, (at) => blobs.addFrom(record, at));
  };
  const keepContent = (content: Content) => {
    const { kind, digest } = splitContent(content);
    if (kind === "blob") blobs.add(hexOf(digest));
    else keepTree(hexOf(digest));
  };
  const keepRequest = (hex: string) => {
    if (!requests.add(hex)) return;
    const result = records.result(digestFromHex(hex));
    if (result !== undefined) [...Object.values(result.outputs), ...result.references].forEach(keepContent);
  };
  return {
    requests,
    trees,
    blobs,
    keepRequest,
    keepTree,
    keep({ contents, requests }) {
      contents.forEach(keepContent);
      for (const request of requests) keepRequest(hexOf(request));
    },
  };
}

/** A record that is what its name says, or none. Its form is not looked at: no other bytes have the digest. */
export function readTree(layout: Layout, digest: Digest): Buffer | undefined {
  let record: Buffer;
  try {
    record = readFileSync(layout.tree(digest));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  if (digestOf(record) === digest) return record;
  throw new Fault("store/corrupt", `the record of ${digest} holds other bytes`, {
    hint: "run `kit store verify --repair`",
  });
}

/**
 * Tells where in a tree's record the digest of each file's blob begins (FORMAT.md): after `f MODE UID:GID SIZE `. 0.1 µs
 * an entry, where decoding takes 4.
 */
export function eachBlob(record: Buffer, tell: (at: number) => void): void {
  for (let at = record.indexOf("\nf ", 0, "latin1"); at >= 0; at = record.indexOf("\nf ", at + 1, "latin1")) {
    let place = at + 3;
    for (let spaces = 0; spaces < 3; place++) if (record[place] === 0x20) spaces++;
    tell(place);
  }
}
