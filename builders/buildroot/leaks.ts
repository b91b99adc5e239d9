// Leaks: secrets in what a build left, also where it is compressed.
// Knows what streams begin with, and looks wherever one does: in an .rpm, a .deb or a tar without knowing these.

import { readdirSync, readlinkSync } from "node:fs";
import { Fault } from "../../store/model/fault.ts";
import { piecesOf } from "../../store/pool.ts";
import { embedded } from "../archive/embedded.ts";
import type { Decompressor } from "../archive/stream.ts";
import { type Secret, type Trace, tracesOf } from "./secrets.ts";

/**
 * In what a build left, before any of it is in the store: in names, in what links lead to, in files, and in what is
 * compressed in them by gzip, xz or zstd, three deep. bzip2 and zip are looked at as they are. A second takes 170 MB,
 * and of what is compressed, unpacked, 200 MB of gzip and 11 MB of xz.
 *
 * @param note told of each file in which more is compressed than is looked through
 * @throws {Fault} `build/secret-in-output`
 */
export async function refuseLeaks(
  folder: string,
  secrets: readonly Secret[],
  note: (text: string) => void,
): Promise<void> {
  if (secrets.length === 0) return;
  const traces = tracesOf(secrets);
  for (const { path, file, target, isFile } of foundIn(Buffer.from(folder))) {
    const hunt = newHunt(traces);
    for (const text of [path, target]) openLayer(hunt, 0).take(text);
    if (isFile) await huntIn(file, hunt);
    const shown = hiddenIn(path, traces);
    if (hunt.found !== undefined)
      throw new Fault("build/secret-in-output", `the secret ${hunt.found} is in what was built: ${shown}`, {
        hint: "what is built goes to caches and to other people: whatever needs the secret has to get it when it runs",
      });
    if (hunt.left < 0) note(`kit: ${shown}: not all that is compressed in it was looked through for secrets`);
  }
}

/** Paths are bytes: not all are UTF-8. */
interface Found {
  /** Below the folder. */
  readonly path: Buffer;
  readonly file: Buffer;
  /** Where it leads; empty where it is no link. */
  readonly target: Buffer;
  readonly isFile: boolean;
}

function* foundIn(folder: Buffer, above: readonly Buffer[] = []): Generator<Found> {
  const at = joined([folder, ...above]);
  for (const entry of readdirSync(at, { withFileTypes: true, encoding: "buffer" })) {
    const names = [...above, entry.name];
    const file = joined([folder, ...names]);
    const target = entry.isSymbolicLink() ? readlinkSync(file, { encoding: "buffer" }) : Buffer.alloc(0);
    yield { path: joined(names), file, target, isFile: entry.isFile() };
    if (entry.isDirectory()) yield* foundIn(folder, names);
  }
}

function joined(names: readonly Buffer[]): Buffer {
  return Buffer.concat(names.flatMap((name, index) => (index === 0 ? [name] : [Buffer.from("/"), name])));
}

function hiddenIn(path: Buffer, traces: readonly Trace[]): string {
  const hidden = traces.reduce(
    (told, trace) => told.replaceAll(trace.bytes.toString("latin1"), "***"),
    path.toString("latin1"),
  );
  return Buffer.from(hidden, "latin1").toString();
}

/** What is looked for in one file, and how much of what unpacks there is still looked at. */
interface Hunt {
  readonly traces: readonly Trace[];
  /** The name of the secret that was found first. */
  found: string | undefined;
  /** Bytes; below 0 there was more. */
  left: number;
}

function newHunt(traces: readonly Trace[]): Hunt {
  return { traces, found: undefined, left: mostUnpacked };
}

const mostUnpacked = 2 ** 36;

/** How deep what is compressed is looked into: a manual page in a .deb, a tar in a tar. */
const deepest = 3;

async function huntIn(file: Buffer, hunt: Hunt): Promise<void> {
  const layer = openLayer(hunt, deepest);
  for (const piece of piecesOf(file)) {
    if (hunt.found !== undefined) break;
    layer.take(piece);
    await layer.settle();
  }
  await layer.end();
}

