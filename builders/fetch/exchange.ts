// One exchange: a GET request and the answer to it, redirects followed.
// Knows HTTP (RFC 9110) and undici's errors; does not know of retries, other addresses, or what the bytes are for.

import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { showUrl, Trouble } from "./trouble.ts";

export interface Question {
  readonly url: string;
  /** Bytes already held; above 0 only the rest is asked for. */
  readonly from: number;
  /** The end, exclusive, of what is asked for; without it all that follows. */
  readonly until?: number | undefined;
  /** The header of this name, in place of what the address holds. */
  readonly authorization?: string | undefined;
  /** The strong validator of the bytes already held: where the file has changed, all of it is sent. */
  readonly etag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the server sends: all of the file, the rest of it from `Question.from` on, or that there is no such rest. */
export type Answer = WholeOrRest | { readonly kind: "beyond" };

export interface WholeOrRest {
  readonly kind: "whole" | "rest";
  /** Bytes of the whole file, where the server says so. */
  readonly total: number | undefined;
  /** A strong validator, where there is one. */
  readonly etag: string | undefined;
  /** Read once, to its end or left by `break`; its failures are Troubles. */
  readonly body: AsyncIterable<Uint8Array>;
  /** In place of reading the body. */
  leave(): Promise<void>;
}

const redirects = new Set([301, 302, 303, 307, 308]);
const maxRedirects = 8;

/**
 * Asks for a file. Redirects are followed, from https to https only, and carry no credentials to another origin.
 *
 * @throws {Trouble} on any answer that is neither the file nor a part of it, and on none; or the signal's reason
 */
export async function ask(dispatcher: Dispatcher, question: Question): Promise<Answer> {
  let url = parseUrl(question.url);
  const origin = url.origin;
  const credentials = question.authorization ?? basicCredentials(url);
  for (let hops = 0; ; hops++) {
    const response = await send(
      dispatcher,
      url,
      headersFor(question, url.origin === origin ? credentials : undefined),
      question.signal,
    );
    if (!redirects.has(response.statusCode)) return await answerFrom(response, question);
    await drop(response);
    const next = redirectTarget(response, url);
    if (hops === maxRedirects)
      throw new Trouble("refused", `more than ${maxRedirects} redirects, the last to ${showUrl(next.href)}`);
    if (url.protocol === "https:" && next.protocol !== "https:") {
      throw new Trouble("refused", `it redirects from https to ${showUrl(next.href)}`);
    }
    url = next;
  }
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "http:" && url.protocol !== "https:")) {
    throw new Trouble("refused", "not an http or https address");
  }
  return url;
}

function basicCredentials(url: URL): string | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const pair = [url.username, url.password].map(unescaped).join(":");
  return `Basic ${Buffer.from(pair).toString("base64")}`;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new Trouble("refused", "its user or password has a % that two digits should follow: write %25", {
      cause,
    });
  }
}

// `identity`: some servers would send a .gz as a decoded file with a gzip coding.
function headersFor(question: Question, authorization: string | undefined): Record<string, string> {
  return {
    "user-agent": "kit",
    "accept-encoding": "identity",
    ...(authorization !== undefined && { authorization }),
    ...(isPartial(question) && {
      range: `bytes=${question.from}-${question.until === undefined ? "" : question.until - 1}`,
    }),
    ...(question.from > 0 && question.etag !== undefined && { "if-range": question.etag }),
  };
}

function isPartial({ from, until }: Question): boolean {
  return from > 0 || until !== undefined;
}

/** What is sent other than to get a file. Bodies are bytes that may be sent again. */
export interface Message {
  readonly url: string;
  readonly method: "HEAD" | "PUT" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly parts?: readonly Uint8Array[];
  /** Called with bytes as the connection takes them. */
  readonly onSent?: (bytes: number) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface Told extends WholeOrRest {
  readonly status: number;
  /** Milliseconds the server asked to be left alone. */
  readonly retryAfter?: number;
}

/** The answer to a message, whatever it is; redirects are not followed. @throws {Trouble} where there is none */
export async function tell(dispatcher: Dispatcher, message: Message): Promise<Told> {
  const url = parseUrl(message.url);
  const { method, parts = [], headers = {}, signal, onSent = () => {} } = message;
  const authorization = basicCredentials(url);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  try {
    const response = await dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method,
      headers: {
        "user-agent": "kit",
        ...(authorization !== undefined && { authorization }),
        ...headers,
        ...(method !== "HEAD" && { "content-length": String(length) }),
      },
      body: method === "HEAD" ? null : Readable.from(slicesOf(parts, onSent), { objectMode: false }),
      signal: signal ?? null,
    });
    const total = numberIn(header(response, "content-length"));
    const seconds = numberIn(header(response, "retry-after"));
    return {
      status: response.statusCode,
      ...(seconds !== undefined && { retryAfter: seconds * 1000 }),
      kind: "whole",
      total,
      etag: undefined,
      body: chunks(response, signal),
      leave: () => drop(response),
    };
  } catch (error) {
    throw troubleFrom(error, signal);
  }
}

