// Writing a tree as a tar stream whose bytes are a function of the tree and one time.
// Knows entries, order and batching; does not know where blobs lie, nor compression.

import type { Digest } from "../../store/model/digest.ts";
import { Fault, unreachable } from "../../store/model/fault.ts";
import type { Entry, FileEntry, Tree } from "../../store/model/tree.ts";
import { type Fields, headerBlocks, headerSize } from "./tarfields.ts";
import { blockSize } from "./tarheader.ts";

export interface TarOptions {
  /** Every entry's time: whole seconds since 1970, at most 8,589,934,591. */
  readonly mtime: number;
  /** What stands before each path; `./` by default, as tar(1) and mmdebstrap write. "" leaves the root out. */
  readonly prefix?: string;
}

/** A blob's bytes, in any pieces; they are copied before the next is asked for. */
export type ReadBlob = (blob: Digest, size: number) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** Part of a tree's tar, which can be written without the others. */
export interface Stretch {
  readonly entries: readonly Entry[];
  /** Where it begins, in bytes. */
  readonly offset: number;
  /** The archive's end follows it. */
  readonly isLast: boolean;
  /** Names of hard link groups whose content an earlier stretch carries. */
  readonly firstNames: ReadonlyMap<number, string>;
}

/**
 * The tree as POSIX ustar, with a pax header before an entry only where ustar cannot say it: names that do not
 * fit, ids above 2,097,151, files of 8 GiB and more, extended attributes (`SCHILY.xattr.*`, which tar, bsdtar,
 * mke2fs and sqfstar read). Entries come in the tree's order; a hard link group's first member carries the
 * content. Owner names are left empty, so that ids are taken as they are. Chunks are 512 KiB, the last less,
 * and the consumer's to keep. 200 MB in 8,000 files: 2 to 4 GB/s from memory.
 *
 * Source: POSIX.1-2024 pax, "ustar Interchange Format" and "pax Extended Header".
 *
 * @throws {Fault} `digest/wrong-size` where a blob is not as long as the tree says; `digest/bad-tree` on a
 * device number that tar cannot hold
 */
export function tarOf(tree: Tree, read: ReadBlob, options: TarOptions): AsyncGenerator<Uint8Array> {
  return stretchOf({ entries: tree.entries, offset: 0, isLast: true, firstNames: new Map() }, read, options);
}

/** The bytes of one stretch, as {@link tarOf} has them. @throws what that throws */
export async function* stretchOf(
  stretch: Stretch,
  read: ReadBlob,
  options: TarOptions,
): AsyncGenerator<Uint8Array> {
  const { mtime } = options;
  if (!Number.isInteger(mtime) || mtime < 0 || mtime > 0o77777777777)
    throw new RangeError(`not a tar time: ${mtime}`);
  const batch = new Batch();
  const firstNames = new Map(stretch.firstNames);
  for (const entry of stretch.entries) {
    const fields = fieldsOf(entry, firstNames, options);
    if (fields === undefined) continue;
    batch.add(headerBlocks(fields));
    if (entry.type === "file" && fields.flag === "0") yield* content(entry, read, batch);
    yield* batch.full();
  }
  if (stretch.isLast) batch.add(Buffer.alloc(2 * blockSize));
  yield* batch.full();
  yield* batch.rest();
}

/** The tree's tar cut into at most so many stretches that take about as long to write. */
export function stretchesOf(tree: Tree, count: number, options: TarOptions): readonly Stretch[] {
  const work = tree.entries.reduce((sum, entry) => sum + workOf(entry), 0);
  const stretches: Stretch[] = [];
  const firstNames = new Map<number, string>();
  let [from, offset, end, done] = [0, 0, 0, 0];
  let known: ReadonlyMap<number, string> = new Map();
  tree.entries.forEach((entry, index) => {
    const fields = fieldsOf(entry, firstNames, options);
    if (fields !== undefined) end += headerSize(fields) + Math.ceil(fields.size / blockSize) * blockSize;
    done += workOf(entry);
    const isLast = index === tree.entries.length - 1;
    if (!isLast && done < ((stretches.length + 1) * work) / count) return;
    stretches.push({ entries: tree.entries.slice(from, index + 1), offset, isLast, firstNames: known });
    [from, offset, known] = [index + 1, end, new Map(firstNames)];
  });
  return stretches;
}

