// HTTP: fetching files and small texts over the network, many at a time.
// Knows connections, proxies and deadlines; does not know repositories, mirrors or the store.

import { setTimeout } from "node:timers/promises";
import { Fault } from "../../store/model/fault.ts";
import { connector, type ProxySetting } from "./agent.ts";
import { download, type Fetched, isKnown, type Line, type Wanted } from "./download.ts";
import { fileSink, type HashKind, memorySink } from "./sink.ts";
import { showUrl } from "./trouble.ts";

export interface HttpOptions {
  /** Parallel requests to one host, each with its own kept connection. Default 16. */
  readonly connections?: number;
  /** Attempts at one address before the next is tried. Default 4. */
  readonly attempts?: number;
  readonly deadlines?: Deadlines;
  readonly proxy?: ProxySetting;
  /** Refuses everything with `network/offline`. */
  readonly offline?: boolean;
  /** Waits between attempts; tests give one that does not. */
  readonly sleep?: Line["sleep"];
}

/**
 * Milliseconds to connect (10,000), to the answer's head (30,000), between parts of its body (30,000), and for each
 * 64 KiB of that (120,000): a server that sends a byte now and then is not waited for.
 */
export interface Deadlines {
  readonly connect?: number;
  readonly headers?: number;
  readonly idle?: number;
  readonly pace?: number;
}

export interface FileWanted extends Wanted {
  /**
   * The file the bytes are written to. Where the digest is known, what it already holds is gone on with, and a
   * complete one costs no request. The caller is its only writer.
   */
  readonly partial: string;
}

/** One per process; every method may be called at any time, in parallel. */
export interface Http {
  /**
   * Fetches a file from the first of `urls` that gives it. When it resolves, `partial` holds exactly the bytes
   * asked for (not flushed); when it throws, `partial` holds what is worth going on with, or is gone.
   *
   * @throws {Fault} `digest/mismatch`, `network/not-found`, `network/unreachable`, `network/too-large`,
   * `network/offline`, `store/full`; or the signal's reason
   */
  get(urls: readonly string[], wanted: FileWanted): Promise<Fetched>;
  /** The same into memory, for what is small. */
  bytes(
    urls: readonly string[],
    wanted: Wanted & { readonly limit: number },
  ): Promise<Fetched & { readonly bytes: Buffer }>;
  /** Ends all connections, those in use too. May be called twice. */
  close(): Promise<void>;
}

/**
 * Nothing is loaded and no connection made before the first request: importing undici takes 60 to 110 ms.
 *
 * @throws {Fault} `usage/bad-proxy`
 */
export function openHttp(options: HttpOptions = {}): Http {
  if (options.offline) return { get: refuse, bytes: refuse, close: async () => {} };
  const connect = connector(agentSettings(options), options.proxy);
  let line: Promise<Line> | undefined;
  const openLine = async (): Promise<Line> => ({
    dispatcher: await connect(),
    attempts: options.attempts ?? 4,
    sleep: options.sleep ?? wait,
    down: new Set(),
    pace: options.deadlines?.pace ?? 120_000,
  });
  const opened = () => (line ??= openLine());
  return {
    async get(urls, wanted) {
      const sink = await fileSink(wanted.partial, isKnown(wanted), kindsOf(wanted));
      try {
        const fetched = await download(await opened(), urls, wanted, sink);
        await sink.close();
        return fetched;
      } catch (error) {
        await (sink.length > 0 && isKnown(wanted) ? sink.close() : sink.discard());
        throw error;
      }
    },
    async bytes(urls, wanted) {
      const sink = memorySink(kindsOf(wanted));
      return { ...(await download(await opened(), urls, wanted, sink)), bytes: sink.bytes() };
    },
    close: async () => await (await line)?.dispatcher.destroy(),
  };
}

function kindsOf({ sha512 }: Wanted): readonly HashKind[] {
  return sha512 === undefined ? ["sha256"] : ["sha256", "sha512"];
}

function agentSettings({ connections = 16, deadlines = {} }: HttpOptions) {
  return {
    connections,
    pipelining: 1,
    // One connection for each file in flight, whatever the server speaks: fewer kinds of failure.
    allowH2: false,
    connect: { timeout: deadlines.connect ?? 10_000 },
    headersTimeout: deadlines.headers ?? 30_000,
    bodyTimeout: deadlines.idle ?? 30_000,
  };
}

async function refuse(urls: readonly string[]): Promise<never> {
  throw new Fault("network/offline", `${showUrl(urls[0] ?? "")} is needed, and the network may not be used`, {
    hint: "repeat the command without --offline",
  });
}

async function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await setTimeout(milliseconds, undefined, signal && { signal });
}
