// The intake: frames come from a cache and become blobs of the pool.
// Knows frames, pieces and threads; does not know which blobs are wanted, or why.

import { closeSync, ftruncateSync, mkdirSync, mkdtempSync, openSync, readSync, rmSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { openChunker } from "../../store/cache/chunker.ts";
import { type BlobPlace, isWhole, type Located } from "../../store/cache/map.ts";
import { planRanges, type Range } from "../../store/cache/plan.ts";
import { type Attributes, blobAttributes, type Layout } from "../../store/layout.ts";
import { type Digest, digestOf, hexOf } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { FileEntry } from "../../store/model/tree.ts";
import { findMember, piecesOf, writeFully } from "../../store/pool.ts";
import type { Crew } from "../builder.ts";
import { inHundredths, type OnProgress } from "../progress.ts";
import type { Cache } from "./cache.ts";
import { type FrameBatch, type FrameTarget, isHole } from "./frames.ts";
import type { FindChunk } from "./pieces.ts";
import { together } from "./together.ts";

export interface Incoming {
  readonly place: BlobPlace;
  /** Of the pool member it becomes; those of a file that root owns and all may read. */
  readonly attributes?: Attributes;
  /** A blob of the store that shares chunks with it, as likely as not. */
  readonly held?: FileEntry | undefined;
  /** Finds chunks that came with other blobs. */
  readonly find?: FindChunk | undefined;
}

export interface IntakeMeans {
  readonly cache: Cache;
  readonly crew: Crew;
  readonly layout: Layout;
  readonly scratch: string;
  readonly flush: () => Promise<void>;
}

/** Ranges that are fetched beside each other: each may have 8 MiB on their way. */
const rangesAtOnce = 4;
/** Files whose pieces are all there and that are looked at beside each other. */
const assembliesAtOnce = 8;
/** Bytes of packs after which the disk begins with what they were. */
const flushSize = 16 << 20;
/** Bytes of chunks that are copied before others have their turn: what they wait for has deadlines. */
const breathSize = 16 << 20;
/** Bytes of frames that a thread is given at once. */
const batchSize = 1 << 20;

export function openIntake(
  { cache, crew, layout, scratch, flush }: IntakeMeans,
  onBytes: OnProgress,
): { take(incoming: readonly Incoming[]): Promise<void> } {
  return {
    async take(incoming) {
      // Of this intake alone: two trees that come at once may have a large blob in common.
      mkdirSync(scratch, { recursive: true });
      const folder = mkdtempSync(`${scratch}/pieces-`);
      try {
        await takeInto(folder, incoming);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };

  async function takeInto(folder: string, incoming: readonly Incoming[]): Promise<void> {
    const targets = new Map<Digest, FrameTarget[]>();
    for (const { place, attributes = blobAttributes } of incoming)
      if (isWhole(place)) addTo(targets, place.blob, { kind: "blob", attributes: bare(attributes) });
    const assemblies: Assembly[] = [];
    for (const one of incoming)
      if (!isWhole(one.place)) assemblies.push(await openAssembly(one, folder, layout));
    for (const { lacking } of assemblies)
      for (const { frame, target } of lacking) addTo(targets, frame.digest, target);
    const wanted = [
      ...incoming.flatMap(({ place }) => (isWhole(place) ? place.frames : [])),
      ...assemblies.flatMap(({ lacking }) => lacking.map(({ frame }) => frame)),
    ];
    const ranges = planRanges(wanted);
    const total = ranges.reduce((sum, { length }) => sum + length, 0);
    const tell = inHundredths(onBytes);
    const disk = openDisk(flush);
    let done = 0;
    const came = (bytes: number) => {
      done += bytes;
      tell(done, total);
      disk.came(bytes);
    };
    await together(rangesAtOnce, ranges, (range) => takeRange(range, cache, targets, crew, came));
    await together(assembliesAtOnce, assemblies, async ({ file, place, attributes }) => {
      const { blob } = await crew.adopt(file, attributes);
      if (blob !== place.blob)
        throw new Fault("digest/bad-map", `the chunks of ${place.blob} make up ${blob}`);
    });
    await disk.idle();
  }
}

async function takeRange(
  range: Range,
  cache: Cache,
  targets: ReadonlyMap<Digest, readonly FrameTarget[]>,
  crew: Crew,
  came: (bytes: number) => void,
): Promise<void> {
  const waiting: Promise<unknown>[] = [];
  let next = 0;
  let held: Uint8Array[] = [];
  let length = 0;
  // Where in the pack the bytes begin that are held.
  let begin = range.offset;
  const send = (all: boolean) => {
    const bytes = joined(held, length);
    const frames: FrameBatch["frames"][number][] = [];
    let used = 0;
    for (; next < range.frames.length; next++) {
      const { offset, length: size, digest, size: content } = range.frames[next] as Located;
      const at = offset - begin;
      if (at + size > bytes.length) break;
      frames.push({ offset: at, length: size, digest, size: content, targets: targets.get(digest) ?? [] });
      used = at + size;
    }
    held = all ? [] : [Buffer.from(bytes.subarray(used))];
    length = all ? 0 : bytes.length - used;
    begin += used;
    if (frames.length === 0) return;
    const taken = crew.takeFrames({ bytes, frames });
    // It may fail while more is on its way, before anybody waits for it.
    taken.catch(() => {});
    waiting.push(taken);
  };
  try {
    for await (const part of cache.ranges([range])) {
      held.push(part);
      length += part.length;
      came(part.length);
      if (length < batchSize) continue;
      send(false);
      // What threads cannot keep up with must not pile up here.
      if (waiting.length > 4) await waiting[waiting.length - 4];
    }
    send(true);
  } finally {
    const settled = await Promise.allSettled(waiting);
    const failed = settled.find((outcome) => outcome.status === "rejected");
    // biome-ignore lint/correctness/noUnsafeFinally: what a thread found wrong says more than the end of the stream
    if (failed !== undefined) throw failed.reason;
  }
}

/**
 * The disk takes in what came while more comes, a flush at a time: the one that has to be waited for in the end takes
 * 50 ms in place of 300 where 60 MB came from this machine, and seconds less where a disk is as slow as the network.
 */
function openDisk(flush: () => Promise<void>): { came(bytes: number): void; idle(): Promise<void> } {
  let waiting = 0;
  let isBusy = false;
  let written = Promise.resolve();
  return {
    came(bytes) {
      waiting += bytes;
      if (waiting < flushSize || isBusy) return;
      waiting = 0;
      isBusy = true;
      written = written.then(flush);
      written.then(
        () => {
          isBusy = false;
        },
        // Kept for who waits: the kernel tells of a failure once, and the last flush would know nothing of it.
        () => {},
      );
    },
    idle: () => written,
  };
}

/** In a buffer of its own, which can be given away. */
function joined(parts: readonly Uint8Array[], length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

interface Assembly {
  readonly file: string;
  readonly place: BlobPlace;
  readonly attributes: Attributes;
  readonly lacking: readonly { readonly frame: Located; readonly target: FrameTarget }[];
}

/** A file of the blob's size, with the chunks in their places that blobs of the store have. */
async function openAssembly(
  { place, attributes = blobAttributes, held, find }: Incoming,
  folder: string,
  layout: Layout,
): Promise<Assembly> {
  const file = `${folder}/${hexOf(place.blob)}`;
  const fd = openSync(file, "w+", 0o644);
  const chunks = held === undefined ? undefined : chunksOf(held, layout);
  const lacking: { readonly frame: Located; readonly target: FrameTarget }[] = [];
  try {
    ftruncateSync(fd, place.size);
    let [at, copied] = [0, 0];
    for (const frame of place.frames) {
      const chunk = chunks?.find(frame.digest) ?? find?.(frame.digest);
      if (chunk === undefined) lacking.push({ frame, target: { kind: "piece", file, at } });
      else if (!isHole(chunk)) writeFully(fd, chunk, at);
      at += frame.size;
      copied += chunk?.length ?? 0;
      if (copied < breathSize) continue;
      copied = 0;
      await setImmediate();
    }
  } finally {
    chunks?.close();
    closeSync(fd);
  }
  return { file, place, attributes: bare(attributes), lacking };
}

/** The chunks of a blob that the store has, cut as a cache's are: 500 MB/s. */
function chunksOf(
  entry: FileEntry,
  layout: Layout,
): { find(digest: Digest): Buffer | undefined; close(): void } | undefined {
  const member = findMember(layout, entry.blob, entry);
  if (member === undefined) return undefined;
  const places = new Map<Digest, { readonly at: number; readonly size: number }>();
  const chunker = openChunker();
  let at = 0;
  const note = (chunks: readonly Uint8Array[]) => {
    for (const chunk of chunks) {
      places.set(digestOf(chunk), { at, size: chunk.length });
      at += chunk.length;
    }
  };
  for (const piece of piecesOf(member)) note(chunker.push(piece));
  note(chunker.end());
  const fd = openSync(member, "r");
  return {
    find(digest) {
      const place = places.get(digest);
      if (place === undefined) return undefined;
      const bytes = Buffer.alloc(place.size);
      readSync(fd, bytes, 0, place.size, place.at);
      return bytes;
    },
    close: () => closeSync(fd),
  };
}

function addTo(targets: Map<Digest, FrameTarget[]>, digest: Digest, target: FrameTarget): void {
  const known = targets.get(digest);
  if (known === undefined) targets.set(digest, [target]);
  else known.push(target);
}

/** What a member is named by, without what else a tree's entry has. */
function bare({ mode, uid, gid, xattrs }: Attributes): Attributes {
  return { mode, uid, gid, ...(xattrs && { xattrs }) };
}
