// Reading tar archives: v7, ustar, GNU long names and pax, pushed in as bytes, handed on entry by entry.
// Knows which archives are sound and safe to unpack; does not know where entries go.
//
// Not node-tar's Parser, which was tried (7.5.23): it reads owner names and device numbers from POSIX headers
// only, where dpkg-deb writes GNU ones (/dev/null becomes 0:0); cuts pax values at NUL and newline before
// anyone can refuse them; drops attributes; unpacks gzip where it finds some; and accepts an archive that stops
// between two entries.

import { Fault, unreachable } from "../../store/model/fault.ts";
import { parentOf } from "../../store/model/path.ts";
import { type PaxRecords, parsePax } from "./pax.ts";
import { symlinkGuard } from "./symlinks.ts";
import { type TarEntry, tarEntry } from "./tarentry.ts";
import { badTar, blockSize, isZero, readHeader, type TarHeader } from "./tarheader.ts";

/** Where entries go. For each: `entry`, the `data` of a file in order (views that hold until it returns), `end`. */
export interface TarSink {
  entry(entry: TarEntry): void;
  data(chunk: Uint8Array): void;
  end(): void;
}

export interface TarLimits {
  /** How many headers an archive may hold. */
  readonly entries: number;
  /** Bytes of one extended header or long name. */
  readonly metadata: number;
}

export const tarLimits: TarLimits = { entries: 2_000_000, metadata: 1024 * 1024 };

export interface TarReader {
  push(chunk: Uint8Array): void;
  /** Says that no more bytes come. @throws {Fault} `digest/bad-tar` without the end-of-archive marker */
  end(): void;
}

/**
 * A reader for one archive; what its methods are given reaches the sink before they return.
 * 8,000 small files: 290,000 entries/s against 190,000 of node-tar's Parser; large ones at memory speed.
 *
 * @throws {Fault} from its methods: `digest/unsafe-path` on a path or hard link target that is absolute,
 * climbs, holds NUL, is no UTF-8 or leads through a symlink out of the root; `digest/bomb` beyond the limits;
 * `digest/bad-tar` on everything else that is not a complete archive
 */
export function untar(sink: TarSink, limits: TarLimits = tarLimits): TarReader {
  return new Reader(sink, limits);
}

/** What the reader is in the middle of. */
type State =
  | { readonly kind: "header" }
  | { readonly kind: "content"; left: number; padding: number }
  | {
      readonly kind: "metadata";
      readonly flag: string;
      readonly bytes: Buffer;
      filled: number;
      padding: number;
    }
  | { readonly kind: "padding"; left: number }
  | { readonly kind: "marker" }
  | { readonly kind: "done" };

class Reader implements TarReader {
  readonly #sink: TarSink;
  readonly #limits: TarLimits;
  readonly #guard = symlinkGuard();
  readonly #block = Buffer.alloc(blockSize);
  #filled = 0;
  #state: State = { kind: "header" };
  #headers = 0;
  #global: PaxRecords = new Map();
  // What extended headers said of the entry to come.
  #pax: PaxRecords | undefined;
  #longName: string | undefined;
  #longLink: string | undefined;

  constructor(sink: TarSink, limits: TarLimits) {
    this.#sink = sink;
    this.#limits = limits;
  }

