// A proxy in front of a good server that misbehaves as a test wants, and writes down what it was asked.
// Knows HTTP from both sides; does not know what the files are.

import { type IncomingMessage, type ServerResponse, request as send } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "../builders/fetch/server.ts";

/** How a request is answered; absent: as the good server does. */
export type Manner =
  | { readonly kind: "delay"; readonly milliseconds: number }
  /** So much of the body comes as the header says, then the connection ends. */
  | { readonly kind: "truncate"; readonly part: number }
  /** So much of the body, with a header that says so. */
  | { readonly kind: "shorten"; readonly part: number }
  /** One bit is another, at this part of the body. */
  | { readonly kind: "flip"; readonly at: number }
  | { readonly kind: "status"; readonly status: number }
  /** 200 with these bytes, whatever was asked for. */
  | { readonly kind: "wrong"; readonly body: Buffer }
  | { readonly kind: "circle" }
  /** A byte each so many milliseconds. */
  | { readonly kind: "drip"; readonly milliseconds: number }
  | { readonly kind: "silence" }
  | { readonly kind: "close" }
  /** The whole file with 200 for a range. */
  | { readonly kind: "whole" };

export interface Asked {
  readonly method: string;
  /** Relative to the good server's root, without a slash before it. */
  readonly name: string;
  readonly range: string | undefined;
}

export interface Spoiler extends AsyncDisposable {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** The most requests that were open at once. */
  readonly most: () => number;
  /** What is spoiled from now on. */
  spoil: (asked: Asked) => Manner | undefined;
  /** Forgets what was asked. */
  forget(): void;
}

/** `plain`: before a server that answers in bulk, it looks like a static one. */
export async function openSpoiler(upstream: string, { plain = false } = {}): Promise<Spoiler> {
  const asked: Asked[] = [];
  const server = await serve(async (request, response) => {
    const one = {
      method: request.method ?? "",
      name: (request.url ?? "").slice(1),
      range: request.headers.range,
    };
    asked.push(one);
    await answer(request, response, upstream, self.spoil(one) ?? (plain ? plainly(one) : undefined)).catch(
      () => response.destroy(),
    );
  });
  const self: Spoiler = {
    url: server.url,
    asked,
    most: server.most,
    spoil: () => undefined,
    forget: () => void asked.splice(0),
    [Symbol.asyncDispose]: () => server.stop(),
  };
  return self;
}

/** What a static server says of itself, and of questions in bulk. */
function plainly({ method, name }: Asked): Manner | undefined {
  if (method === "POST") return { kind: "status", status: 405 };
  if (method === "GET" && name.endsWith("kit-cache-info"))
    return { kind: "wrong", body: Buffer.from('{"format":"kit/cache/1"}\n') };
  return undefined;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  upstream: string,
  manner: Manner | undefined,
): Promise<void> {
  switch (manner?.kind) {
    case "silence":
      return void request.resume();
    case "close":
      return void request.socket.destroy();
    case "circle":
      return void response.writeHead(302, { location: `${request.url}` }).end();
    case "status":
      return void response.writeHead(manner.status).end("not today");
    case "wrong":
      return void response.writeHead(200, { "content-length": manner.body.length }).end(manner.body);
    default:
  }
  const { status, headers, body } = await forward(request, upstream, manner?.kind === "whole");
  if (manner?.kind === "delay") await sleep(manner.milliseconds);
  const bytes = spoiled(body, manner);
  const announced = manner?.kind === "truncate" ? body.length : bytes.length;
  const isHead = request.method === "HEAD";
  response.writeHead(status, { ...headers, ...(!isHead && { "content-length": announced }) });
  if (manner?.kind === "drip") return await drip(response, bytes, manner.milliseconds);
  if (announced === bytes.length || isHead) return void response.end(bytes);
  response.write(bytes, () => response.destroy());
}

function spoiled(body: Buffer, manner: Manner | undefined): Buffer {
  if (manner?.kind === "flip" && body.length > 0) {
    const copy = Buffer.from(body);
    const at = Math.min(body.length - 1, Math.floor(body.length * manner.at));
    copy[at] = (copy[at] as number) ^ 4;
    return copy;
  }
  return manner?.kind === "truncate" || manner?.kind === "shorten"
    ? body.subarray(0, Math.floor(body.length * manner.part))
    : body;
}

async function drip(response: ServerResponse, bytes: Buffer, milliseconds: number): Promise<void> {
  for (let at = 0; at < bytes.length && !response.destroyed; at++) {
    response.write(bytes.subarray(at, at + 1));
    await sleep(milliseconds);
  }
  response.end();
}

function forward(
  request: IncomingMessage,
  upstream: string,
  whole: boolean,
): Promise<{ status: number; headers: IncomingMessage["headers"]; body: Buffer }> {
  const { range, host: _, ...headers } = request.headers;
  return new Promise((resolve, reject) => {
    const sent = send(
      `${upstream}${request.url}`,
      { method: request.method, agent: false, headers: { ...headers, ...(!whole && range && { range }) } },
      (answer) => {
        const pieces: Buffer[] = [];
        answer.on("data", (piece: Buffer) => pieces.push(piece));
        answer.on("error", reject);
        answer.on("end", () => {
          const { connection: _, "transfer-encoding": __, ...rest } = answer.headers;
          resolve({ status: answer.statusCode ?? 500, headers: rest, body: Buffer.concat(pieces) });
        });
      },
    );
    sent.on("error", reject);
    request.pipe(sent);
  });
}
