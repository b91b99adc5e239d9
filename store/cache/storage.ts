// Storages: where a cache's files are, be it a folder, a bundle or a server.
// Knows what every storage promises; does not know what the files hold.

import { type Digest, hasher } from "../model/digest.ts";
import { Fault } from "../model/fault.ts";
import { isCacheName } from "./names.ts";

/** A part of a file, in bytes. */
export interface Range {
  readonly offset: number;
  readonly length: number;
}

/** What is known of bytes before they come. */
export interface Expected {
  readonly size?: number | undefined;
  readonly digest?: Digest | undefined;
  /** Looks at what came before anybody sees it; what that throws is thrown on, and nothing is written. */
  readonly look?: ((came: Came) => Promise<void>) | undefined;
}

/** A file that came whole and has no name yet. */
export interface Came {
  readonly size: number;
  /** Exactly these bytes, which are within it. */
  read(range: Range): Promise<Buffer>;
}

/**
 * Files by the names of CACHE.md, written once and never changed. Every method may be called at any time, in parallel,
 * also beside other processes' calls; any other name is refused with `digest/bad-name`.
 *
 * A storage that cannot be used throws a Fault of class `store` or, a server's, `network`.
 */
export interface CacheStorage {
  /** Where it is, for people. */
  readonly location: string;
  /** In bytes; undefined where there is no such file. */
  size(name: string): Promise<number | undefined>;
  /**
   * The bytes of a file, or of a part of it, exactly as many as asked for. Nothing is opened before the first are
   * asked for, and what is open is closed when the last came or the reader leaves off. Pieces are the reader's to keep.
   *
   * @throws {Fault} `store/no-file` where there is none, `digest/wrong-size` where it ends before the range does
   */
  read(name: string, range?: Range): AsyncIterable<Uint8Array>;
  /**
   * The names directly below `results`, `results/REQUEST`, `trees`, `blobs`, `packs` or `logs`, sorted; of `results`
   * the requests. Empty where there is no such folder. A server that cannot list throws.
   */
  list(folder: string): Promise<string[]>;
  /**
   * Writes a file. It becomes visible when it is whole and on disk, or not at all, and never in the place of another:
   * where there is one the answer is `present`, whatever that one holds, and the bytes may not have been asked for.
   * What the bytes themselves throw is thrown on.
   *
   * @throws {Fault} `digest/wrong-size`, `digest/mismatch` where the bytes are not those expected
   */
  write(name: string, bytes: AsyncIterable<Uint8Array>, expected?: Expected): Promise<"written" | "present">;
}

/** A storage on this machine, whose files can be held open. */
export interface LocalStorage extends CacheStorage {
  /** Undefined where there is no such file. Who opens it closes it. */
  open(name: string): Promise<OpenFile | undefined>;
}

export interface OpenFile {
  readonly size: number;
  /** A short text of letters, digits and `-` that is another one when another file lies under the name. */
  readonly stamp: string;
  /** @throws {Fault} as {@link CacheStorage.read} */
  read(range?: Range): AsyncIterable<Uint8Array>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** `read` of a storage that can open files. */
export async function* readOpened(
  storage: Pick<LocalStorage, "open" | "location">,
  name: string,
  range?: Range,
): AsyncGenerator<Uint8Array> {
  const file = await storage.open(name);
  if (file === undefined) throw new Fault("store/no-file", `${storage.location} has no file ${name}`);
  try {
    yield* file.read(range);
  } finally {
    await file.close();
  }
}

/** A small file's bytes; undefined where there is none. @throws {Fault} `digest/too-large` */
export async function readSmall(
  storage: CacheStorage,
  name: string,
  limit: number,
): Promise<Buffer | undefined> {
  const size = await storage.size(name);
  if (size === undefined) return undefined;
  if (size > limit)
    throw new Fault(
      "digest/too-large",
      `${name} of ${storage.location} has ${size} bytes; ${limit} are allowed`,
    );
  const pieces: Uint8Array[] = [];
  for await (const piece of storage.read(name)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** @throws {Fault} `digest/bad-name` */
export function requireName(name: string): void {
  if (!isCacheName(name)) throw badName(name);
}

export function badName(name: string): Fault {
  return new Fault("digest/bad-name", `not a name of a cache's file: ${JSON.stringify(name.slice(0, 200))}`);
}

/** @throws {Fault} `digest/wrong-size` where the range is not within so many bytes */
export function requireRange({ offset, length }: Range, size: number, what: string): void {
  const isWithin = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (isWithin && offset + length <= size) return;
  throw new Fault(
    "digest/wrong-size",
    `${what} has ${size} bytes; ${length} from ${offset} on were asked for`,
  );
}

/** The same bytes; throws after the last of them where they are not those expected, or as soon as they are too many. */
export async function* checked(
  bytes: AsyncIterable<Uint8Array>,
  expected: Expected,
  what: string,
): AsyncGenerator<Uint8Array> {
  const hash = expected.digest === undefined ? undefined : hasher();
  const { size = Number.POSITIVE_INFINITY } = expected;
  let received = 0;
  for await (const piece of bytes) {
    received += piece.length;
    if (received > size) throw wrongSize(what, `more than ${size}`, size);
    hash?.update(piece);
    yield piece;
  }
  if (expected.size !== undefined && received < size) throw wrongSize(what, `${received}`, size);
  if (hash !== undefined && hash.digest() !== expected.digest) {
    throw new Fault("digest/mismatch", `${what}: the bytes that came are not those that its name says`);
  }
}

function wrongSize(what: string, found: string, size: number): Fault {
  return new Fault("digest/wrong-size", `${what}: ${found} bytes came, not ${size}`);
}