  push(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = 0; at < bytes.length; ) at = this.#step(bytes, at);
  }

  end(): void {
    if (this.#state.kind === "done") return;
    const inside =
      this.#state.kind === "header" && this.#filled === 0
        ? "before its end-of-archive marker"
        : "in the middle";
    throw badTar(`it is cut off ${inside}`);
  }

  #step(bytes: Buffer, at: number): number {
    const state = this.#state;
    switch (state.kind) {
      case "header":
      case "marker":
        return this.#collectBlock(bytes, at);
      case "content": {
        const piece = bytes.subarray(at, at + state.left);
        state.left -= piece.length;
        this.#sink.data(piece);
        if (state.left === 0) this.#endContent(state.padding);
        return at + piece.length;
      }
      case "metadata": {
        const copied = bytes.copy(state.bytes, state.filled, at);
        state.filled += copied;
        if (state.filled === state.bytes.length) {
          this.#takeMetadata(state.flag, state.bytes);
          this.#skip(state.padding);
        }
        return at + copied;
      }
      case "padding": {
        const skipped = Math.min(state.left, bytes.length - at);
        state.left -= skipped;
        if (state.left === 0) this.#state = { kind: "header" };
        return at + skipped;
      }
      case "done":
        if (!isZero(bytes, at, bytes.length)) throw badTar("there are bytes after its end-of-archive marker");
        return bytes.length;
      default:
        return unreachable(state);
    }
  }

  // Reads a header where it lies if the chunk has all of it, else from the block it is collected in.
  #collectBlock(bytes: Buffer, at: number): number {
    if (this.#filled === 0 && at + blockSize <= bytes.length) {
      this.#takeBlock(bytes, at);
      return at + blockSize;
    }
    const copied = bytes.copy(this.#block, this.#filled, at);
    this.#filled += copied;
    if (this.#filled === blockSize) {
      this.#filled = 0;
      this.#takeBlock(this.#block, 0);
    }
    return at + copied;
  }

  #takeBlock(bytes: Buffer, at: number): void {
    const header = readHeader(bytes, at);
    if (header === undefined) {
      const pending = [this.#pax, this.#longName, this.#longLink];
      if (pending.some((one) => one !== undefined)) throw badTar("an extended header has no entry after it");
      this.#state = { kind: this.#state.kind === "marker" ? "done" : "marker" };
      return;
    }
    if (this.#state.kind === "marker") throw badTar("a lone zero block stands between two entries");
    if (++this.#headers > this.#limits.entries) {
      throw new Fault("digest/bomb", `refused: an archive of more than ${this.#limits.entries} entries`);
    }
    if ("xgLK".includes(header.flag)) this.#beginMetadata(header);
    else this.#beginEntry(header);
  }

  #beginMetadata({ flag, size }: TarHeader): void {
    if (size > this.#limits.metadata) {
      throw new Fault(
        "digest/bomb",
        `refused: an extended header of ${size} bytes; ${this.#limits.metadata} are allowed`,
      );
    }
    const bytes = Buffer.alloc(size);
    if (size === 0) this.#takeMetadata(flag, bytes);
    else this.#state = { kind: "metadata", flag, bytes, filled: 0, padding: paddingOf(size) };
  }

  #takeMetadata(flag: string, bytes: Buffer): void {
    if (flag === "g") this.#global = globalRecords(this.#global, parsePax(bytes));
    else if (flag === "x") this.#pax = new Map([...(this.#pax ?? []), ...parsePax(bytes)]);
    else if (flag === "L") this.#longName = longText(this.#longName, bytes);
    else this.#longLink = longText(this.#longLink, bytes);
  }

  #beginEntry(header: TarHeader): void {
    const records = this.#global.size === 0 ? this.#pax : new Map([...this.#global, ...(this.#pax ?? [])]);
    const entry = tarEntry(header, { records, longName: this.#longName, longLink: this.#longLink });
    this.#pax = this.#longName = this.#longLink = undefined;
    this.#refuseWriteThrough(entry);
    this.#sink.entry(entry);
    if (entry.size > 0) this.#state = { kind: "content", left: entry.size, padding: paddingOf(entry.size) };
    else this.#endContent(0);
  }

  #endContent(padding: number): void {
    this.#sink.end();
    this.#skip(padding);
  }

  #skip(padding: number): void {
    this.#state = padding === 0 ? { kind: "header" } : { kind: "padding", left: padding };
  }

  // A hard link to a symlink is that symlink once more.
  #refuseWriteThrough(entry: TarEntry): void {
    if (entry.type === "symlink") {
      this.#guard.check(parentOf(entry.path));
      this.#guard.made(entry.path, entry.target);
      return;
    }
    this.#guard.check(entry.path);
    if (entry.type !== "hardlink") return;
    const target = this.#guard.targetOf(entry.target);
    if (target !== undefined) this.#guard.made(entry.path, target);
    else this.#guard.check(entry.target);
  }
}

function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

function longText(before: string | undefined, bytes: Buffer): string {
  if (before !== undefined) throw badTar("an entry has two long names");
  const nul = bytes.indexOf(0);
  if (nul >= 0 && !isZero(bytes, nul, bytes.length)) {
    throw new Fault("digest/unsafe-path", "refused: a long name holds a NUL byte");
  }
  return bytes.toString("utf8", 0, nul < 0 ? bytes.length : nul);
}

function globalRecords(before: PaxRecords, records: PaxRecords): PaxRecords {
  for (const keyword of ["path", "linkpath", "size"]) {
    if (records.has(keyword)) throw badTar(`a global extended header says ${keyword} of all entries`);
  }
  return new Map([...before, ...records]);
}
