// The xz decompressor of liblzma, native code called synchronously.
// Knows its calling convention (lzma/base.h, lzma/container.h of xz 5.x) and where npm put it; does not know .debs.

import { createRequire } from "node:module";
import { join } from "node:path";
import type { System } from "../../store/system.ts";
import { type ByteSink, badStream, type Decompressor } from "./stream.ts";
import type { XzOpener } from "./xz.ts";

/**
 * Opens decompressors like `xzDecompressor`, 2.6 times as fast (liblzma 5.8.2: 108 MB/s against 42, of a root's debs).
 * Undefined where npm brought no liblzma for this machine, or its loader refuses it.
 *
 * The library is inside the addon of node-liblzma 4.0.2, which exports its functions. The addon's own are not used:
 * they set no limit to a dictionary. Later versions want a newer libstdc++ than Debian 12 has.
 */
export function loadLiblzma(system: System): XzOpener | undefined {
  let functions: Functions;
  try {
    const main = createRequire(import.meta.url).resolve("node-liblzma");
    const platform = `${process.platform}-${process.arch}`;
    functions = declared(system.library(join(main, "../../prebuilds", platform, "node-liblzma.node")));
  } catch {
    return undefined;
  }
  return (sink) => new Stream(functions, system, sink);
}

function declared(declare: ReturnType<System["library"]>): Functions {
  return {
    decoder: declare("int lzma_stream_decoder(void *strm, uint64_t memlimit, uint32_t flags)"),
    code: declare("int lzma_code(void *strm, int action)"),
    end: declare("void lzma_end(void *strm)"),
  };
}

interface Functions {
  readonly decoder: (...args: unknown[]) => unknown;
  readonly code: (...args: unknown[]) => unknown;
  readonly end: (...args: unknown[]) => unknown;
}

// lzma_stream where pointers have 64 bits: input, output, then what is the library's own.
const streamSize = 136;
const field = { nextIn: 0, availIn: 8, nextOut: 24, availOut: 32 } as const;

const action = { run: 0, finish: 3 } as const;
const code = { ok: 0, streamEnd: 1, noProgress: 10 } as const;

const reasons: Record<number, string> = {
  5: "there is no memory for its dictionary",
  6: "its dictionary is larger than 64 MiB",
  7: "it does not start as one, or bytes follow its end",
  8: "it uses a filter or a check that is not known",
  9: "its data is damaged",
  10: "it is cut off",
};

/** LZMA_CONCATENATED: zeros may follow the stream. */
const flags = 8;

/** Bytes a decoder may take: the dictionary of the highest preset, 64 MiB, and its tables. */
const memoryLimit = 66 << 20;

const pieceSize = 1 << 16;

class Stream implements Decompressor {
  readonly #functions: Functions;
  readonly #sink: ByteSink;
  // Outside the heap, where V8 does not move them: the library keeps their addresses.
  readonly #stream = Buffer.from(new ArrayBuffer(streamSize));
  readonly #input = Buffer.from(new ArrayBuffer(pieceSize));
  readonly #output = Buffer.from(new ArrayBuffer(pieceSize));
  readonly #inputAddress: bigint;
  readonly #outputAddress: bigint;
  #open = true;

  constructor(functions: Functions, system: System, sink: ByteSink) {
    this.#functions = functions;
    this.#sink = sink;
    this.#inputAddress = system.addressOf(this.#input);
    this.#outputAddress = system.addressOf(this.#output);
    const result = functions.decoder(this.#stream, memoryLimit, flags);
    if (result !== code.ok) throw badStream("xz", "there is no memory for it");
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += pieceSize) {
      const piece = chunk.subarray(at, at + pieceSize);
      this.#input.set(piece);
      this.#stream.writeBigUInt64LE(this.#inputAddress, field.nextIn);
      this.#setLength(field.availIn, piece.length);
      this.#decode(action.run);
    }
  }

  end(): void {
    this.#decode(action.finish);
  }

  close(): void {
    if (this.#open) this.#functions.end(this.#stream);
    this.#open = false;
  }

  /** Until the input is used up, or the stream has come to its end. */
  #decode(how: number): void {
    for (;;) {
      this.#stream.writeBigUInt64LE(this.#outputAddress, field.nextOut);
      this.#setLength(field.availOut, pieceSize);
      const result = this.#functions.code(this.#stream, how) as number;
      const out = pieceSize - this.#length(field.availOut);
      if (out > 0) this.#sink(this.#output.subarray(0, out));
      if (result === code.streamEnd) return;
      // Asked to run without input it says so, and nothing is wrong.
      const idle = how === action.run && this.#length(field.availIn) === 0 && out < pieceSize;
      if (idle && (result === code.ok || result === code.noProgress)) return;
      if (result !== code.ok) throw badStream("xz", reasons[result] ?? `liblzma says ${result}`);
    }
  }

  #length(at: number): number {
    return this.#stream.readUInt32LE(at);
  }

  #setLength(at: number, length: number): void {
    this.#stream.writeUInt32LE(length, at);
  }
}
