// Sinks: where a download's bytes go, hashed on their way, so that it can go on where it stopped.
// Knows a partial file and a buffer; does not know where the bytes come from or what they should be.

import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { parseSha256, parseSha512, type Sha256, type Sha512 } from "../../store/model/digest.ts";
import { asFault } from "../../store/trouble.ts";

/** Takes bytes in order. `length` and the digests speak of exactly the bytes that are kept. */
export interface Sink {
  /** Bytes kept so far, those of an earlier process too. */
  readonly length: number;
  append(chunk: Uint8Array): Promise<void> | void;
  /** Forgets every byte. */
  restart(): Promise<void>;
  /** Of the bytes kept so far; may be asked repeatedly. */
  sha256(): Sha256;
  /** The same; only of a sink that was made with this kind. */
  sha512(): Sha512;
  /** Keeps the bytes and lets go of the file. Called once, last. */
  close(): Promise<void>;
  /** Keeps nothing. Called once, last. */
  discard(): Promise<void>;
}

export type HashKind = "sha256" | "sha512";

/**
 * A sink into the file at `path`, made when the first byte comes. Whoever calls is its only writer. With `adopt`
 * it goes on after the bytes a file there already holds, which are read once to be hashed; else they are dropped.
 * The file is not flushed: a crash may leave it with zeros, which the digest then tells.
 */
export async function fileSink(
  path: string,
  adopt: boolean,
  kinds: readonly HashKind[] = ["sha256"],
): Promise<Sink> {
  let file: FileHandle | undefined;
  let hash = openHashes(kinds);
  let length = 0;
  const opened = async (): Promise<FileHandle> => (file ??= await open(path, "w", 0o644).catch(diskFault));
  const found = adopt ? await openIfThere(path) : undefined;
  if (found !== undefined) {
    file = found;
    length = await hashFile(found, hash);
  }
  return {
    get length() {
      return length;
    },
    async append(chunk) {
      const to = file ?? (await opened());
      for (let at = 0; at < chunk.length; ) {
        const { bytesWritten } = await to.write(chunk, at, chunk.length - at, length + at).catch(diskFault);
        at += bytesWritten;
      }
      hash.update(chunk);
      length += chunk.length;
    },
    async restart() {
      await file?.truncate(0);
      hash = openHashes(kinds);
      length = 0;
    },
    sha256: () => hash.sha256(),
    sha512: () => hash.sha512(),
    async close() {
      await (await opened()).close();
    },
    async discard() {
      await file?.close();
      await rm(path, { force: true });
    },
  };
}

export interface MemorySink extends Sink {
  bytes(): Buffer;
}

export function memorySink(kinds: readonly HashKind[] = ["sha256"]): MemorySink {
  let chunks: Uint8Array[] = [];
  let hash = openHashes(kinds);
  let length = 0;
  const restart = async () => {
    chunks = [];
    hash = openHashes(kinds);
    length = 0;
  };
  return {
    get length() {
      return length;
    },
    append(chunk) {
      chunks.push(chunk);
      hash.update(chunk);
      length += chunk.length;
    },
    restart,
    sha256: () => hash.sha256(),
    sha512: () => hash.sha512(),
    close: async () => {},
    discard: restart,
    bytes: () => Buffer.concat(chunks),
  };
}

interface Hashes extends Pick<Sink, "sha256" | "sha512"> {
  update(bytes: Uint8Array): void;
}

function openHashes(kinds: readonly HashKind[]): Hashes {
  const hashes = new Map<HashKind, Hash>(kinds.map((kind) => [kind, createHash(kind)]));
  const hexOf = (kind: HashKind) => hashes.get(kind)?.copy().digest("hex") ?? "";
  return {
    update(bytes) {
      for (const hash of hashes.values()) hash.update(bytes);
    },
    sha256: () => parseSha256(hexOf("sha256")),
    sha512: () => parseSha512(hexOf("sha512")),
  };
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function hashFile(file: FileHandle, hash: Hashes): Promise<number> {
  const buffer = Buffer.allocUnsafe(1 << 20);
  for (let at = 0; ; ) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
    if (bytesRead === 0) return at;
    hash.update(buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
}

function diskFault(error: unknown): never {
  throw asFault(error);
}
