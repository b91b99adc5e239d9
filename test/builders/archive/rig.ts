// What the archive tests share: sinks that remember, and archives put together by hand, also unsound ones.
// Knows byte layouts; does not know what any test expects.

import { spawnSync } from "node:child_process";
import type { TarEntry } from "../../../builders/archive/tarentry.ts";
import { type TarSink, untar } from "../../../builders/archive/untar.ts";
import { Fault } from "../../../store/model/fault.ts";

export interface Seen {
  readonly entry: TarEntry;
  readonly content: string;
}

export interface Memory extends TarSink {
  /** The entries that came to their end, contents as Latin-1. */
  readonly seen: Seen[];
}

export function memory(): Memory {
  const seen: Seen[] = [];
  let current: TarEntry | undefined;
  let content: Uint8Array[] = [];
  return {
    seen,
    entry(entry) {
      if (current !== undefined) throw new Error(`${entry.path} begins before ${current.path} ended`);
      current = entry;
      content = [];
    },
    data(chunk) {
      if (current === undefined) throw new Error("data outside an entry");
      content.push(Buffer.from(chunk));
    },
    end() {
      if (current === undefined) throw new Error("end without an entry");
      seen.push({ entry: current, content: Buffer.concat(content).toString("latin1") });
      current = undefined;
    },
  };
}

/** Reads a whole tar, in pieces of `step` bytes. */
export function readTar(bytes: Buffer, step = 65536): Seen[] {
  const sink = memory();
  const reader = untar(sink);
  for (const piece of pieces(bytes, step)) reader.push(piece);
  reader.end();
  return sink.seen;
}

export function* pieces(bytes: Buffer, step: number): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += step) yield bytes.subarray(at, at + step);
}

export interface RawEntry {
  readonly name: string;
  readonly flag?: string;
  readonly link?: string;
  /** What the header says; by default the content's length. */
  readonly size?: number;
  readonly uid?: string;
  readonly content?: string | Buffer;
  /** The magic and version: POSIX's by default. */
  readonly magic?: string;
}

/** A header block and its content, padded; fields are written as they are told. */
export function rawEntry({
  name,
  flag = "0",
  link = "",
  content = "",
  uid = "0",
  magic = "ustar\x0000",
  ...rest
}: RawEntry): Buffer {
  const bytes = Buffer.from(content);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write("0000755\0", 100);
  header.write(uid, 108, 8, "latin1");
  header.write("0000000\0", 116);
  header.write((rest.size ?? bytes.length).toString(8).padStart(11, "0"), 124);
  header.write("00000000000", 136);
  header.write(" ".repeat(8), 148);
  header.write(flag, 156);
  header.write(link, 157, 100);
  header.write(magic, 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** A complete tar of hand-made entries. */
export function rawTar(...entries: RawEntry[]): Buffer {
  return Buffer.concat([...entries.map(rawEntry), Buffer.alloc(1024)]);
}

export interface RawMember {
  readonly name: string;
  readonly content: Buffer | string;
}

export function rawAr(...members: RawMember[]): Buffer {
  const parts = [Buffer.from("!<arch>\n")];
  for (const { name, content } of members) {
    const bytes = Buffer.from(content);
    const fields = `${name.padEnd(16)}${"0".padEnd(12)}${"0".padEnd(6)}${"0".padEnd(6)}${"100644".padEnd(8)}`;
    parts.push(Buffer.from(`${fields}${String(bytes.length).padEnd(10)}\`\n`), bytes);
    if (bytes.length % 2 === 1) parts.push(Buffer.from("\n"));
  }
  return Buffer.concat(parts);
}

/** A .deb, uncompressed, whose data.tar is the one given. */
export function rawDeb(data: Buffer): Buffer {
  return rawAr(
    { name: "debian-binary", content: "2.0\n" },
    { name: "control.tar", content: rawTar({ name: "./control", content: "Package: x\n" }) },
    { name: "data.tar", content: data },
  );
}

/** The code of the fault that `run` throws; an error of another kind is thrown on. */
export async function faultOf(run: () => unknown): Promise<string> {
  try {
    await run();
  } catch (error) {
    if (error instanceof Fault) return error.code;
    throw error;
  }
  return "none";
}

export function installed(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).error === undefined;
}
