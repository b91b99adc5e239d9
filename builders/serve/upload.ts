// Answering PUT: a file comes into the cache, or nothing of it does.
// Knows what may be sent and how large; does not know who sends it.

import { parseInfo } from "../../store/cache/info.ts";
import { mostBytes } from "../../store/cache/limits.ts";
import { parseName } from "../../store/cache/names.ts";
import { readIndex, readTrailer, trailerLength } from "../../store/cache/pack.ts";
import type { CacheStorage, Came } from "../../store/cache/storage.ts";
import { digestFromHex } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { decodeSignature, isGenuine } from "../../store/model/signature.ts";
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
  const digest = hex === undefined ? undefined : digestFromHex(hex);
  const look = name.startsWith("packs/") ? requirePack : undefined;
  const body = soundBody(name, exchange.body(limit));
  if ((await storage.write(name, body, { size, digest, look })) === "present") throw present(exchange);
  exchange.begin(201, { "content-length": 0 });
  exchange.end();
}

/** The same bytes; of a small file only when all of it came, and is what its name says. @throws {Refusal} 422 */
function soundBody(name: string, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const file = parseName(name);
  if (file?.kind === "info") return wholly(body, (info) => void parseInfo(info, "what was sent"), name);
  if (file?.kind !== "signature") return body;
  const { request, key } = file;
  const isSound = (bytes: Buffer) => {
    const signature = decodeSignature(bytes);
    const isOwn = signature.key.fingerprint === key && signature.statement.request === request;
    // One that is not genuine would stand in the key's way for good: files are not replaced.
    if (!isOwn || !isGenuine(signature))
      throw new Refusal(422, "it is no signature by this key on this request");
  };
  return wholly(body, isSound, "signature");
}

async function* wholly(
  bytes: AsyncIterable<Uint8Array>,
  check: (all: Buffer) => void,
  kind: string,
): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  const all = Buffer.concat(pieces);
  try {
    check(all);
  } catch (error) {
    if (error instanceof Fault) throw new Refusal(422, `it is no ${kind}`);
    throw error;
  }
  yield all;
}

/** @throws {Fault} `digest/bad-pack` where its index does not tell of all that is in it, each within it */
async function requirePack({ size, read }: Came): Promise<void> {
  const length = Math.min(size, trailerLength);
  const trailer = readTrailer(await read({ offset: size - length, length }), size);
  readIndex(await read(trailer), trailer);
}

function present({ request }: Exchange): Refusal {
  const status = request.headers["if-none-match"] === undefined ? 409 : 412;
  return new Refusal(status, "it is here already, and files are not replaced");
}
