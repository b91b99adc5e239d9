// Contents on their way into a cache: what is there is found out, the rest is packed and sent.
// Knows trees, blobs and packs; does not know results' signatures, nor who wants them.

import type { BlobPlace, Located, LocationMap } from "../../store/cache/map.ts";
import { nameOf } from "../../store/cache/names.ts";
import { openPack, type Pack, type PackBuilder } from "../../store/cache/pack.ts";
import {
  decodeBlobFile,
  decodeTreeFile,
  encodeBases,
  encodeBlobFile,
  encodeTreeFile,
} from "../../store/cache/treefile.ts";
import { readTree } from "../../store/mark.ts";
import { type Content, type Result, splitContent } from "../../store/model/derivation.ts";
import { type Digest, hexOf } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import { blobsOf, decodeTree } from "../../store/model/tree.ts";
import { inHundredths } from "../progress.ts";
import { earlierContents } from "./earlier.ts";
import { type PushMeans, writesAtOnce } from "./means.ts";
import type { BlobPart } from "./packing.ts";
import { together } from "./together.ts";

/** Where blobs are in the cache, as far as it is known: what is there need not be sent. */
interface Places {
  readonly blobs: Map<Digest, BlobPlace>;
  readonly frames: Map<Digest, Located>;
  add(map: LocationMap): void;
}

/** How many trees of earlier builds a tree may be told as a difference from. */
const mostBases = 2;

export interface PushedContents {
  /** That were sent. */
  readonly bytes: number;
  /** Of these contents, files that lie there damaged, and why: files are not replaced. */
  readonly damaged: ReadonlyMap<Content, string>;
}

/**
 * Makes the cache have these contents, but for those that lie there damaged. `all` are the results that are being
 * pushed, contents of which may be there.
 */
export async function pushContents(
  contents: readonly Content[],
  all: readonly Result[],
  means: PushMeans,
): Promise<PushedContents> {
  const there = await means.cache.present(contents.map(fileOf));
  const [present, missing] = [true, false].map((is) =>
    contents.filter((content) => there.has(fileOf(content)) === is),
  ) as [Content[], Content[]];
  const [places, maps] = [openPlaces(), openMaps(means)];
  // A statement would vouch for what nobody can read.
  for (const map of await Promise.all(present.map(maps.find))) places.add(map);
  let bytes = 0;
  if (missing.length > 0) {
    const bases = await knownBases(missing, places, maps, means);
    await knownElsewhere(missing, all, places, maps, means);
    bytes += await packAll(missing, places, means);
    await together(writesAtOnce, missing, async (content) => {
      bytes += await writeContent(content, bases.get(content) ?? [], places, means);
    });
  }
  const isOwn = new Set(contents);
  const [own, others] = [true, false].map((is) =>
    [...maps.damaged].filter(([content]) => isOwn.has(content) === is),
  ) as [[Content, string][], [Content, string][]];
  tellDamaged(others, all, means);
  return { bytes, damaged: new Map(own) };
}

/** What lies in the cache of contents that are not pushed now: the push goes on without it. */
function tellDamaged(
  damaged: readonly (readonly [Content, string])[],
  all: readonly Result[],
  { cache, warn }: PushMeans,
): void {
  const [[content, why] = []] = damaged;
  if (content === undefined) return;
  const named = all.find(({ outputs, references }) =>
    [...Object.values(outputs), ...references].includes(content),
  );
  const more = damaged.length === 1 ? "" : ` (and ${damaged.length - 1} more like it)`;
  const way =
    named === undefined
      ? ""
      : `; to push it anew, remove it there and results/${hexOf(named.request)}, then repeat the command`;
  warn(`the cache ${cache.host.name}: ${fileOf(content)} is passed over: ${why}${more}${way}`);
}

/** Where the blobs of contents are in the cache; each is asked for once. */
interface Maps {
  /** Empty where there is none, or a damaged one. */
  find(content: Content): Promise<LocationMap>;
  /** What was damaged of those that were asked for, and why. */
  readonly damaged: ReadonlyMap<Content, string>;
}

