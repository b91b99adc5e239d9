// Answering GET and HEAD with a file of the cache (RFC 9110).
// Knows headers, ranges and validators; does not know who asks.

import { encodeInfo, infoLimit, infoName, parseInfo } from "../../store/cache/info.ts";
import { type LocalStorage, type OpenFile, readSmall, requireRange } from "../../store/cache/storage.ts";
import { digestOf, hexOf } from "../../store/model/digest.ts";
import { type Exchange, Refusal } from "./exchange.ts";
import { rangeOf, verdictOf } from "./range.ts";

/** `isPublic`: what is answered may be kept by a cache that others ask. */
export async function answerFile(
  exchange: Exchange,
  name: string,
  storage: LocalStorage,
  isPublic: boolean,
): Promise<void> {
  const file = name === infoName ? await openInfo(storage) : await storage.open(name);
  if (file === undefined) throw new Refusal(404, "there is no such file");
  try {
    const common = {
      etag: `"${digestNaming(name) ?? file.stamp}"`,
      "cache-control": `${isPublic ? "public" : "private"}, ${freshnessOf(name)}`,
      "accept-ranges": "bytes",
    };
    await answer(exchange, file, common, typeOf(name));
  } finally {
    await file.close();
  }
}

async function answer(
  exchange: Exchange,
  file: OpenFile,
  common: { readonly etag: string },
  type: string,
): Promise<void> {
  const { method, headers } = exchange.request;
  const verdict = verdictOf(headers, common.etag);
  if (verdict === "failed") throw new Refusal(412, "it is another file", common);
  if (verdict === "unchanged") {
    exchange.begin(304, common);
    return exchange.end();
  }
  const range = method === "GET" && verdict === "part" ? rangeOf(headers.range, file.size) : undefined;
  if (range === "unsatisfiable")
    throw new Refusal(416, `it has ${file.size} bytes`, { "content-range": `bytes */${file.size}` });
  const { offset, length } = range ?? { offset: 0, length: file.size };
  exchange.begin(range === undefined ? 200 : 206, {
    ...common,
    "content-type": type,
    "content-length": length,
    "x-content-type-options": "nosniff",
    ...(range && { "content-range": `bytes ${offset}-${offset + length - 1}/${file.size}` }),
  });
  if (method !== "HEAD") for await (const piece of file.read({ offset, length })) await exchange.send(piece);
  exchange.end();
}

/** As it lies there, and that this server answers in bulk. */
async function openInfo(storage: LocalStorage): Promise<OpenFile | undefined> {
  const written = await readSmall(storage, infoName, infoLimit);
  if (written === undefined) return undefined;
  const bytes = encodeInfo({ ...parseInfo(written, storage.location).members, bulk: 1 });
  return {
    size: bytes.length,
    stamp: hexOf(digestOf(bytes)),
    async *read(range = { offset: 0, length: bytes.length }) {
      requireRange(range, bytes.length, infoName);
      yield bytes.subarray(range.offset, range.offset + range.length);
    },
    close: async () => {},
  };
}

/** The digest of a file's bytes, where the name tells it. */
export function digestNaming(name: string): string | undefined {
  return /^(?:packs|results\/[0-9a-f]{64})\/([0-9a-f]{64})$/.exec(name)?.[1];
}

/** Files are written once. What says something of others may still be mended by hand. */
function freshnessOf(name: string): string {
  const changes = name === infoName || name.endsWith(".bases") || name.endsWith(".sig");
  return changes ? "max-age=60" : "max-age=31536000, immutable";
}

function typeOf(name: string): string {
  return name === infoName || name.startsWith("results/") ? "application/json" : "application/octet-stream";
}
