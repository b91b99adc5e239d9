// Member decompressors, by suffix: bytes in, bytes out, in bounded memory.
// Knows gzip, xz and zstd streams; does not know what is compressed in them.

import { createGunzip, createInflateRaw, createZstdDecompress } from "node:zlib";
import { Fault, unreachable } from "../../store/model/fault.ts";
import { type ByteSink, badStream, type Compression, type Decompressor } from "./stream.ts";
import { type XzOpener, xzDecompressor } from "./xz.ts";
import { xzFrame } from "./xzframe.ts";

/**
 * A decompressor that writes to `sink`. Output of more than `limit` bytes is a Fault `digest/bomb`; damage,
 * truncation and bytes after the end of the stream are `digest/bad-stream`.
 */
export async function decompressor(
  compression: Compression,
  limit: number,
  sink: ByteSink,
  openXz: XzOpener = xzDecompressor,
): Promise<Decompressor> {
  const limited = limitedSink(limit, sink);
  switch (compression) {
    case "none":
      return { push: limited, end: () => {}, close: () => {} };
    case "gz":
      return new ZlibDecompressor("gzip", limited, () => createGunzip({ chunkSize }));
    case "zst":
      return new ZlibDecompressor("zstd", limited, () => createZstdDecompress({ chunkSize }));
    case "xz":
      return framed(await openXz(limited));
    default:
      return unreachable(compression);
  }
}

/** The same of what a gzip stream holds between its head and its checks (RFC 1951). */
export function inflater(limit: number, sink: ByteSink): Decompressor {
  return new ZlibDecompressor("deflate", limitedSink(limit, sink), () => createInflateRaw({ chunkSize }));
}

function framed(stream: Decompressor): Decompressor {
  const frame = xzFrame();
  return {
    push(chunk) {
      frame.push(chunk);
      return stream.push(chunk);
    },
    end: () => stream.end(),
    close: () => stream.close(),
  };
}

/**
 * Reads the suffix of a member's name (`.xz`, or nothing).
 *
 * @throws {Fault} `digest/bad-stream` on one kit does not read
 */
export function parseCompression(suffix: string): Compression {
  if (suffix === "") return "none";
  const found = ([".gz", ".xz", ".zst"] as const).find((known) => known === suffix);
  if (found !== undefined) return found.slice(1) as Compression;
  if (suffix === ".bz2" || suffix === ".lzma") {
    throw new Fault("digest/bad-stream", `the compression ${suffix} is no longer supported`, {
      hint: "dpkg-deb stopped writing it in 2014; repack the archive with xz, zstd or gzip",
    });
  }
  throw new Fault("digest/bad-stream", `unknown compression ${JSON.stringify(suffix)}`, {
    hint: "kit reads .gz, .xz, .zst and uncompressed members",
  });
}

const chunkSize = 128 * 1024;

// Parallel compressors write a frame for each MiB or more; a frame costs 0.3 ms, however small it is.
const maxFrames = 16_384;

function limitedSink(limit: number, sink: ByteSink): ByteSink {
  let total = 0;
  return (chunk) => {
    total += chunk.length;
    if (total > limit) {
      throw new Fault("digest/bomb", `refused: it unpacks to more than ${limit} bytes`, {
        hint: "no package needs this much: it is damaged, or made to fill the disk; get it from another mirror",
      });
    }
    sink(chunk);
  };
}

type Engine = ReturnType<typeof createInflateRaw> | ReturnType<typeof createZstdDecompress>;

// Node's public stream, written to and waited for chunk by chunk: 350 MB/s for gzip, 650 MB/s for zstd, 0.3 ms
// a member. Its internal synchronous call would give 515, 1,400 and 0.09, but is no interface; whole-member
// calls (gunzipSync) are not bounded in memory. Debian's members are xz, where none of this matters.
class ZlibDecompressor implements Decompressor {
  readonly #format: string;
  readonly #sink: ByteSink;
  readonly #start: () => Engine;
  #engine: Engine;
  #fed = 0;
  #frames = 1;
  #failure: unknown;

  constructor(format: "gzip" | "deflate" | "zstd", sink: ByteSink, start: () => Engine) {
    this.#format = format;
    this.#sink = sink;
    this.#start = start;
    this.#engine = this.#listen(start());
  }

  async push(chunk: Uint8Array): Promise<void> {
    this.#fed += chunk.length;
    await this.#settle((done) => this.#engine.write(chunk, done));
    const unread = this.#fed - this.#engine.bytesWritten;
    if (unread === 0) return;
    // The engine stopped at a stream's end. For gzip only zeros are left then; a zstd frame may follow another.
    if (this.#format !== "zstd" || unread === chunk.length || ++this.#frames > maxFrames) {
      throw badStream(this.#format, "there are bytes after its end");
    }
    await this.#settle((done) =>
      this.#engine.readableEnded ? done() : this.#engine.once("end", () => done()),
    );
    this.close();
    this.#engine = this.#listen(this.#start());
    this.#fed = 0;
    await this.push(chunk.subarray(chunk.length - unread));
  }

  async end(): Promise<void> {
    await this.#settle((done) => {
      this.#engine.once("end", () => done());
      this.#engine.end();
    });
  }

  close(): void {
    this.#engine.destroy();
  }

  #listen(engine: Engine): Engine {
    engine.on("error", (cause) => this.#fail(engine, badStream(this.#format, cause.message, cause)));
    engine.on("data", (chunk: Buffer) => {
      try {
        if (this.#failure === undefined) this.#sink(chunk);
      } catch (error) {
        this.#fail(engine, error);
      }
    });
    return engine;
  }

  #fail(engine: Engine, error: unknown): void {
    this.#failure ??= error;
    engine.destroy();
  }

  // Waits until `done` is called, or the engine is destroyed; throws what made it or the sink fail.
  async #settle(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    const engine = this.#engine;
    await new Promise<void>((resolve) => {
      engine.once("close", resolve);
      if (engine.destroyed) resolve();
      else {
        start((error) => {
          if (error) this.#failure ??= badStream(this.#format, error.message, error);
          resolve();
        });
      }
    });
    engine.removeAllListeners("close");
    if (this.#failure !== undefined) throw this.#failure;
  }
}