function openMaps({ cache }: PushMeans): Maps {
  const found = new Map<Content, Promise<LocationMap>>();
  const damaged = new Map<Content, string>();
  const read = async (content: Content): Promise<LocationMap> => {
    const { kind, digest } = splitContent(content);
    try {
      const map = await cache.file(fileOf(content), (bytes) =>
        kind === "tree" ? decodeTreeFile(bytes, digest).map : decodeBlobFile(bytes, digest),
      );
      return map ?? new Map();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      damaged.set(content, error.message);
      return new Map();
    }
  };
  return {
    damaged,
    find(content) {
      const known = found.get(content) ?? read(content);
      found.set(content, known);
      return known;
    },
  };
}

/** The name of the file that makes a content known. */
export function fileOf(content: Content): string {
  const { kind, digest } = splitContent(content);
  return kind === "tree" ? nameOf({ kind, tree: digest }) : nameOf({ kind, blob: digest });
}

function openPlaces(): Places {
  const [blobs, frames] = [new Map<Digest, BlobPlace>(), new Map<Digest, Located>()];
  return {
    blobs,
    frames,
    add(map) {
      for (const place of map.values()) {
        if (!blobs.has(place.blob)) blobs.set(place.blob, place);
        for (const frame of place.frames) if (!frames.has(frame.digest)) frames.set(frame.digest, frame);
      }
    },
  };
}

/** What was made of the same thing before, and is in both the store and the cache. */
async function knownBases(
  missing: readonly Content[],
  places: Places,
  maps: Maps,
  means: PushMeans,
): Promise<Map<Content, Content[]>> {
  const { store, cache } = means;
  const earlier = earlierContents(missing, store);
  const there = await cache.present([...new Set([...earlier.values()].flat().map(fileOf))]);
  const bases = new Map<Content, Content[]>();
  for (const [content, candidates] of earlier) {
    const found = candidates.filter((one) => there.has(fileOf(one))).slice(0, mostBases);
    bases.set(content, found);
    for (const base of found) places.add(await maps.find(base));
  }
  return bases;
}

/** Trees of packages that were pushed before hold most files of a root that was not: looked at if it lacks places. */
async function knownElsewhere(
  missing: readonly Content[],
  all: readonly Result[],
  places: Places,
  maps: Maps,
  means: PushMeans,
): Promise<void> {
  const lacks = missing.some((content) => blobsIn(content, means).some((blob) => !places.blobs.has(blob)));
  if (!lacks) return;
  const isMissing = new Set(missing);
  const others = new Set(
    all.flatMap(({ outputs }) => Object.values(outputs)).filter((one) => !isMissing.has(one)),
  );
  for (const map of await Promise.all([...others].map(maps.find))) places.add(map);
}

/** In the order of the tree: what lies together is wanted together. */
function blobsIn(content: Content, { store }: PushMeans): Digest[] {
  const { kind, digest } = splitContent(content);
  return kind === "blob" ? [digest] : [...blobsOf(store.records.tree(digest))];
}

/** Packs every blob whose place is not known, and sends the packs; returns their bytes. */
async function packAll(missing: readonly Content[], places: Places, means: PushMeans): Promise<number> {
  const blobs = [...new Set(missing.flatMap((content) => blobsIn(content, means)))];
  const wanted = blobs.filter((blob) => !places.blobs.has(blob));
  const made = new Map<Digest, { readonly size: number; readonly frames: Digest[] }>();
  const sender = openSender(places, means);
  const tell = inHundredths(means.onProgress);
  let packed = 0;
  for await (const part of packedParts(wanted, means)) {
    const known = made.get(part.blob) ?? { size: part.size, frames: [] };
    made.set(part.blob, known);
    for (const frame of part.frames) {
      known.frames.push(frame.digest);
      if (!places.frames.has(frame.digest)) await sender.add(frame);
    }
    if (part.next === undefined) tell(++packed, wanted.length);
    means.signal.throwIfAborted();
  }
  const bytes = await sender.finish();
  for (const [blob, { size, frames }] of made) {
    const located = frames.flatMap((digest) => places.frames.get(digest) ?? []);
    places.blobs.set(blob, { blob, size, frames: located });
  }
  return bytes;
}

/** Blobs that a thread packs at once; most are small. */
const atOnce = 32;
/** Tasks that are asked for ahead of the one whose answer is used. */
const ahead = 6;

