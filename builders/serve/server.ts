// An HTTP server over a cache's files: CACHE.md, "Servers".
// Knows connections, limits and who may do what; does not know where the files lie.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { LocalStorage } from "../../store/cache/storage.ts";
import { Fault, faultsOf, unreachable } from "../../store/model/fault.ts";
import { type Access, accessWith, type Tokens } from "./access.ts";
import { answerBulk } from "./bulk.ts";
import { openConnections } from "./connections.ts";
import { type Exchange, openExchange, Refusal } from "./exchange.ts";
import { answerFile } from "./file.ts";
import { openRate, type RateOptions } from "./rate.ts";
import { type Route, routeOf } from "./route.ts";
import { takeFile } from "./upload.ts";

export interface ServeOptions {
  /** An address or name of this host; default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any that is free. */
  readonly port?: number;
  /** A name of this machine's own, in the place of host and port: what has no network can connect to it (unix(7)). */
  readonly socket?: string;
  /** What stands before `/` and each name: empty, or parts that begin with `/` each. May be a secret. */
  readonly prefix?: string;
  readonly tokens?: Tokens;
  /** PEM, both. */
  readonly tls?: { readonly certificate: Uint8Array; readonly key: Uint8Array };
  readonly limits?: Partial<ServeLimits>;
  /** For everything that is read and written, together. */
  readonly rate?: RateOptions | undefined;
  /** Told of what the server could not do for reasons of its own. */
  readonly onTrouble?: (error: unknown) => void;
}

/** Times are milliseconds. */
export interface ServeLimits {
  /** Bytes of one file that is written. */
  readonly upload: number;
  readonly connections: number;
  /** Requests at once from one address. */
  readonly perAddress: number;
  /** Questions in bulk at once, each of which may take 15 MB of memory. */
  readonly bulk: number;
  /** From the connection to the end of a request's head; also how long a connection is kept without one. */
  readonly head: number;
  /** That a client may let pass without sending or taking anything of a body. */
  readonly idle: number;
  /** For a request and its answer. */
  readonly exchange: number;
}

export const serveLimits: ServeLimits = {
  upload: 2 ** 30,
  connections: 512,
  perAddress: 64,
  bulk: 32,
  head: 15_000,
  idle: 60_000,
  exchange: 3_600_000,
};

export interface CacheServer extends AsyncDisposable {
  /** Without a slash at its end, with the prefix. */
  readonly url: string;
  /**
   * Takes no more connections, lets what is under way end, and after so many milliseconds (5,000) cuts it off. What
   * is cut off while it is written leaves nothing. May be called twice.
   */
  close(deadline?: number): Promise<void>;
}

/** @throws {Fault} `usage/bad-certificate`, `host/cannot-listen` */
export async function startServer(storage: LocalStorage, options: ServeOptions = {}): Promise<CacheServer> {
  const limits = { ...serveLimits, ...options.limits };
  const connections = openConnections(limits.perAddress);
  const server = newServer(options, limits);
  const handle = handler(storage, options, limits);
  const serve = (asked: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const end = connections.begin(request.socket);
    if (end !== undefined) response.once("close", end);
    if (!server.listening) response.setHeader("connection", "close");
    void handle(request, response, asked, end !== undefined);
  };
  server.on("connection", connections.add);
  server.on("request", serve(false));
  server.on("checkContinue", serve(true));
  await listen(server, options);
  let closed: Promise<void> | undefined;
  const close = async (deadline = 5_000) => {
    const clock = setTimeout(connections.cut, deadline);
    closed ??= new Promise((resolve) => server.close(() => resolve()));
    connections.drain();
    await closed;
    clearTimeout(clock);
  };
  return {
    url: `${options.tls === undefined ? "http" : "https"}://${authorityOf(server)}${options.prefix ?? ""}`,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

function authorityOf(server: Server): string {
  const place = server.address() as AddressInfo | string;
  if (typeof place === "string") return "localhost";
  const { address, family, port } = place;
  return `${family === "IPv6" ? `[${address}]` : address}:${port}`;
}

function newServer({ tls }: ServeOptions, limits: ServeLimits): Server {
  const settings = {
    maxHeaderSize: 8192,
    headersTimeout: limits.head,
    keepAliveTimeout: limits.head,
    // Each exchange has a deadline of its own, and each wait for a client.
    requestTimeout: 0,
    timeout: 0,
    connectionsCheckingInterval: Math.min(1000, limits.head),
  };
  const server =
    tls === undefined
      ? createServer(settings)
      : createEncrypted({ ...settings, handshakeTimeout: limits.head }, tls);
  server.maxConnections = limits.connections;
  return server;
}

function createEncrypted(settings: object, { certificate, key }: NonNullable<ServeOptions["tls"]>): Server {
  try {
    return createSecureServer({ ...settings, cert: Buffer.from(certificate), key: Buffer.from(key) });
  } catch (cause) {
    throw new Fault(
      "usage/bad-certificate",
      `certificate and key cannot be used: ${(cause as Error).message}`,
      {
        cause,
        hint: "both are PEM, the certificate before those that vouch for it, the key without a passphrase",
      },
    );
  }
}

async function listen(server: Server, { host = "127.0.0.1", port = 0, socket }: ServeOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new Fault("host/cannot-listen", `cannot listen on ${host}, port ${port}: ${cause.message}`, {
          cause,
          hint: "another program may have the port, or ports below 1024 may be root's",
        }),
      ),
    );
    // A name that begins with a zero byte is none of a file.
    if (socket !== undefined) server.listen({ path: `\0${socket}` }, resolve);
    else server.listen(port, host, resolve);
  });
}

