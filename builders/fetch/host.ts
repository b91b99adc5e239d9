// A host that holds files by name: read whole and in parts, looked for, written, asked in bulk.
// Knows deadlines, and when a host is given up for the rest of a run; does not know what the files are.

import type { Dispatcher } from "undici";
import { loadClient } from "../late.ts";
import { ask, type Message, tell, type WholeOrRest } from "./exchange.ts";
import { Trouble } from "./trouble.ts";

export interface HostOptions {
  /** Without a slash at its end. */
  readonly url: string;
  /** For people: no password, no secret path. */
  readonly name: string;
  readonly token?: string | undefined;
  /** Milliseconds in which a connection, an answer, or the next 64 KiB of one must come. */
  readonly deadline: number;
  /** Called once, when the host is given up, with why. */
  readonly onLost: (why: string) => void;
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
  /** So many bytes from an offset on: exactly these, or it throws. */
  part(path: string, offset: number, length: number): AsyncIterable<Uint8Array>;
  has(path: string): Promise<boolean>;
  /** `present` where the host has a file of this name already. */
  write(path: string, parts: readonly Uint8Array[]): Promise<"written" | "present">;
  /** The answer to a text; undefined where the host does not know the question. */
  post(path: string, text: string, limit: number): Promise<Buffer | undefined>;
  /** What it gave is not what it says: a few times of this, and it is given up. */
  blame(why: string): void;
  close(): Promise<void>;
}

/** How often a host may fail, other than by silence, before it is given up. */
const mostFailures = 3;

/** Nothing is loaded and no connection made before the first request. */
export function openHost(options: HostOptions): Host {
  const { name, deadline } = options;
  const places = openPlaces(atOnce);
  const authorization = options.token === undefined ? undefined : `Bearer ${options.token}`;
  let client: Promise<Dispatcher> | undefined;
  let lost: string | undefined;
  let failures = 0;
  const dispatcher = () => (client ??= connect(deadline));
  const lose = (why: string) => {
    if (lost !== undefined) return;
    lost = why;
    options.onLost(why);
  };
  const blame = (why: string) => {
    if (++failures >= mostFailures) lose(why);
  };
  /** Runs one request at a place of its own; what fails counts against the host. */
  const asked = async <T>(task: (signal: AbortSignal, watch: Watch) => Promise<T>): Promise<T> => {
    await using _ = await places.take();
    if (lost !== undefined) throw new HostTrouble(lost);
    options.signal?.throwIfAborted();
    using watch = openWatch(deadline, options.signal);
    try {
      return await task(watch.signal, watch);
    } catch (error) {
      options.signal?.throwIfAborted();
      throw troubleOf(error, watch);
    }
  };
  const troubleOf = (error: unknown, watch: Watch): HostTrouble => {
    if (error instanceof HostTrouble) return error;
    const why = watch.isOver() ? `no answer within ${deadline / 1000} s` : (error as Error).message;
    if (watch.isOver() || (error instanceof Trouble && error.unconnected)) lose(why);
    else blame(why);
    return new HostTrouble(why, undefined, error);
  };
  const told = async (
    message: Omit<Message, "url" | "signal"> & { readonly path: string },
    signal: AbortSignal,
  ) => {
    const { path, headers, ...rest } = message;
    const answer = await tell(await dispatcher(), {
      ...rest,
      url: `${options.url}/${path}`,
      headers: { ...headers, ...(authorization && { authorization }) },
      signal,
    });
    if (answer.status >= 500 || answer.status === 429) {
      await answer.leave();
      throw new Trouble("transient", `HTTP ${answer.status}`);
    }
    return answer;
  };
  return {
    name,
    get lost() {
      return lost;
    },
    blame,
    read: (path, limit) =>
      asked(async (signal, watch) => {
        const answer = await found(async () =>
          ask(await dispatcher(), { url: `${options.url}/${path}`, from: 0, authorization, signal }),
        );
        if (answer === undefined || answer.kind === "beyond") return undefined;
        return await gathered(answer, limit, watch);
      }),
    async *part(path, offset, length) {
      await using _ = await places.take();
      if (lost !== undefined) throw new HostTrouble(lost);
      using watch = openWatch(deadline, options.signal);
      try {
        yield* exactly(await rangeOf(path, offset, length, watch.signal), offset, length, watch);
      } catch (error) {
        options.signal?.throwIfAborted();
        throw troubleOf(error, watch);
      }
    },
    has: (path) =>
      asked(async (signal) => {
        const { status, leave } = await told({ path, method: "HEAD" }, signal);
        await leave();
        if (status === 200) return true;
        if (status === 404 || status === 410) return false;
        throw new HostTrouble(`HTTP ${status}`, status);
      }),
    write: (path, parts) =>
      asked(async (signal, watch) => {
        watch.wait(parts.reduce((sum, part) => sum + part.length, 0));
        const { status, leave } = await told(
          { path, method: "PUT", parts, headers: { "if-none-match": "*" } },
          signal,
        );
        await leave();
        if (status === 200 || status === 201 || status === 204) return "written";
        if (status === 409 || status === 412) return "present";
        throw new HostTrouble(`HTTP ${status}`, status);
      }),
    post: (path, text, limit) =>
      asked(async (signal, watch) => {
        const answer = await told({ path, method: "POST", parts: [Buffer.from(text)] }, signal);
        if (answer.status === 200) return await gathered(answer, limit, watch);
        await answer.leave();
        if (answer.status === 404 || answer.status === 405) return undefined;
        throw new HostTrouble(`HTTP ${answer.status}`, answer.status);
      }),
    async close() {
      if (client !== undefined) await (await client).destroy();
    },
  };

  async function rangeOf(path: string, offset: number, length: number, signal: AbortSignal) {
    const until = offset + length;
    const question = { url: `${options.url}/${path}`, from: offset, until, authorization, signal };
    const answer = await found(async () => ask(await dispatcher(), question));
    if (answer === undefined || answer.kind === "beyond") throw new HostTrouble(`${path} is not there`, 404);
    return answer;
  }
}

