// A host that holds files by name: read whole and in parts, looked for, written, asked in bulk.
// Knows deadlines, and when a host is given up for the rest of a run; does not know what the files are.

import { setTimeout } from "node:timers/promises";
import type { Dispatcher } from "undici";
import { gathered } from "../../store/cache/flow.ts";
import { connector, type ProxySetting } from "./agent.ts";
import { ask, type Message, type Question, type Told, tell, type WholeOrRest } from "./exchange.ts";
import { openPlaces } from "./places.ts";
import { Trouble } from "./trouble.ts";
import { leastProgress, openPatience, openWatch, type Watch } from "./watch.ts";

export interface HostOptions {
  /** Without a slash at its end. */
  readonly url: string;
  /** The name it listens at on this machine, in the place of the address in its URL. */
  readonly socket?: string | undefined;
  /** For people: no password, no secret path. */
  readonly name: string;
  readonly token?: string | undefined;
  readonly proxy?: ProxySetting | undefined;
  /** Milliseconds in which a connection, an answer, or the next 64 KiB of one must come. */
  readonly deadline: number;
  /**
   * Whether one is borne that lets each request wait, though never for all of the deadline. Else it is given up when
   * its silence adds up to more than that.
   */
  readonly patient?: boolean;
  /** Called once, when the host is given up, with why; and with the status of its answer, where it gave one. */
  readonly onLost: (why: string, status?: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Requests to one host at once: what a static server gets at most. */
const atOnce = 32;

/** A host did not do what it was asked to. Told to people as a fault by who asked, or passed over. */
export class HostTrouble extends Error {
  override readonly name = "HostTrouble";
  /** The status of its answer, where it gave one. */
  readonly status: number | undefined;

  constructor(message: string, status?: number, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
  }
}

/** Every method throws {@link HostTrouble}, at once where the host is given up; or the signal's reason. */
export interface Host {
  readonly name: string;
  /** Why it is given up; undefined while it is not. */
  readonly lost: string | undefined;
  /** A whole file; undefined where there is none. More bytes than the limit are not taken. */
  read(path: string, limit: number): Promise<Buffer | undefined>;
  /** The same; `larger` where the file has more bytes than that: no trouble of the host's then. */
  readUpTo(path: string, limit: number): Promise<Buffer | "larger" | undefined>;
  /** So many bytes from an offset on: exactly these, or it throws. */
  part(path: string, offset: number, length: number): AsyncIterable<Uint8Array>;
  has(path: string): Promise<boolean>;
  /** `present` where the host has a file of this name already. */
  write(path: string, parts: readonly Uint8Array[]): Promise<"written" | "present">;
  /** The answer to a text; undefined where the host does not know the question. */
  post(path: string, text: string, limit: number): Promise<Buffer | undefined>;
  /** What it gave is not what it says: a few times of this, and it is given up. */
  blame(why: string): void;
  /** There is no use in asking again. */
  giveUp(why: string): void;
  close(): Promise<void>;
}

/** How often a host may fail, other than by silence, before it is given up. */
const mostFailures = 3;

/** Nothing is loaded and no connection made before the first request. @throws {Fault} `usage/bad-proxy` */
export function openHost(options: HostOptions): Host {
  const { name, deadline } = options;
  const places = openPlaces(atOnce);
  const authorization = options.token === undefined ? undefined : `Bearer ${options.token}`;
  const connect = connector(agentSettings(options), options.proxy);
  const gone = new AbortController();
  let client: Promise<Dispatcher> | undefined;
  let lost: string | undefined;
  let failures = 0;
  const dispatcher = () => (client ??= connect());
  /** What is under way ends too: it would be waited for in vain. */
  const lose = (why: string, status?: number) => {
    if (lost !== undefined) return;
    lost = why;
    gone.abort();
    options.onLost(why, status);
  };
  const blame = (why: string, status?: number) => {
    if (++failures >= mostFailures) lose(why, status);
  };
  const patience = openPatience(deadline, () => {
    if (!options.patient) lose(`its silences add up to more than ${deadline / 1000} s`);
  });
  const signals = [gone.signal, ...(options.signal ? [options.signal] : [])];
  const troubleOf = (error: unknown, watch: Watch): HostTrouble => {
    if (lost !== undefined) return new HostTrouble(lost, undefined, error);
    if (error instanceof HostTrouble) return error;
    const why = watch.isOver() ? `no answer within ${deadline / 1000} s` : (error as Error).message;
    const status = error instanceof Trouble ? error.status : undefined;
    if (watch.isOver() || (error instanceof Trouble && error.unconnected)) lose(why, status);
    else blame(why, status);
    return new HostTrouble(why, status, error);
  };
  /** Requests at a place of their own; what fails counts against the host. */
  async function* streamed<T>(task: (watch: Watch) => AsyncIterable<T>): AsyncGenerator<T> {
    await using _ = await places.take();
    if (lost !== undefined) throw new HostTrouble(lost);
    options.signal?.throwIfAborted();
    using watch = openWatch(deadline, patience, signals);
    try {
      yield* task(watch);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw troubleOf(error, watch);
    }
  }
  const asked = async <T>(task: (watch: Watch) => Promise<T>): Promise<T> => {
    for await (const answer of streamed(async function* (watch) {
      yield await task(watch);
    }))
      return answer;
    throw new Error("a task without an answer");
  };
  const urlOf = (path: string) => `${options.url}/${path}`;
  const got = async (
    question: Omit<Question, "url" | "authorization" | "signal">,
    path: string,
    watch: Watch,
  ) => {
    const full = { ...question, url: urlOf(path), authorization, signal: watch.signal };
    const answer = await found(() => untilFree(async () => await ask(await dispatcher(), full), watch));
    watch.answered();
    return answer;
  };
  const told = async (
    { path, headers, ...rest }: Omit<Message, "url" | "signal"> & { readonly path: string },
    watch: Watch,
  ) => {
    const message = {
      ...rest,
      url: urlOf(path),
      headers: { ...headers, ...(authorization && { authorization }) },
      signal: watch.signal,
    };
    const answer = await untilFree(
      async () => await refusing(await tell(await dispatcher(), message)),
      watch,
    );
    watch.answered();
    return answer;
  };
  const read = async (path: string, limit: number, watch: Watch) => {
    const answer = await got({ from: 0 }, path, watch);
    if (answer === undefined || answer.kind === "beyond") return undefined;
    return await wholeOf(answer, limit, watch);
  };
  const has = async (path: string, watch: Watch) => {
    const { status, leave } = await told({ path, method: "HEAD" }, watch);
    await leave();
    if (status === 200) return true;
    if (status === 404 || status === 410) return false;
    throw new HostTrouble(`HTTP ${status}`, status);
  };
  return {
    name,
    get lost() {
      return lost;
    },
    blame,
    giveUp: lose,
    read: (path, limit) => asked((watch) => read(path, limit, watch)),
    readUpTo: (path, limit) =>
      asked((watch) =>
        read(path, limit, watch).catch((error: unknown) => {
          if (error instanceof Trouble && error.kind === "oversized") return "larger" as const;
          throw error;
        }),
      ),
    part: (path, offset, length) =>
      streamed(async function* (watch) {
        const answer = await got({ from: offset, until: offset + length }, path, watch);
        if (answer === undefined || answer.kind === "beyond")
          throw new HostTrouble(`${path} is not there`, 404);
        for await (const piece of gathered(exactly(answer, offset, length, watch), leastProgress)) {
          // Who takes his time with it must not be taken for the host.
          watch.pause();
          yield piece;
          watch.resume();
        }
      }),
    has: (path) => asked((watch) => has(path, watch)),
    write: (path, parts) =>
      asked(async (watch) => {
        const onSent = sending(parts, watch);
        const { status, leave } = await told(
          { path, method: "PUT", parts, onSent, headers: { "if-none-match": "*" } },
          watch,
        );
        await leave();
        if (status === 200 || status === 201 || status === 204) return "written";
        // 409 is also what WebDAV says of a file whose folder is not there (RFC 4918, 9.7.1).
        if (status === 412 || (status === 409 && (await has(path, watch)))) return "present";
        throw new HostTrouble(`HTTP ${status}`, status);
      }),
    post: (path, text, limit) =>
      asked(async (watch) => {
        const answer = await told({ path, method: "POST", parts: [Buffer.from(text)] }, watch);
        if (answer.status === 200) return await wholeOf(answer, limit, watch);
        await answer.leave();
        if (answer.status === 404 || answer.status === 405) return undefined;
        throw new HostTrouble(`HTTP ${answer.status}`, answer.status);
      }),
    async close() {
      if (client !== undefined) await (await client).destroy();
    },
  };
}

function agentSettings({ deadline, socket }: HostOptions) {
  return {
    connections: atOnce,
    pipelining: 1,
    allowH2: false,
    // A name without a file: nobody has to remove it.
    connect: { timeout: deadline, ...(socket !== undefined && { socketPath: `\0${socket}` }) },
    // The watch ends what takes too long.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
}

/** An answer that says nothing of what was asked. @throws {Trouble} */
async function refusing(answer: Told): Promise<Told> {
  const { status, retryAfter } = answer;
  // One without room answers for good (507, RFC 4918): that is no trouble of the moment.
  if ((status < 500 && status !== 429) || status === 507) return answer;
  await answer.leave();
  throw new Trouble("transient", `HTTP ${status}`, {
    status,
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

/** Asks again where the server says when to (RFC 9110, 10.2.3), as long as the watch lets it. */
async function untilFree<T>(get: () => Promise<T>, watch: Watch): Promise<T> {
  for (;;) {
    try {
      return await get();
    } catch (error) {
      const isBusy = error instanceof Trouble && (error.status === 429 || error.status === 503);
      if (!isBusy || error.retryAfter === undefined) throw error;
      await setTimeout(error.retryAfter, undefined, { signal: watch.signal });
    }
  }
}

/** A host that takes nothing is ended; what its kernel holds, and it has to write, may take longer. */
function sending(parts: readonly Uint8Array[], watch: Watch): (bytes: number) => void {
  let left = parts.reduce((sum, part) => sum + part.length, 0);
  const held = Math.min(left, 1 << 20);
  if (left === 0) return () => {};
  return (bytes) => {
    left -= bytes;
    if (left > 0) watch.came(bytes);
    else watch.await(held);
  };
}

/** Undefined where there is no such file. */
async function found<T>(get: () => Promise<T>): Promise<T | undefined> {
  try {
    return await get();
  } catch (error) {
    if (error instanceof Trouble && error.kind === "absent") return undefined;
    throw error;
  }
}

async function wholeOf({ total, body, leave }: WholeOrRest, limit: number, watch: Watch): Promise<Buffer> {
  if (total !== undefined && total > limit) {
    await leave();
    throw new Trouble("oversized", `an answer of ${total} bytes, where ${limit} are the most`);
  }
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > limit) throw new Trouble("oversized", `an answer of more than ${limit} bytes`);
    parts.push(part);
    watch.came(part.length);
  }
  if (total !== undefined && length < total)
    throw new Trouble("transient", `it ended after ${length} of ${total} bytes`);
  return Buffer.concat(parts);
}

/** The part of a file; a server that answers with all of it is read as far as that part goes. */
async function* exactly(
  { kind, body }: WholeOrRest,
  offset: number,
  length: number,
  watch: Watch,
): AsyncGenerator<Uint8Array> {
  let skip = kind === "whole" ? offset : 0;
  let left = length;
  for await (const part of body) {
    watch.came(part.length);
    const wanted = part.subarray(Math.min(skip, part.length), skip + left);
    skip -= Math.min(skip, part.length);
    left -= wanted.length;
    if (wanted.length > 0) yield wanted;
    if (left === 0) return;
  }
  if (left > 0) throw new Trouble("transient", `it ended ${left} bytes early`);
}
