// Records: tree records and result statements as files.
// Knows how statements are read, checked and written; does not know what a request asks for.

import { existsSync, readFileSync } from "node:fs";
import * as z from "zod/mini";
import type { Layout } from "./layout.ts";
import { type Content, parseContent, type Result, splitContent } from "./model/derivation.ts";
import { type Digest, parseDigest } from "./model/digest.ts";
import { Fault } from "./model/fault.ts";
import { openTrees, placeFile, type TreeReader, type TreeWriter } from "./trees.ts";

export interface RecordReader extends TreeReader {
  /** Absent where nothing is recorded for the request. @throws {Fault} `store/corrupt` */
  result(request: Digest): Result | undefined;
  has(content: Content): boolean;
}

export interface RecordWriter extends RecordReader, TreeWriter {
  /**
   * Writes a statement, which is never replaced: where another is recorded that one is returned. What it names
   * must be on disk and flushed before.
   */
  writeResult(result: Result): Result;
}

/** Trees are kept in memory once read, at most `cached` of them. */
export function openRecords(layout: Layout, hasBlob: (blob: Digest) => boolean, cached = 24): RecordWriter {
  const trees = openTrees(layout, cached);
  const result = (request: Digest) =>
    readJson(layout.result(request), (value) => parseResult(value, request));
  return {
    ...trees,
    result,
    has(content) {
      const { kind, digest } = splitContent(content);
      return kind === "tree" ? existsSync(layout.tree(digest)) : hasBlob(digest);
    },
    writeResult(made) {
      const known = result(made.request);
      if (known !== undefined) return known;
      placeFile(layout.result(made.request), `${JSON.stringify(made)}\n`);
      return made;
    },
  };
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