async function connect(deadline: number): Promise<Dispatcher> {
  const { Agent } = await loadClient();
  return new Agent({
    connections: atOnce,
    pipelining: 1,
    allowH2: false,
    connect: { timeout: deadline },
    headersTimeout: 0,
    bodyTimeout: 0,
  });
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

async function gathered({ total, body, leave }: WholeOrRest, limit: number, watch: Watch): Promise<Buffer> {
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

/** Ends what brings nothing. */
interface Watch extends Disposable {
  readonly signal: AbortSignal;
  isOver(): boolean;
  /** So many bytes came. */
  came(bytes: number): void;
  /** So many bytes are to be sent: the time they take at 64 KiB a deadline is added. */
  wait(bytes: number): void;
}

const leastProgress = 1 << 16;

function openWatch(deadline: number, outer: AbortSignal | undefined): Watch {
  const control = new AbortController();
  const abort = () => control.abort();
  outer?.addEventListener("abort", abort);
  let over = false;
  let bytes = 0;
  const start = (milliseconds: number) =>
    setTimeout(() => {
      over = true;
      abort();
    }, milliseconds);
  let timer = start(deadline);
  return {
    signal: control.signal,
    isOver: () => over,
    came(count) {
      bytes += count;
      if (bytes < leastProgress) return;
      bytes = 0;
      timer.refresh();
    },
    wait(count) {
      clearTimeout(timer);
      timer = start(deadline * (1 + count / leastProgress));
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      outer?.removeEventListener("abort", abort);
    },
  };
}

function openPlaces(count: number): { take(): Promise<AsyncDisposable> } {
  let free = count;
  const waiting: (() => void)[] = [];
  const give = async () => {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  };
  return {
    async take() {
      if (free > 0) free--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      return { [Symbol.asyncDispose]: give };
    },
  };
}