/** 64 KiB at a time: who takes little of what it is sent is seen to take it. */
function* slicesOf(parts: readonly Uint8Array[], onSent: (bytes: number) => void): Generator<Uint8Array> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += sliceSize) {
      const slice = part.subarray(at, at + sliceSize);
      yield slice;
      onSent(slice.length);
    }
  }
}

const sliceSize = 1 << 16;

async function send(
  dispatcher: Dispatcher,
  url: URL,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<Dispatcher.ResponseData> {
  try {
    const path = url.pathname + url.search;
    return await dispatcher.request({
      origin: url.origin,
      path,
      method: "GET",
      headers,
      signal: signal ?? null,
    });
  } catch (error) {
    throw troubleFrom(error, signal);
  }
}

function redirectTarget(response: Dispatcher.ResponseData, base: URL): URL {
  const location = header(response, "location");
  if (location === undefined || !URL.canParse(location, base.href)) {
    throw new Trouble("refused", `HTTP ${response.statusCode} without a place to go`);
  }
  const target = new URL(location, base.href);
  if (target.protocol !== "http:" && target.protocol !== "https:") {
    throw new Trouble("refused", `it redirects to ${showUrl(target.href)}`);
  }
  return target;
}

async function answerFrom(response: Dispatcher.ResponseData, question: Question): Promise<Answer> {
  const status = response.statusCode;
  const etag = header(response, "etag");
  const common = {
    etag: etag?.startsWith('"') ? etag : undefined,
    body: chunks(response, question.signal),
    leave: () => drop(response),
  };
  if (status === 200)
    return { kind: "whole", total: numberIn(header(response, "content-length")), ...common };
  if (status === 206 && isPartial(question)) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header(response, "content-range") ?? "");
    if (range !== null && Number(range[1]) === question.from)
      return { kind: "rest", total: numberIn(range[2]), ...common };
  }
  await drop(response);
  if ((status === 206 || status === 416) && question.from > 0) return { kind: "beyond" };
  if (status === 404 || status === 410) throw new Trouble("absent", `HTTP ${status}`, { status });
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    const seconds = numberIn(header(response, "retry-after"));
    throw new Trouble("transient", `HTTP ${status}`, {
      status,
      ...(seconds !== undefined && { retryAfter: seconds * 1000 }),
    });
  }
  throw new Trouble("refused", `HTTP ${status}`, { status });
}

async function* chunks(
  response: Dispatcher.ResponseData,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    yield* response.body;
  } catch (error) {
    throw troubleFrom(error, signal);
  }
}

// Reads a small body to its end, so that the connection can be used again; a large or a slow one costs the connection.
async function drop(response: Dispatcher.ResponseData): Promise<void> {
  await response.body.dump({ limit: 64 * 1024, signal: AbortSignal.timeout(longestDrop) }).catch(() => {});
}

/** Milliseconds. */
const longestDrop = 5000;

function header(response: Dispatcher.ResponseData, name: string): string | undefined {
  const value = response.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The whole host is in doubt, or a proxy before it: it takes no connections, or takes them and says nothing. */
const unconnected = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_PRX_CONN",
]);

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "the connection was refused",
  ECONNRESET: "the connection was reset",
  ENOTFOUND: "there is no such host",
  EAI_AGAIN: "its name could not be looked up",
  UND_ERR_CONNECT_TIMEOUT: "no connection in time",
  UND_ERR_HEADERS_TIMEOUT: "no answer in time",
  UND_ERR_BODY_TIMEOUT: "it stopped sending",
  UND_ERR_SOCKET: "the connection broke off",
};

function troubleFrom(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  const { code, message, name } = innermost(error);
  // Some of these have no code.
  if (name === "HTTPParserError")
    return new Trouble("transient", `what it answers is not HTTP (${message})`, { cause: error });
  if (code === undefined) return error;
  const detail = reasons[code] ?? message;
  if (/CERT|TLS|SSL|SIGNATURE|EPROTO|UND_ERR_INVALID_ARG|UND_ERR_HEADERS_OVERFLOW/.test(code)) {
    return new Trouble("refused", `${detail} (${code})`, { cause: error });
  }
  return new Trouble("transient", `${detail} (${code})`, {
    unconnected: unconnected.has(code),
    cause: error,
  });
}

// Node tries every address of a name and reports an AggregateError of their failures.
function innermost(error: unknown): NodeJS.ErrnoException {
  const failure = error as NodeJS.ErrnoException & { errors?: readonly NodeJS.ErrnoException[] };
  return failure.errors?.[0] ?? failure;
}
