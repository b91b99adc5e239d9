// The pool: every blob once for each set of attributes it is needed with.
// Knows how bytes become pool members and are found again; does not know trees or results.

import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  futimesSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { type HashedFile, openFileHash } from "./filehash.ts";
import type { Holds } from "./holds.ts";
import { type Attributes, blobAttributes, type Layout, poolTime } from "./layout.ts";
import { type Digest, digestOf, type Hasher, hasher, hexOf } from "./model/digest.ts";
import { Fault } from "./model/fault.ts";
import type { System } from "./system.ts";

export interface Pool {
  /** Stores bytes that are in memory; does nothing where the member is there. */
  put(bytes: Uint8Array, attributes?: Attributes): Digest;
  /** The same for many small ones. */
  batch(): Batch;
  /**
   * Stores the bytes of a blob that the session has taken hold of, and looked for in vain: without doing so again a
   * member takes 45 µs, 60 with it. One that came meanwhile is replaced by its like.
   */
  place(bytes: Uint8Array, attributes: Attributes, blob: Digest): void;
  /** Stores bytes as they come; nothing is visible before `finish`. */
  writer(attributes?: Attributes): BlobWriter;
  /** Moves a finished file of this file system in; the file is gone afterwards. Its bytes must not change any more. */
  adopt(file: string, attributes: Attributes): Adopted;
  /** The same of many, in their order; a third cheaper each. */
  adoptAll(files: readonly Finished[]): readonly Adopted[];
  /** Gives a file of the caller's what a member with these attributes has. */
  dress(file: string, attributes: Attributes): void;
  /** A member that holds the blob, with these attributes if there is one. */
  find(blob: Digest, prefer?: Attributes): string | undefined;
  /** The member with just these attributes, made from another member where it is missing. */
  require(blob: Digest, attributes: Attributes, copy?: number): string;
  /**
   * Its bytes, checked: what is damaged is not passed on.
   *
   * @throws {Fault} `store/missing-blob`, `store/corrupt`; of {@link Pool.pieces} behind the last piece
   */
  readAll(blob: Digest, prefer?: Attributes): Buffer;
  /** The same into memory that has room for all of it and a byte more; returns how many bytes there are. */
  readInto(buffer: Uint8Array, blob: Digest, prefer?: Attributes): number;
  /** The same in pieces of at most 1 MiB, each the caller's to keep. */
  pieces(blob: Digest, prefer?: Attributes): Generator<Uint8Array>;
}

/** Bytes that are held and written together: a hold of its own costs a quarter of what storing a small file does. */
export interface Batch {
  /** Takes a copy; in the pool it is when the batch is finished, at the latest. */
  put(bytes: Uint8Array, attributes: Attributes): Digest;
  /** Stores what waits; more may come afterwards. */
  finish(): void;
}

/** A file on its way into the pool, with the attributes that it has. */
export interface Finished extends Attributes {
  readonly file: string;
  /** In bytes. */
  readonly size: number;
}

export interface Adopted {
  readonly blob: Digest;
  readonly size: number;
}

export interface BlobWriter {
  write(chunk: Uint8Array): void;
  finish(): { blob: Digest; size: number };
  /** Forgets what was written. */
  abandon(): void;
}