type Handle = (
  request: IncomingMessage,
  response: ServerResponse,
  asked: boolean,
  admitted: boolean,
) => Promise<void>;

function handler(storage: LocalStorage, options: ServeOptions, limits: ServeLimits): Handle {
  const { prefix = "", tokens = {} } = options;
  const accessOf = accessWith(tokens);
  const means = { ...limits, rate: options.rate && openRate(options.rate) };
  let questions = 0;

  const answer = async (exchange: Exchange, route: Route) => {
    const { method } = exchange.request;
    switch (route.kind) {
      case "none":
        throw new Refusal(404, "there is no such file");
      case "file":
        if (method === "PUT") return await takeFile(exchange, route.name, storage, limits.upload);
        if (method !== "GET" && method !== "HEAD") throw wrongMethod("GET, HEAD, PUT");
        return await answerFile(exchange, route.name, storage, tokens.read === undefined);
      case "bulk":
        if (method !== "POST") throw wrongMethod("POST");
        if (questions >= limits.bulk) throw new Refusal(503, "too many questions at once", soon);
        questions++;
        try {
          return await answerBulk(exchange, route.question, storage);
        } finally {
          questions--;
        }
      default:
        return unreachable(route);
    }
  };
  return async (request, response, asked, admitted) => {
    const exchange = openExchange(request, response, asked, means);
    try {
      if (!admitted) throw new Refusal(429, "too many requests at once", soon);
      requireAccess(request, accessOf(request.headers.authorization), tokens);
      await answer(exchange, routeOf(request.url ?? "", prefix));
    } catch (error) {
      const refusal = error instanceof Refusal ? error : refusalOf(error, request);
      // For a client that is gone, everything fails.
      if (refusal !== error && refusal.status >= 500 && !exchange.signal.aborted) options.onTrouble?.(error);
      exchange.refuse(refusal);
    }
  };
}

/** @throws {Refusal} 401, 403 */
function requireAccess({ method, headers }: IncomingMessage, access: Access, tokens: Tokens): void {
  const isWrite = method === "PUT";
  if (access === "write" || (access === "read" && !isWrite)) return;
  if (isWrite && tokens.write === undefined) throw new Refusal(403, "nothing can be written here");
  if (isWrite && access === "read" && headers.authorization !== undefined)
    throw new Refusal(403, "this token does not allow to write");
  throw new Refusal(401, "a token is needed", { "www-authenticate": 'Bearer realm="kit"' });
}

function refusalOf(error: unknown, { method }: IncomingMessage): Refusal {
  const code = faultsOf(error)[0]?.code ?? "";
  if (code === "store/cache-full") return new Refusal(507, "there is no room for more");
  if (method === "PUT" && code.startsWith("digest/"))
    return new Refusal(422, "the bytes are not those that the name says");
  return new Refusal(500, "this server is in trouble; who runs it was told why");
}

function wrongMethod(allow: string): Refusal {
  return new Refusal(405, `only ${allow}`, { allow });
}

const soon = { "retry-after": "1" };
