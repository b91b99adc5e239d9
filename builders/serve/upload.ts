// Answering PUT: a file comes into the cache, or nothing of it does.
// Knows what may be sent and how large; does not know who sends it.

import { infoName, parseInfo } from "../../store/cache/info.ts";
import { mostBytes } from "../../store/cache/limits.ts";
import type { CacheStorage } from "../../store/cache/storage.ts";
import { digestFromHex } from "../../store/model/digest.ts";
import { type Exchange, Refusal, tooLarge } from "./exchange.ts";
import { digestNaming } from "./file.ts";

/** `largest` is in bytes. */
export async function takeFile(
  exchange: Exchange,
  name: string,
  storage: CacheStorage,
  largest: number,
): Promise<void> {
  const { headers } = exchange.request;
  const limit = Math.min(largest, mostBytes(name));
  const size = headers["content-length"] === undefined ? undefined : Number(headers["content-length"]);
  if (size !== undefined && size > limit) throw tooLarge(limit);
  if (headers["content-range"] !== undefined) throw new Refusal(400, "a file is sent whole");
  if (!["identity", undefined].includes(headers["content-encoding"]))
    throw new Refusal(415, "a file is sent as it is");
  // Nothing more is read of what is here already.
  if ((await storage.size(name)) !== undefined) throw present(exchange);
  const hex = digestNaming(name);
  const body = name === infoName ? soundInfo(exchange.body(limit)) : exchange.body(limit);
  const digest = hex === undefined ? undefined : digestFromHex(hex);
  if ((await storage.write(name, body, { size, digest })) === "present") throw present(exchange);
  exchange.begin(201, { "content-length": 0 });
  exchange.end();
}

async function* soundInfo(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  const info = Buffer.concat(pieces);
  try {
    parseInfo(info, "what was sent");
  } catch {
    throw new Refusal(422, `it is no ${infoName}`);
  }
  yield info;
}

function present({ request }: Exchange): Refusal {
  const status = request.headers["if-none-match"] === undefined ? 409 : 412;
  return new Refusal(status, "it is here already, and files are not replaced");
}
