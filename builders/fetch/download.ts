// A download: one file from the first of several addresses that gives exactly the bytes asked for.
// Knows when to go on, to start again and to give up; does not know HTTP's details or where the bytes end up.

import type { Dispatcher } from "undici";
import type { Sha256, Sha512 } from "../../store/model/digest.ts";
import { ask } from "./exchange.ts";
import type { Sink } from "./sink.ts";
import { type FailedAddress, faultFrom, Trouble } from "./trouble.ts";
import { endlessPatience, leastProgress, openWatch, type Watch } from "./watch.ts";

/** What is asked for. Sizes are bytes. */
export interface Wanted {
  /** Known bytes: from any address, and an earlier process's partial file is gone on with. */
  readonly sha256?: Sha256 | undefined;
  /** Known bytes too, told by another digest. */
  readonly sha512?: Sha512 | undefined;
  readonly size?: number | undefined;
  /** The most bytes that are taken, whatever the size is said to be; default 16 GiB. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the bytes held so far and, where it is known, with how many there will be. */
  readonly onProgress?: ((received: number, total: number | undefined) => void) | undefined;
}

export interface Fetched {
  readonly sha256: Sha256;
  readonly size: number;
  /** The address that gave the last byte. */
  readonly url: string;
}

/** Whether the bytes are known beforehand. */
export function isKnown({ sha256, sha512 }: Wanted): boolean {
  return sha256 !== undefined || sha512 !== undefined;
}

/** The means of one process; `down` is shared by its downloads. */
export interface Line {
  readonly dispatcher: Dispatcher;
  /** Attempts in a row at one address that bring nothing new. */
  readonly attempts: number;
  readonly sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** Origins that could not be connected to, or did not answer; asked last, and once only. */
  readonly down: Set<string>;
  /** Milliseconds in which 64 KiB of a body must come. */
  readonly pace: number;
}

/**
 * Tries `urls` in order. What a broken transfer brought stays in the sink for the next attempt, at another address
 * only where the digest is known; without one the same address must confirm it by its ETag.
 *
 * @throws {Fault} as {@link faultFrom} says; or the signal's reason
 */
export async function download(
  line: Line,
  urls: readonly string[],
  wanted: Wanted,
  sink: Sink,
): Promise<Fetched> {
  const failed: FailedAddress[] = [];
  for (const url of inOrder(urls, line.down)) {
    try {
      await fromAddress(line, url, urls.length > failed.length + 1, wanted, sink);
      return { sha256: sink.sha256(), size: sink.length, url };
    } catch (error) {
      wanted.signal?.throwIfAborted();
      if (!(error instanceof Trouble)) throw error;
      if (error.unconnected) line.down.add(originOf(url));
      failed.push({ url, trouble: error });
      if (!isKnown(wanted)) await sink.restart();
    }
  }
  throw faultFrom(failed);
}

function inOrder(urls: readonly string[], down: ReadonlySet<string>): string[] {
  const isDown = (url: string) => down.has(originOf(url));
  return [...urls.filter((url) => !isDown(url)), ...urls.filter(isDown)];
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : "";
}

// The validator of what the sink holds, where the address gave one.
interface Held {
  etag: string | undefined;
}

// A broken transfer that brought this much more than any before it does not count as a failed attempt.
const worthwhile = 1 << 20;

async function fromAddress(
  line: Line,
  url: string,
  others: boolean,
  wanted: Wanted,
  sink: Sink,
): Promise<void> {
  const held: Held = { etag: undefined };
  for (let attempt = 1, most = sink.length; ; attempt++) {
    wanted.signal?.throwIfAborted();
    try {
      return await transfer(line, url, wanted, sink, held);
    } catch (error) {
      if (!(error instanceof Trouble) || error.kind !== "transient") throw error;
      if (sink.length >= most + worthwhile) {
        attempt = 0;
        most = sink.length;
      }
      if (attempt >= attemptsAt(line, url, others && error.unconnected)) throw error;
      if (!isKnown(wanted) && held.etag === undefined) await sink.restart();
      await line.sleep(pause(attempt, error.retryAfter), wanted.signal);
    }
  }
}

// A host that does not answer is soon left where there are others: each try may cost a deadline.
function attemptsAt(line: Line, url: string, leave: boolean): number {
  if (line.down.has(originOf(url))) return 1;
  return leave ? Math.min(2, line.attempts) : line.attempts;
}

