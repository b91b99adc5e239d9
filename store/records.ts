// Records: tree records and result statements as files.
// Knows how statements are read, checked and written; does not know what a request asks for.

import { existsSync, readFileSync } from "node:fs";
import { relative } from "node:path";
import * as z from "zod/mini";
import { setAside } from "./aside.ts";
import type { Holds } from "./holds.ts";
import type { Layout } from "./layout.ts";
import { type Content, type Origin, parseContent, type Result, splitContent } from "./model/derivation.ts";
import { type Digest, digestFromHex, parseDigest } from "./model/digest.ts";
import { Fault } from "./model/fault.ts";
import { noteShape } from "./note.ts";
import { openTrees, placeFile, type TreeReader, type TreeWriter } from "./trees.ts";
import { unreadable } from "./unreadable.ts";
import { groupsOf, namesIn } from "./usage.ts";

export interface RecordReader extends TreeReader {
  /** Absent where nothing is recorded for the request. @throws {Fault} `store/corrupt` */
  result(request: Digest): Result | undefined;
  /** The same, as far as its statement can be read and all that it names is there. */
  sound(request: Digest): Result | undefined;
  /** How a recorded result came about; absent where that is not known. Never throws. */
  origin(request: Digest): Origin | undefined;
  has(content: Content): boolean;
}

export interface RecordWriter extends RecordReader, TreeWriter {
  /**
   * Writes a statement, which is never replaced: where a sound one is recorded that one is returned. What it names
   * must be on disk and flushed before.
   */
  writeResult(result: Result, origin?: Origin): Result;
}

export interface RecordOptions {
  readonly hasBlob: (blob: Digest) => boolean;
  readonly holds: Holds;
  /** Trees are kept in memory once read, at most so many; 24. */
  readonly cached?: number;
}

export function openRecords(layout: Layout, { hasBlob, holds, cached = 24 }: RecordOptions): RecordWriter {
  const trees = openTrees(layout, holds, cached);
  const result = (request: Digest) => {
    const place = layout.result(request);
    const [statement] = linesOf(place);
    return statement === undefined ? undefined : readStatement(place, statement, request);
  };
  const has = (content: Content) => {
    const { kind, digest } = splitContent(content);
    return kind === "tree" ? existsSync(layout.tree(digest)) : hasBlob(digest);
  };
  const records: RecordWriter = {
    ...trees,
    result,
    sound(request) {
      const found = readable(() => result(request));
      const contents = found === undefined ? [] : [...Object.values(found.outputs), ...found.references];
      return contents.every(has) ? found : undefined;
    },
    origin(request) {
      const [, origin] = linesOf(layout.result(request));
      return origin ? readOrigin(origin) : undefined;
    },
    has,
    writeResult(made, origin) {
      const known = records.sound(made.request);
      if (known !== undefined) return known;
      const place = layout.result(made.request);
      // One that cannot be read, or names what is gone, is no statement that could be kept.
      if (existsSync(place)) setAside(layout, { kind: "statement", place: relative(layout.root, place) });
      const lines = [JSON.stringify(made), ...(origin === undefined ? [] : [JSON.stringify(origin)])];
      placeFile(place, lines.map((line) => `${line}\n`).join(""));
      return made;
    },
  };
  return records;
}

/** Nothing, where what is read is damaged. */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** Every request that has a statement, sound or not. */
export function recordedRequests(layout: Layout): Digest[] {
  return groupsOf(layout.results, "results").flatMap((group) =>
    namesIn(group)
      .filter((name) => /^[0-9a-f]{64}$/.test(name))
      .map(digestFromHex),
  );
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

/** The note is checked whole, the rest when it is used: it is kit's own, and only tells how to build again. */
const originShape = z.object({
  note: noteShape,
  request: z.optional(
    z.looseObject({
      builder: z.string(),
      versions: z.record(z.string(), z.string()),
      inputs: z.record(z.string(), z.string()),
      outputs: z.array(z.string()),
    }),
  ),
  hints: z.optional(z.unknown()),
  signatures: z.optional(z.array(z.string())),
});

/**
 * A statement's file, wherever it lies; how the result came about also where the statement itself is damaged.
 *
 * @throws what reading throws
 */
export function readRecordFile(file: string, request: Digest): { result?: Result; origin?: Origin } {
  const [statement = "", line] = linesOf(file);
  const result = readable(() => readStatement(file, statement, request));
  const origin = line ? readOrigin(line) : undefined;
  return { ...(result && { result }), ...(origin && { origin }) };
}

/** Of a statement's file: the statement, then how it came about. None where there is no such file. */
function linesOf(place: string): string[] {
  try {
    return readFileSync(place, "utf8").split("\n", 2);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function readStatement(place: string, line: string, request: Digest): Result {
  try {
    return parseResult(JSON.parse(line), request);
  } catch (cause) {
    throw unreadable("statement", place.split("/").slice(-3).join("/"), cause);
  }
}

function readOrigin(line: string): Origin | undefined {
  try {
    return z.parse(originShape, JSON.parse(line)) as unknown as Origin;
  } catch {
    return undefined;
  }
}
