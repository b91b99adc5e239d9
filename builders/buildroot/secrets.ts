// Secrets of a build: how they get into its sandbox, and how they are found in what comes out of it.
// They are on no disk: the sandbox's own memory holds them, and the command's standard input brings them there.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { Fault } from "../../store/model/fault.ts";
import { piecesOf } from "../../store/pool.ts";
import { arParser } from "../archive/ar.ts";
import { decompressor, parseCompression } from "../archive/decompress.ts";
import { parseRpmHeader } from "../archive/rpmheader.ts";
import type { Compression, Decompressor } from "../archive/stream.ts";
import { quoted } from "../sandbox/spec.ts";

/** Where each is a file by its name, readable by the user who builds; `KIT_SECRETS` says so too. */
export const secretsFolder = "/tmp/secrets";

export interface Secret {
  readonly name: string;
  readonly value: Buffer;
}

/** Begins with reading them, in this order, and goes on with the build, which has no standard input then. */
export function withSecrets(secrets: readonly Secret[], command: string): string[] {
  const read = secrets.map(({ name, value }) => `head -c ${value.length} > ${secretsFolder}/${name}`);
  const lines = ["set -eu", "umask 077", `mkdir ${secretsFolder}`, ...read];
  const owned = `chown -R 1000:1000 ${secretsFolder}`;
  return ["/bin/sh", "-c", [...lines, owned, `exec ${quoted(command)} < /dev/null`].join("\n")];
}

export async function* inputOfSecrets(secrets: readonly Secret[]): AsyncGenerator<Uint8Array> {
  for (const { value } of secrets) yield value;
}

/** What a secret is found by. */
export interface Trace {
  readonly name: string;
  readonly bytes: Buffer;
}

/**
 * Its bytes without the white space around them, and where it has several lines each that is long enough to be nobody
 * else's: of a key in PEM (RFC 7468) not the lines that say what it is. Longer ones first, as one may begin another.
 */
export function tracesOf(secrets: readonly Secret[]): Trace[] {
  const traces = secrets.flatMap(({ name, value }) => {
    const text = value.toString("latin1").trim();
    const lines = text
      .split(/\s*\n\s*/)
      .filter((line) => line.length >= longLine && !line.startsWith("-----"));
    return [...new Set([text, ...lines])]
      .filter((trace) => trace !== "")
      .map((trace) => ({ name, bytes: Buffer.from(trace, "latin1") }));
  });
  return traces.sort((a, b) => b.bytes.length - a.bytes.length);
}

/** Characters. */
const longLine = 16;

/**
 * In what a build left, before any of it is in the store. What .debs and .rpms hold is looked through unpacked; other
 * archives are looked at as they are.
 *
 * @throws {Fault} `build/secret-in-output`
 */
export async function refuseLeaks(folder: string, secrets: readonly Secret[]): Promise<void> {
  if (secrets.length === 0) return;
  const traces = tracesOf(secrets);
  for (const found of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(found.parentPath, found.name);
    const path = relative(folder, file);
    const search = openSearch(traces);
    search.take(Buffer.from(found.isSymbolicLink() ? `${path} ${readlinkSync(file)}` : path));
    search.apart();
    if (found.isFile()) for (const piece of piecesOf(file)) search.take(piece);
    search.apart();
    if (found.isFile() && path.endsWith(".rpm")) await asFarAsItIsOne(searchRpm(file, search));
    if (found.isFile() && path.endsWith(".deb")) await asFarAsItIsOne(searchDeb(file, search));
    const secret = traces[search.found()]?.name;
    if (secret === undefined) continue;
    const shown = hiddenIn(path, traces);
    throw new Fault("build/secret-in-output", `the secret ${secret} is in what was built: ${shown}`, {
      hint: "what is built goes to caches and to other people: whatever needs the secret has to get it when it runs",
    });
  }
}

/** What is only called so was looked through as it is. */
async function asFarAsItIsOne(search: Promise<void>): Promise<void> {
  try {
    await search;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
}

function hiddenIn(text: string, traces: readonly Trace[]): string {
  const bytes = Buffer.from(text).toString("latin1");
  const hidden = traces.reduce(
    (told, trace) => told.replaceAll(trace.bytes.toString("latin1"), "***"),
    bytes,
  );
  return Buffer.from(hidden, "latin1").toString();
}

/** Looks for traces in bytes as they come, also across two pieces. */
interface Search {
  take(piece: Uint8Array): void;
  /** What comes now has nothing to do with what came. */
  apart(): void;
  /** Which was found first; -1 where none is. */
  found(): number;
}

function openSearch(traces: readonly Trace[]): Search {
  const overlap = Math.max(1, ...traces.map(({ bytes }) => bytes.length)) - 1;
  let rest = Buffer.alloc(0);
  let found = -1;
  return {
    take(piece) {
      const bytes = Buffer.concat([rest, piece]);
      if (found < 0) found = traces.findIndex((trace) => bytes.includes(trace.bytes));
      rest = Buffer.from(bytes.subarray(Math.max(0, bytes.length - overlap)));
    },
    apart() {
      rest = Buffer.alloc(0);
    },
    found: () => found,
  };
}

/** Its files, which are one stream. @throws {Fault} `digest/bad-rpm` */
async function searchRpm(file: string, search: Search): Promise<void> {
  const bytes = readFileSync(file);
  const header = parseRpmHeader(bytes);
  const written = header.text(payloadCompressor) ?? "gzip";
  const compression = Object.hasOwn(compressions, written) ? compressions[written] : undefined;
  if (compression === undefined)
    throw new Fault(
      "digest/bad-rpm",
      `its payload is compressed by ${written}, which kit does not look into`,
    );
  const stream = await decompressor(compression, mostUnpacked, search.take);
  await stream.push(bytes.subarray(header.end));
  await stream.end();
}

/** Its members (deb(5)). @throws {Fault} `digest/bad-deb` */
async function searchDeb(file: string, search: Search): Promise<void> {
  const parser = arParser();
  let stream: Decompressor | undefined;
  for (const piece of piecesOf(file)) {
    for (const event of parser.push(piece)) {
      if (event.kind === "data") await stream?.push(event.bytes);
      else if (event.kind === "end") await stream?.end();
      else {
        search.apart();
        const suffix = /^(?:control|data)\.tar(.*)$/.exec(event.name)?.[1];
        stream =
          suffix === undefined
            ? undefined
            : await decompressor(parseCompression(suffix), mostUnpacked, search.take);
      }
    }
  }
  parser.end();
}

/** rpmtag.h; as rpmbuild writes it. */
const payloadCompressor = 1125;
const compressions: Readonly<Record<string, Compression>> = { gzip: "gz", xz: "xz", zstd: "zst" };

/** Bytes. */
const mostUnpacked = 2 ** 40;