/** Milliseconds before the next attempt: 300, 900, 2700 …, at most 10 s; the server's wish within that. */
function pause(attempt: number, retryAfter: number | undefined): number {
  return Math.min(10_000, Math.max(retryAfter ?? 0, 100 * 3 ** attempt));
}

async function transfer(line: Line, url: string, wanted: Wanted, sink: Sink, held: Held): Promise<void> {
  if (misfitOf(sink.length, wanted) !== undefined) await sink.restart();
  const resumed = sink.length > 0;
  if (!resumed || sink.length !== wanted.size) await receive(line, url, wanted, sink, held);
  const difference = differenceOf(sink, wanted);
  if (difference === undefined) return;
  await sink.restart();
  // What an earlier attempt left may be damaged, or of another version of the file: once more, from its start.
  if (resumed) return await transfer(line, url, wanted, sink, held);
  throw new Trouble("wrong", difference);
}

function differenceOf(sink: Sink, { sha256, sha512 }: Wanted): string | undefined {
  if (sha256 !== undefined && sink.sha256() !== sha256)
    return `its SHA-256 is ${sink.sha256()}, not ${sha256}`;
  if (sha512 !== undefined && sink.sha512() !== sha512)
    return `its SHA-512 is ${sink.sha512()}, not ${sha512}`;
  return undefined;
}

async function receive(line: Line, url: string, wanted: Wanted, sink: Sink, held: Held): Promise<void> {
  using watch = openWatch(line.pace, endlessPatience, wanted.signal ? [wanted.signal] : []);
  // A connection has to be free first, and the answer's head has a deadline of its own.
  watch.pause();
  try {
    await exchange(line, { url, wanted, watch }, sink, held);
  } catch (error) {
    wanted.signal?.throwIfAborted();
    if (!watch.isOver()) throw error;
    const pace = `less than ${leastProgress >> 10} KiB in ${line.pace / 1000} s`;
    throw new Trouble("transient", `it sends too slowly, ${pace}`, { cause: error });
  }
}

interface Receiving {
  readonly url: string;
  readonly wanted: Wanted;
  readonly watch: Watch;
}

async function exchange(
  line: Line,
  { url, wanted, watch }: Receiving,
  sink: Sink,
  held: Held,
): Promise<void> {
  const answer = await ask(line.dispatcher, {
    url,
    from: sink.length,
    etag: held.etag,
    signal: watch.signal,
  });
  line.down.delete(originOf(url));
  if (answer.kind === "beyond") {
    // Nothing follows what is held. It is either all there is, which its digest will tell, or to be forgotten.
    if (isKnown(wanted)) return;
    await sink.restart();
    return await exchange(line, { url, wanted, watch }, sink, held);
  }
  if (answer.kind === "whole" && sink.length > 0) await sink.restart();
  held.etag = answer.etag;
  const { total } = answer;
  const misfit = total === undefined ? undefined : (misfitOf(total, wanted) ?? tooFew(total, wanted));
  if (misfit !== undefined) {
    await answer.leave();
    throw misfit;
  }
  watch.resume();
  for await (const chunk of answer.body) {
    const excess = misfitOf(sink.length + chunk.length, wanted);
    if (excess !== undefined) throw excess;
    await sink.append(chunk);
    watch.came(chunk.length);
    wanted.onProgress?.(sink.length, wanted.size ?? total);
  }
  const complete = wanted.size ?? total ?? sink.length;
  if (sink.length < complete)
    throw new Trouble("transient", `it ended after ${sink.length} of ${complete} bytes`);
}

/** Of what nobody told the size of: a disk is not filled by a server that never ends. */
const defaultLimit = 2 ** 34;

function misfitOf(size: number, wanted: Wanted): Trouble | undefined {
  if (size > (wanted.size ?? size)) return new Trouble("wrong", `it has more than ${wanted.size} bytes`);
  const limit = wanted.limit ?? defaultLimit;
  return size > limit ? new Trouble("oversized", `it has more than ${limit} bytes`) : undefined;
}

function tooFew(size: number, wanted: Wanted): Trouble | undefined {
  return size < (wanted.size ?? size)
    ? new Trouble("wrong", `it has ${size} bytes, not ${wanted.size}`)
    : undefined;
}