/** The parts of all these blobs in their order, packed by threads. */
async function* packedParts(blobs: readonly Digest[], { crew }: PushMeans) {
  const tasks: BlobPart[][] = [];
  for (let at = 0; at < blobs.length; at += atOnce)
    tasks.push(blobs.slice(at, at + atOnce).map((blob) => ({ blob, from: 0 })));
  const asked: ReturnType<typeof crew.packBlobs>[] = [];
  const ask = () => {
    const task = tasks.shift();
    if (task === undefined) return;
    const answer = crew.packBlobs(task);
    answer.catch(() => {});
    asked.push(answer);
  };
  for (let i = 0; i < ahead; i++) ask();
  for (let answer = asked.shift(); answer !== undefined; answer = asked.shift()) {
    const parts = await answer;
    ask();
    for (let part of parts) {
      yield part;
      // The rest of a large blob, a stretch at a time.
      while (part.next !== undefined) {
        const [rest] = await crew.packBlobs([{ blob: part.blob, from: part.next }]);
        if (rest === undefined) break;
        yield rest;
        part = rest;
      }
    }
  }
}

/** Fills packs and sends each when it is full, while the next is filled. */
function openSender(places: Places, { cache }: PushMeans) {
  let pack: PackBuilder = openPack();
  let sent = 0;
  let sending: Promise<void> = Promise.resolve();
  const sendPack = async ({ digest, size, parts }: Pack) => {
    const name = nameOf({ kind: "pack", pack: digest });
    if (!(await cache.host.has(name)) && (await cache.host.write(name, parts)) === "written") sent += size;
  };
  const send = async () => {
    // Two packs are in memory at the most.
    await sending;
    if (pack.length === 0) return;
    const full = pack.finish();
    pack = openPack();
    const name = { digest: full.digest, size: full.size };
    for (const frame of full.frames) places.frames.set(frame.digest, { ...frame, pack: name });
    sending = sendPack(full);
    // It may fail while nobody waits for it yet.
    sending.catch(() => {});
  };
  return {
    async add(frame: Parameters<PackBuilder["add"]>[0]) {
      if (pack.find(frame.digest) !== undefined) return;
      if (!pack.takes(frame.bytes.length)) await send();
      if (!places.frames.has(frame.digest)) pack.add(frame);
    },
    async finish(): Promise<number> {
      await send();
      await sending;
      return sent;
    },
  };
}

/** The file that makes a content known; what a tree differs in from its bases before it. */
async function writeContent(
  content: Content,
  bases: readonly Content[],
  places: Places,
  means: PushMeans,
): Promise<number> {
  const { cache, store } = means;
  const { kind, digest } = splitContent(content);
  let sent = 0;
  const write = async (name: string, bytes: Buffer) => {
    if ((await cache.host.write(name, [bytes])) === "written") sent += bytes.length;
  };
  if (kind === "blob") {
    await write(fileOf(content), encodeBlobFile(mapFor([digest], places)));
    return sent;
  }
  const record = readTree(store.layout, digest);
  if (record === undefined) throw new Error(`the tree ${digest} is gone`);
  const blobs = [...blobsOf(decodeTree(record))];
  const told: Digest[] = [];
  for (const { digest: base } of bases.map(splitContent)) {
    const before = readTree(store.layout, base);
    if (before === undefined) continue;
    const has = blobsOf(decodeTree(before));
    const map = mapFor(
      blobs.filter((blob) => !has.has(blob)),
      places,
    );
    await write(nameOf({ kind: "delta", tree: digest, base }), encodeTreeFile({ record, map }, before));
    told.push(base);
  }
  if (told.length > 0) await write(nameOf({ kind: "bases", tree: digest }), Buffer.from(encodeBases(told)));
  await write(fileOf(content), encodeTreeFile({ record, map: mapFor(blobs, places) }));
  return sent;
}

function mapFor(blobs: readonly Digest[], places: Places): LocationMap {
  return new Map(
    blobs.map((blob) => {
      const place = places.blobs.get(blob);
      if (place === undefined) throw new Error(`nobody packed ${hexOf(blob)}`);
      return [blob, place];
    }),
  );
}