/** Opening a file takes as long as copying 45 kB. */
function workOf(entry: Entry): number {
  return entry.type === "file" ? 45_000 + entry.size : 2_000;
}

/** An entry as tar sees it; the root under an empty prefix is none. Notes the first names of hard link groups. */
function fieldsOf(
  entry: Entry,
  firstNames: Map<number, string>,
  { mtime, prefix = "./" }: TarOptions,
): Fields | undefined {
  const name = prefix + entry.path;
  if (name === "") return undefined;
  const { mode, uid, gid, xattrs } = entry;
  const bare = { name, mode, uid, gid, mtime, size: 0, target: "", major: 0, minor: 0 };
  const owned = { ...bare, ...(xattrs && { xattrs }) };
  switch (entry.type) {
    case "file": {
      const first = entry.link === undefined ? undefined : firstNames.get(entry.link);
      if (first !== undefined) return { ...bare, flag: "1", target: first };
      if (entry.link !== undefined) firstNames.set(entry.link, name);
      return { ...owned, flag: "0", size: entry.size };
    }
    case "directory":
      return { ...owned, flag: "5", name: name.endsWith("/") ? name : `${name}/` };
    case "symlink":
      return { ...owned, flag: "2", target: entry.target };
    case "character":
      return { ...owned, flag: "3", major: entry.major, minor: entry.minor };
    case "block":
      return { ...owned, flag: "4", major: entry.major, minor: entry.minor };
    case "fifo":
      return { ...owned, flag: "6" };
    default:
      return unreachable(entry);
  }
}

async function* content(entry: FileEntry, read: ReadBlob, batch: Batch): AsyncGenerator<Uint8Array> {
  let written = 0;
  for await (const chunk of read(entry.blob, entry.size)) {
    written += chunk.length;
    if (written > entry.size) throw wrongSize(entry, "more than");
    batch.add(chunk);
    yield* batch.full();
  }
  if (written < entry.size) throw wrongSize(entry, `${written} of`);
  batch.pad();
}

function wrongSize(entry: FileEntry, found: string): Fault {
  return new Fault(
    "digest/wrong-size",
    `${entry.blob} has ${found} the ${entry.size} bytes that /${entry.path} says`,
    {
      hint: "the blob or the tree is damaged: run `kit store verify --repair`",
    },
  );
}

const batchSize = 512 * 1024;

/** Gathers bytes into chunks of {@link batchSize}. */
class Batch {
  #buffer = Buffer.allocUnsafeSlow(batchSize);
  #used = 0;
  #full: Uint8Array[] = [];

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; ) {
      const piece = Math.min(bytes.length - at, batchSize - this.#used);
      this.#buffer.set(piece === bytes.length ? bytes : bytes.subarray(at, at + piece), this.#used);
      this.#used += piece;
      at += piece;
      if (this.#used === batchSize) this.#turn();
    }
  }

  /** Zeros up to the next block; batches hold whole blocks, so this never crosses one. */
  pad(): void {
    const end = Math.ceil(this.#used / blockSize) * blockSize;
    this.#buffer.fill(0, this.#used, end);
    this.#used = end;
    if (end === batchSize) this.#turn();
  }

  /** The chunks that are full, each once. */
  full(): Uint8Array[] {
    if (this.#full.length === 0) return none;
    const full = this.#full;
    this.#full = [];
    return full;
  }

  rest(): Uint8Array[] {
    return this.#used === 0 ? none : [this.#buffer.subarray(0, this.#used)];
  }

  #turn(): void {
    this.#full.push(this.#buffer);
    this.#buffer = Buffer.allocUnsafeSlow(batchSize);
    this.#used = 0;
  }
}

const none: Uint8Array[] = [];