/** `staging` is a folder of this process (or thread) alone, on the store's file system. */
export function openPool(layout: Layout, system: System, staging: string, holds: Holds): Pool {
  let temporaries = 0;
  let hashOf: ReturnType<typeof openFileHash> | undefined;
  const temporary = () => `${staging}/${temporaries++}`;

  const finishFile = (fd: number, attributes: Attributes) => {
    if (attributes.uid !== 0 || attributes.gid !== 0) fchownSync(fd, attributes.uid, attributes.gid);
    fchmodSync(fd, attributes.mode);
    futimesSync(fd, poolTime, poolTime);
  };
  const attachXattrs = (file: string, attributes: Attributes) => {
    for (const [name, value] of Object.entries(attributes.xattrs ?? {})) {
      system.setAttribute(file, name, Buffer.from(value, "base64"));
    }
  };
  /** Writes a member that is held, unless it is there. */
  const placeLacking = (blob: Digest, bytes: Uint8Array, attributes: Attributes) => {
    if (!existsSync(layout.member(blob, attributes))) pool.place(bytes, attributes, blob);
  };
  const writer = (attributes: Attributes = blobAttributes): BlobWriter => {
    const file = temporary();
    const fd = openSync(file, "wx", 0o600);
    const hash: Hasher = hasher();
    let size = 0;
    return {
      write(chunk) {
        hash.update(chunk);
        size += chunk.length;
        writeFully(fd, chunk);
      },
      finish() {
        const blob = hash.digest();
        finishFile(fd, attributes);
        closeSync(fd);
        holds.take("blob", [hexOf(blob)]);
        const member = layout.member(blob, attributes);
        if (existsSync(member)) {
          unlinkSync(file);
        } else {
          attachXattrs(file, attributes);
          renameSync(file, member);
        }
        return { blob, size };
      },
      abandon() {
        closeSync(fd);
        unlinkSync(file);
      },
    };
  };
  const reading = <T>(blob: Digest, prefer: Attributes | undefined, read: (member: string) => T): T => {
    // The member asked for is nearly always there: reading first saves a look (10 of 60 µs a file).
    try {
      return read(layout.member(blob, prefer ?? blobAttributes));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
    const member = pool.find(blob, prefer);
    if (member === undefined) throw missingBlob(blob);
    return read(member);
  };
  const pool: Pool = {
    writer,
    put(bytes, attributes = blobAttributes) {
      const blob = digestOf(bytes);
      holds.take("blob", [hexOf(blob)]);
      placeLacking(blob, bytes, attributes);
      return blob;
    },
    place(bytes, attributes, blob) {
      const file = temporary();
      const fd = openSync(file, "wx", 0o600);
      try {
        writeFully(fd, bytes);
        finishFile(fd, attributes);
      } finally {
        closeSync(fd);
      }
      attachXattrs(file, attributes);
      renameSync(file, layout.member(blob, attributes));
    },
    batch() {
      let waiting: { blob: Digest; bytes: Uint8Array; attributes: Attributes }[] = [];
      let size = 0;
      const finish = () => {
        holds.take(
          "blob",
          waiting.map(({ blob }) => hexOf(blob)),
        );
        for (const { blob, bytes, attributes } of waiting) placeLacking(blob, bytes, attributes);
        waiting = [];
        size = 0;
      };
      return {
        put(bytes, attributes) {
          const blob = digestOf(bytes);
          waiting.push({ blob, bytes: new Uint8Array(bytes), attributes });
          size += bytes.length;
          if (size > mostWaiting || waiting.length === 256) finish();
          return blob;
        },
        finish,
      };
    },
    adopt(file, attributes) {
      const [adopted] = pool.adoptAll([{ ...attributes, file, size: lstatSync(file).size }]);
      return adopted as Adopted;
    },
    adoptAll(files) {
      hashOf ??= openFileHash();
      const hash = hashOf;
      const hashed = files.map(({ file, size }) => hash(file, size));
      // Of all at once, before any is looked for: a hold costs more than what it is taken for (25 of 90 µs).
      holds.take(
        "blob",
        hashed.map(({ digest }) => hexOf(digest)),
      );
      return files.map((finished, index) => {
        const { digest: blob, size } = hashed[index] as HashedFile;
        const member = layout.member(blob, finished);
        if (existsSync(member)) {
          unlinkSync(finished.file);
        } else {
          utimesSync(finished.file, poolTime, poolTime);
          renameSync(finished.file, member);
        }
        return { blob, size };
      });
    },
    find: (blob, prefer) => findMember(layout, blob, prefer),
    require(blob, attributes, copy = 0) {
      const member = layout.member(blob, attributes, copy);
      if (existsSync(member)) return member;
      const source = pool.find(blob, attributes);
      if (source === undefined) throw missingBlob(blob);
      const file = temporary();
      copyFileSync(source, file, constants.COPYFILE_FICLONE);
      pool.dress(file, attributes);
      renameSync(file, member);
      return member;
    },
    dress(file, attributes) {
      chownSync(file, attributes.uid, attributes.gid);
      chmodSync(file, attributes.mode);
      attachXattrs(file, attributes);
      utimesSync(file, poolTime, poolTime);
    },
    readAll: (blob, prefer) =>
      reading(blob, prefer, (member) => {
        const bytes = readFileSync(member);
        requireSound(blob, digestOf(bytes));
        return bytes;
      }),
    readInto: (buffer, blob, prefer) =>
      reading(blob, prefer, (member) => {
        const count = readStart(member, buffer);
        requireSound(blob, digestOf(buffer.subarray(0, count)));
        return count;
      }),
    *pieces(blob, prefer) {
      const member = pool.find(blob, prefer);
      if (member === undefined) throw missingBlob(blob);
      const hash = hasher();
      for (const piece of piecesOf(member)) {
        hash.update(piece);
        yield piece;
      }
      requireSound(blob, hash.digest());
    },
  };
  return pool;
}

/** Bytes that a batch has in memory. */
const mostWaiting = 4 << 20;

/** A member that holds the blob, with these attributes if there is one; a store that is not there yet holds none. */
export function findMember(
  layout: Layout,
  blob: Digest,
  prefer: Attributes = blobAttributes,
): string | undefined {
  const preferred = layout.member(blob, prefer);
  if (existsSync(preferred)) return preferred;
  const name = membersIn(layout.fan(blob)).find((member) => member.startsWith(`${hexOf(blob)}.`));
  return name === undefined ? undefined : `${layout.fan(blob)}/${name}`;
}

function membersIn(fan: string): string[] {
  try {
    return readdirSync(fan);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** A file's bytes in pieces of 1 MiB, each the caller's to keep; a link is not followed. */
export function* piecesOf(file: string | Buffer): Generator<Uint8Array> {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    // Most files are small: a buffer of 1 MiB for each would cost more than reading them.
    let left = fstatSync(fd).size;
    while (left > 0) {
      const piece = Buffer.allocUnsafe(Math.min(left, 1 << 20));
      const count = readSync(fd, piece, 0, piece.length, null);
      if (count === 0) return;
      left -= count;
      yield count === piece.length ? piece : piece.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}

function readStart(file: string, buffer: Uint8Array): number {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    let filled = 0;
    for (let count = -1; count !== 0 && filled < buffer.length; filled += count)
      count = readSync(fd, buffer, filled, buffer.length - filled, null);
    return filled;
  } finally {
    closeSync(fd);
  }
}

function requireSound(blob: Digest, found: Digest): void {
  if (found === blob) return;
  throw new Fault("store/corrupt", `the pool member of ${blob} holds other bytes`, {
    hint: "run `kit store verify --repair`, then repeat the command: what is damaged is set aside and built again",
  });
}

function missingBlob(blob: Digest): Fault {
  return new Fault("store/missing-blob", `the store lacks the blob ${blob}`, {
    hint: "run `kit store verify --repair`, then repeat the command: what is damaged is set aside and built again",
  });
}

/** Writes all of it, at a position or where the file stands. */
export function writeFully(fd: number, bytes: Uint8Array, position?: number): void {
  for (let written = 0; written < bytes.length; ) {
    const at = position === undefined ? null : position + written;
    written += writeSync(fd, bytes, written, bytes.length - written, at);
  }
}
