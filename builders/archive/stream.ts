// What every decompressor is, which there are, and how each says that a stream is not sound.
// Knows the contract; does not know any format.

import { Fault } from "../../store/model/fault.ts";

/**
 * One stream being decompressed. Output goes to the sink while `push` and `end` run, all of it before `end` is
 * through. Chunks are views of memory that is used again when the sink returns: who keeps bytes copies them. An error
 * of the sink is thrown from the call under way.
 */
export interface Decompressor {
  push(chunk: Uint8Array): void | Promise<void>;
  /** @throws {Fault} `digest/bad-stream` where the stream is not complete */
  end(): void | Promise<void>;
  /** Frees what is held; may be called at any time, and twice. */
  close(): void;
}

/** By what a file's name ends in, without the dot. */
export const compressions = ["none", "gz", "xz", "zst"] as const;
export type Compression = (typeof compressions)[number];

export type ByteSink = (chunk: Uint8Array) => void;

export function badStream(format: string, why: string, cause?: unknown): Fault {
  return new Fault("digest/bad-stream", `not a sound ${format} stream: ${why}`, { cause });
}
