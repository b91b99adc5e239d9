// What the server's tests share: a server over a folder, requests by hand, and clients that misbehave.
// Knows bytes on a line; does not know what any test expects.

import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { request as plainRequest } from "node:http";
import { request as secureRequest } from "node:https";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { inject } from "vitest";
import { type CacheServer, type ServeOptions, startServer } from "../../../builders/serve/server.ts";
import { folderStorage } from "../../../store/cache/folder.ts";
import { openPack } from "../../../store/cache/pack.ts";
import { digestOf, hexOf } from "../../../store/model/digest.ts";
import { sample } from "../../store/cache/contract.ts";

export const tokens = { write: "write-write-write-write" };

export interface Served extends AsyncDisposable {
  readonly server: CacheServer;
  readonly url: string;
  readonly folder: string;
  /** What the server told of. */
  readonly troubles: unknown[];
}

/** A server over a folder that holds the sample. */
export async function serveSample(options: ServeOptions = {}): Promise<Served> {
  const folder = mkdtempSync(join(inject("scratch"), "served-"));
  for (const [name, content] of Object.entries(sample)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const troubles: unknown[] = [];
  const onTrouble = (error: unknown) => void troubles.push(error);
  const server = await startServer(folderStorage(folder), { tokens, onTrouble, ...options });
  return {
    server,
    url: server.url,
    folder,
    troubles,
    [Symbol.asyncDispose]: () => server.close(100),
  };
}

export interface SentPack {
  readonly name: string;
  readonly bytes: Buffer;
}

/** A pack whose only frames hold, as far as a server can tell, something: as many bytes as are told. */
export function packOf(text: string, length = text.length): SentPack {
  const builder = openPack();
  for (let left = length; left > 0; left -= 1 << 20) {
    const bytes = Buffer.alloc(Math.min(left, 1 << 20), text);
    builder.add({ digest: digestOf(`${text} ${left}`), size: bytes.length, bytes });
  }
  const { digest, parts } = builder.finish();
  return { name: `packs/${hexOf(digest)}`, bytes: Buffer.concat(parts) };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
}

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Uint8Array | string;
  readonly token?: string;
  /** The server's certificate. */
  readonly ca?: Buffer;
}

/** One request on a connection of its own. */
export function ask(url: string, asked: Asked = {}): Promise<Answer> {
  const { method = "GET", headers = {}, body, token, ca } = asked;
  return new Promise((resolve, reject) => {
    const { hostname, port, origin } = new URL(url);
    const options = {
      // As it is written: parsing would resolve dots.
      ...{ hostname: hostname.replace(/[[\]]/g, ""), port, path: url.slice(origin.length) },
      method,
      agent: false as const,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined &&
          headers["transfer-encoding"] === undefined && { "content-length": Buffer.byteLength(body) }),
        ...headers,
      },
      ...(ca && { ca }),
    };
    const sent = (url.startsWith("https") ? secureRequest : plainRequest)(options, (response) => {
      const pieces: Buffer[] = [];
      response.on("data", (piece: Buffer) => pieces.push(piece));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

export function put(url: string, body: Uint8Array | string, more: Asked = {}): Promise<Answer> {
  return ask(url, { method: "PUT", body, token: tokens.write, ...more });
}

export interface RawClient {
  readonly socket: Socket;
  /** What came so far. */
  readonly received: () => string;
  /** Fulfilled with all that came, when the connection has ended. */
  readonly ended: Promise<string>;
}

/** A connection on which a test writes what it likes. */
export async function connectTo(url: string): Promise<RawClient> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let text = "";
  socket.on("data", (piece) => {
    text += piece.toString("latin1");
  });
  socket.on("error", () => {});
  const ended = new Promise<string>((resolve) => socket.on("close", () => resolve(text)));
  await new Promise((resolve) => socket.once("connect", resolve));
  return { socket, received: () => text, ended };
}

export const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Waits until it is so. */
export async function until(is: () => boolean): Promise<void> {
  for (let tries = 0; !is(); tries++) {
    if (tries > 500) throw new Error("it did not come to that");
    await pause(10);
  }
}
