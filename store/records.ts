// Records: tree records and result statements as files.
// Knows how they are read, checked and written; does not know what a request asks for.

import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import * as z from "zod/mini";
import type { Layout } from "./layout.ts";
import { type Content, parseContent, type Result, splitContent } from "./model/derivation.ts";
import { type Digest, digestOf, parseDigest } from "./model/digest.ts";
import { Fault } from "./model/fault.ts";
import { decodeTree, encodeTree, type Tree } from "./model/tree.ts";

export interface RecordReader {
  /** Absent where nothing is recorded for the request. */
  result(request: Digest): Result | undefined;
  /** @throws {Fault} `store/missing-tree`, `store/corrupt` */
  tree(digest: Digest): Tree;
  has(content: Content): boolean;
}

export interface RecordWriter extends RecordReader {
  writeTree(tree: Tree): Digest;
  /**
   * Writes a statement, which is never replaced: where another is recorded that one is returned. What it names
   * must be on disk and flushed before.
   */
  writeResult(result: Result): Result;
}

/** Trees are kept in memory once read, at most `cached` of them (a root of 9,000 files is about 3 MB). */
export function openRecords(layout: Layout, hasBlob: (blob: Digest) => boolean, cached = 24): RecordWriter {
  const trees = new Map<Digest, Tree>();
  const remember = (digest: Digest, tree: Tree) => {
    trees.delete(digest);
    trees.set(digest, tree);
    const oldest = trees.size > cached ? trees.keys().next().value : undefined;
    if (oldest !== undefined) trees.delete(oldest);
    return tree;
  };
  const writeFile = (place: string, bytes: Uint8Array | string) => {
    // Threads of one process, and processes of two containers with one id, may write the same record.
    const temporary = `${place}.tmp-${randomUUID().slice(0, 13)}`;
    try {
      writeFileSync(temporary, bytes, { mode: 0o644, flag: "wx" });
      renameSync(temporary, place);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  };
  const records: RecordWriter = {
    result: (request) => readJson(layout.result(request), (value) => parseResult(value, request)),
    tree(digest) {
      const known = trees.get(digest);
      if (known !== undefined) return remember(digest, known);
      let bytes: Buffer;
      try {
        bytes = readFileSync(layout.tree(digest));
      } catch (cause) {
        throw new Fault("store/missing-tree", `the store lacks the tree ${digest}`, {
          cause,
          hint: "run `kit store verify --repair`",
        });
      }
      if (digestOf(bytes) !== digest) {
        throw new Fault("store/corrupt", `the record of ${digest} holds other bytes`, {
          hint: "run `kit store verify --repair`",
        });
      }
      return remember(digest, decodeTree(bytes));
    },
    has(content) {
      const { kind, digest } = splitContent(content);
      return kind === "tree" ? existsSync(layout.tree(digest)) : hasBlob(digest);
    },
    writeTree(tree) {
      const bytes = encodeTree(tree);
      const digest = digestOf(bytes);
      const place = layout.tree(digest);
      if (!existsSync(place)) writeFile(place, bytes);
      remember(digest, tree);
      return digest;
    },
    writeResult(result) {
      const known = records.result(result.request);
      if (known !== undefined) return known;
      writeFile(layout.result(result.request), `${JSON.stringify(result)}\n`);
      return result;
    },
  };
  return records;
}

const resultShape = z.object({
  format: z.literal("kit/result/1"),
  request: z.string(),
  outputs: z.record(z.string(), z.string()),
  references: z.array(z.string()),
});

function parseResult(value: unknown, request: Digest): Result {
  const parsed = z.parse(resultShape, value);
  if (parsed.request !== request) throw new Error("it is the statement of another request");
  return {
    format: parsed.format,
    request: parseDigest(parsed.request),
    outputs: Object.fromEntries(
      Object.entries(parsed.outputs).map(([name, content]) => [name, parseContent(content)]),
    ),
    references: parsed.references.map(parseContent),
  };
}

function readJson<T>(place: string, parse: (value: unknown) => T): T | undefined {
  let text: string;
  try {
    text = readFileSync(place, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return parse(JSON.parse(text));
  } catch (cause) {
    throw new Fault("store/corrupt", `the record ${place} cannot be read: ${(cause as Error).message}`, {
      cause,
      hint: "run `kit store verify --repair`: what is damaged is set aside and built again",
    });
  }
}
