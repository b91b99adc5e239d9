// Answering questions in bulk (CACHE.md, "Servers"): many small ones in one exchange.
// Knows the lines of questions and answers; does not know who asks.

import { gathered, inOrder } from "../../store/cache/flow.ts";
import { isCacheName } from "../../store/cache/names.ts";
import { type LocalStorage, type OpenFile, readSmall } from "../../store/cache/storage.ts";
import { unreachable } from "../../store/model/fault.ts";
import { type Exchange, Refusal, tooLarge } from "./exchange.ts";
import type { Question } from "./route.ts";
import { longestRun, type Part, type Run, runsOf } from "./runs.ts";

/** What one question may hold, and what its answer. Sizes are bytes. */
export const bulkLimits = {
  question: 4 * 2 ** 20,
  lines: 100_000,
  answer: 2 ** 30,
  /** Of a statement or signature. */
  record: 2 ** 20,
} as const;

/** Milliseconds for all of a question. */
const askWithin = 30_000;

export async function answerBulk(
  exchange: Exchange,
  question: Question,
  storage: LocalStorage,
): Promise<void> {
  const lines = await linesOf(exchange);
  switch (question) {
    case "results":
      return await answerResults(exchange, lines, storage);
    case "has":
      return await answerHas(exchange, lines, storage);
    case "ranges":
      return await answerRanges(exchange, lines, storage);
    default:
      return unreachable(question);
  }
}

async function linesOf(exchange: Exchange): Promise<string[]> {
  const { question, lines: most } = bulkLimits;
  if (Number(exchange.request.headers["content-length"] ?? 0) > question) throw tooLarge(question);
  const clock = setTimeout(() => exchange.request.socket.destroy(), askWithin);
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of exchange.body(question)) pieces.push(piece);
  } finally {
    clearTimeout(clock);
  }
  const lines = Buffer.concat(pieces).toString("latin1").split("\n");
  if (lines.at(-1) === "") lines.pop();
  if (lines.length > most) throw new Refusal(413, `at most ${most} lines are taken`);
  return lines;
}

async function answerResults(
  exchange: Exchange,
  requests: readonly string[],
  storage: LocalStorage,
): Promise<void> {
  const odd = requests.findIndex((request) => !/^[0-9a-f]{64}$/.test(request));
  if (odd >= 0) throw badLine(odd, "no digest of a request");
  exchange.begin(200, textHeaders);
  // Each once: a line of 65 bytes is answered with all that is said of a request.
  const found = inOrder(new Set(requests), 16, async (request) =>
    (await storage.list(`results/${request}`)).map((file) => `${request}/${file}`),
  );
  let lines = "";
  for await (const names of found) {
    for (const name of names) {
      lines += await recordLine(storage, name);
      if (lines.length < batch) continue;
      await exchange.send(Buffer.from(lines));
      lines = "";
    }
  }
  if (lines !== "") await exchange.send(Buffer.from(lines));
  exchange.end();
}

/** Empty where the file is none that a reader would take. */
async function recordLine(storage: LocalStorage, name: string): Promise<string> {
  const size = await storage.size(`results/${name}`);
  if (size === undefined || size > bulkLimits.record) return "";
  const bytes = await readSmall(storage, `results/${name}`, bulkLimits.record);
  return bytes === undefined ? "" : `${name} ${JSON.stringify(bytes.toString("utf8"))}\n`;
}

async function answerHas(exchange: Exchange, names: readonly string[], storage: LocalStorage): Promise<void> {
  const odd = names.findIndex((name) => !isCacheName(name));
  if (odd >= 0) throw badLine(odd, "no name of a cache's file");
  let there = "";
  const found = inOrder(names, 32, async (name) =>
    (await storage.size(name)) === undefined ? "" : `${name}\n`,
  );
  for await (const line of found) there += line;
  const text = Buffer.from(there);
  exchange.begin(200, { ...textHeaders, "content-length": text.length });
  await exchange.send(text);
  exchange.end();
}

async function answerRanges(
  exchange: Exchange,
  lines: readonly string[],
  storage: LocalStorage,
): Promise<void> {
  const parts = lines.map(partOf);
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  if (total > bulkLimits.answer) throw new Refusal(413, `at most ${bulkLimits.answer} bytes are answered`);
  await requireParts(parts, storage);
  exchange.begin(200, {
    "content-type": "application/octet-stream",
    "cache-control": "no-store",
    "content-length": total,
  });
  for await (const bytes of gathered(bytesOf(runsOf(parts), storage), batch)) await exchange.send(bytes);
  exchange.end();
}

function partOf(line: string, index: number): Part {
  const [, name = "", offset, length] = /^(\S+) (\d{1,15}) (\d{1,15})$/.exec(line) ?? [];
  if (!isCacheName(name)) throw badLine(index, "no NAME OFFSET LENGTH of a cache's file");
  return { name, offset: Number(offset), length: Number(length) };
}

/** Everything is looked for before anything is answered: half an answer could not be told from a whole one. */
async function requireParts(parts: readonly Part[], storage: LocalStorage): Promise<void> {
  const names = [...new Set(parts.map(({ name }) => name))];
  const sizes = new Map<string, number | undefined>();
  const found = inOrder(names, 32, async (name) => [name, await storage.size(name)] as const);
  for await (const [name, size] of found) sizes.set(name, size);
  parts.forEach(({ name, offset, length }, index) => {
    const size = sizes.get(name);
    if (size === undefined) throw new Refusal(404, `line ${index + 1}: there is no such file`);
    if (offset + length > size) throw new Refusal(416, `line ${index + 1}: the file has ${size} bytes`);
  });
}

/** What all runs are asked for, in order. Of a file that several follow each other in, some are read ahead. */
async function* bytesOf(runs: readonly Run[], storage: LocalStorage): AsyncGenerator<Uint8Array> {
  for (let from = 0, to = 0; from < runs.length; from = to) {
    const name = runs[from]?.name ?? "";
    while (runs[to]?.name === name) to++;
    const file = await storage.open(name);
    if (file === undefined) throw new Error(`${name} is gone`);
    try {
      for await (const read of inOrder(runs.slice(from, to), 4, (run) => readRun(run, file))) yield* read;
    } finally {
      await file.close();
    }
  }
}

/** A run of one part may be long, and is read as it is sent; others are in memory. */
async function readRun(run: Run, file: OpenFile): Promise<AsyncIterable<Uint8Array> | Uint8Array[]> {
  const pieces = file.read(run);
  if (run.length > longestRun) return pieces;
  const read: Uint8Array[] = [];
  for await (const piece of pieces) read.push(piece);
  const bytes = Buffer.concat(read);
  return run.parts.map(({ offset, length }) =>
    bytes.subarray(offset - run.offset, offset - run.offset + length),
  );
}

function badLine(index: number, why: string): Refusal {
  return new Refusal(400, `line ${index + 1} is ${why}`);
}

/** Bytes, or characters, that are sent at once. */
const batch = 256 * 1024;
const textHeaders = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
