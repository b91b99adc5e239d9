// The xz decompressor: xz-embedded as WebAssembly, called synchronously.
// Knows the calling convention of that module; does not know what is compressed.

import xz from "xz-decompress";
import { type ByteSink, badStream, type Decompressor } from "./stream.ts";

/** What makes decompressors of .xz streams. */
export type XzOpener = (sink: ByteSink) => Decompressor | Promise<Decompressor>;

/**
 * Decompresses .xz streams (LZMA2; CRC32 or CRC64; dictionaries up to 64 MiB) into `sink`, in chunks of at most
 * 64 KiB.
 *
 * The package's own interface, a web stream, is as fast (51 MB/s both), but lets one stream at a time into the
 * process, so that one which is left unread stops all others for ever. So the module inside it is called directly,
 * each stream in a context of its own.
 */
export async function xzDecompressor(sink: ByteSink): Promise<Decompressor> {
  return new Context(await loadModule(), sink);
}

interface XzModule {
  readonly memory: { readonly buffer: ArrayBuffer };
  create_context(): number;
  destroy_context(context: number): void;
  supply_input(context: number, size: number): void;
  get_next_output(context: number): number;
}

// What xz-decompress 0.2.3 keeps on its class: one module a process (or worker), loaded once.
interface ModuleHolder {
  _moduleInstance?: { readonly exports: XzModule };
  _moduleInstancePromise?: Promise<void>;
  _getModuleInstance(): Promise<void>;
}

async function loadModule(): Promise<XzModule> {
  const holder = xz.XzReadableStream as unknown as ModuleHolder;
  if (holder._moduleInstance === undefined) {
    holder._moduleInstancePromise ??= holder._getModuleInstance();
    await holder._moduleInstancePromise;
  }
  if (holder._moduleInstance === undefined)
    throw new Error("xz-decompress has no module: its version changed");
  return holder._moduleInstance.exports;
}

// The context's 32-bit words: buffer size; input start, position, size; output start, position.
const word = { bufferSize: 0, inStart: 1, inPosition: 2, inSize: 3, outStart: 4, outPosition: 5 } as const;

const code = { ok: 0, streamEnd: 1 } as const;

const reasons: Record<number, string> = {
  3: "there is no memory for its dictionary",
  4: "its dictionary is larger than 64 MiB",
  5: "it does not start as one",
  6: "it uses filters other than LZMA2, or a check other than CRC32 and CRC64",
  7: "its data is damaged",
  8: "it is cut off or damaged",
};

class Context implements Decompressor {
  readonly #module: XzModule;
  readonly #sink: ByteSink;
  #context: number;
  #ended = false;

  constructor(module: XzModule, sink: ByteSink) {
    this.#module = module;
    this.#sink = sink;
    this.#context = module.create_context();
    if (this.#context === 0) throw badStream("xz", "there is no memory for it");
  }

  push(chunk: Uint8Array): void {
    const size = this.#word(word.bufferSize);
    for (let at = 0; at < chunk.length; at += size) this.#decode(chunk.subarray(at, at + size));
  }

  // To the module, input of no bytes means that none follow; before, it waits for a further stream.
  end(): void {
    this.#decode(new Uint8Array());
    if (!this.#ended) throw badStream("xz", "it is cut off, or bytes follow its end");
  }

  close(): void {
    if (this.#context !== 0) this.#module.destroy_context(this.#context);
    this.#context = 0;
  }

  #decode(input: Uint8Array): void {
    new Uint8Array(this.#module.memory.buffer).set(input, this.#word(word.inStart));
    this.#module.supply_input(this.#context, input.length);
    for (let more = true; more; ) {
      const result = this.#next();
      // Also of a stream that something follows, which is told after it.
      const out = this.#word(word.outPosition);
      if (out > 0) this.#emit(out);
      if (result !== code.ok && result !== code.streamEnd)
        throw badStream("xz", reasons[result] ?? `error ${result}`);
      this.#ended = result === code.streamEnd;
      const unread = this.#word(word.inPosition) !== this.#word(word.inSize);
      more = !this.#ended && (unread || out === this.#word(word.bufferSize));
    }
  }

  #next(): number {
    try {
      return this.#module.get_next_output(this.#context);
    } catch (cause) {
      throw badStream("xz", "its data is damaged", cause);
    }
  }

  #emit(size: number): void {
    const start = this.#word(word.outStart);
    new Uint32Array(this.#module.memory.buffer, this.#context)[word.outPosition] = 0;
    // No copy: a root unpacks to hundreds of megabytes, and each copy would be collected right after.
    this.#sink(new Uint8Array(this.#module.memory.buffer, start, size));
  }

  // A fresh view each time: the memory's buffer is replaced whenever the module allocates.
  #word(index: number): number {
    return new Uint32Array(this.#module.memory.buffer, this.#context)[index] ?? 0;
  }
}