/** A stream of bytes: they are looked through, and so is every stream that begins in them. */
interface Layer {
  /** Its bytes are the caller's again when it returns. */
  take(piece: Uint8Array): void;
  /** Has what was taken unpacked, as far as it is compressed. */
  settle(): Promise<void>;
  end(): Promise<void>;
}

function openLayer(hunt: Hunt, depth: number): Layer {
  const overlap = Math.max(longestMagic, ...hunt.traces.map(({ bytes }) => bytes.length)) - 1;
  let rest = Buffer.alloc(0);
  let inner: Inner[] = [];
  return {
    take(piece) {
      const bytes = Buffer.concat([rest, piece]);
      hunt.found ??= hunt.traces.find((trace) => bytes.includes(trace.bytes))?.name;
      const fresh = bytes.subarray(rest.length);
      for (const one of inner) one.waiting.push(fresh);
      if (depth > 0)
        for (const { at, compression } of beginningsIn(bytes, rest.length))
          inner.push(openInner(compression, bytes.subarray(at), openLayer(hunt, depth - 1), hunt));
      rest = Buffer.from(bytes.subarray(Math.max(0, bytes.length - overlap)));
    },
    async settle() {
      const going = inner;
      inner = [];
      for (const one of going)
        if (hunt.found === undefined && (await one.settle())) inner.push(one);
        else one.close();
    },
    async end() {
      for (const one of inner.splice(0)) {
        if (hunt.found === undefined) await one.end();
        one.close();
      }
    },
  };
}

/** A stream that may have begun, as far as it is one. */
interface Inner {
  readonly waiting: Uint8Array[];
  /** Whether it goes on. */
  settle(): Promise<boolean>;
  end(): Promise<void>;
  close(): void;
}

function openInner(compression: Packing, begun: Uint8Array, layer: Layer, hunt: Hunt): Inner {
  let stream: Decompressor | undefined;
  const waiting = [begun];
  const sink = (chunk: Uint8Array) => {
    hunt.left -= chunk.length;
    if (hunt.left >= 0) layer.take(chunk);
  };
  const feed = async () => {
    stream ??= await embedded(compression, mostUnpacked, sink);
    for (const piece of waiting.splice(0)) {
      for (let at = 0; at < piece.length && hunt.found === undefined && hunt.left >= 0; at += sliceSize) {
        await stream.push(piece.subarray(at, at + sliceSize));
        await layer.settle();
      }
    }
  };
  return {
    waiting,
    async settle() {
      const goesOn = await asFarAsItIsOne(feed);
      if (!goesOn) await layer.end();
      return goesOn;
    },
    async end() {
      await asFarAsItIsOne(async () => {
        await feed();
        await stream?.end();
      });
      await layer.end();
    },
    close: () => stream?.close(),
  };
}

/** Bytes: what they unpack to is in memory at once, where streams begin in it. */
const sliceSize = 1 << 14;

/** Whether it is sound so far; behind a stream's end is what is none. */
async function asFarAsItIsOne(task: () => Promise<void>): Promise<boolean> {
  try {
    await task();
    return true;
  } catch (error) {
    if (error instanceof Fault) return false;
    throw error;
  }
}

/** RFC 1952 (of its flags three are none), the xz file format 2.1.1.1, RFC 8878. */
const magics = [
  { compression: "gz", bytes: Buffer.from([0x1f, 0x8b, 0x08]) },
  { compression: "xz", bytes: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) },
  { compression: "zst", bytes: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]) },
] as const;

type Packing = (typeof magics)[number]["compression"];

const longestMagic = 6;

/** Where streams may begin that were not seen whole among the first `seen` bytes, the first before others. */
function beginningsIn(bytes: Buffer, seen: number): { at: number; compression: Packing }[] {
  return magics
    .flatMap(({ compression, bytes: magic }) => {
      const found: { at: number; compression: Packing }[] = [];
      const from = Math.max(0, seen - magic.length + 1);
      for (let at = bytes.indexOf(magic, from); at >= 0; at = bytes.indexOf(magic, at + 1))
        found.push({ at, compression });
      return found;
    })
    .sort((a, b) => a.at - b.at);
}
