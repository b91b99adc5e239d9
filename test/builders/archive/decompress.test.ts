// Decompressors: streams of real compressors read back, bombs and damage refused, whatever the pieces.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { decompressor, parseCompression } from "../../../builders/archive/decompress.ts";
import { loadLiblzma } from "../../../builders/archive/liblzma.ts";
import type { Compression } from "../../../builders/archive/stream.ts";
import type { XzOpener } from "../../../builders/archive/xz.ts";
import { openSystem } from "../../../store/system.ts";
import { faultOf, installed, pieces } from "./rig.ts";

const text = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `line ${i * 7919}\n`).join(""));

/** What reads a stream: a compression, and for xz which library. */
interface Reader {
  readonly compression: Compression;
  readonly openXz?: XzOpener;
}

async function read(
  { compression, openXz }: Reader,
  bytes: Buffer,
  step = 65536,
  limit = 1e9,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const stream = await decompressor(compression, limit, (chunk) => chunks.push(Buffer.from(chunk)), openXz);
  try {
    for (const piece of pieces(bytes, step)) await stream.push(piece);
    await stream.end();
  } finally {
    stream.close();
    stream.close();
  }
  return Buffer.concat(chunks);
}

const liblzma = loadLiblzma(openSystem());

const xz: readonly [string, Reader][] = [
  ["xz", { compression: "xz" }],
  ...(liblzma ? [["xz by liblzma", { compression: "xz", openXz: liblzma }] as [string, Reader]] : []),
];

test("liblzma is loaded wherever npm brought it for this machine", () => {
  const brought = `node_modules/node-liblzma/prebuilds/${process.platform}-${process.arch}`;
  expect(liblzma !== undefined).toBe(existsSync(brought));
});

/** What no compressor makes smaller. */
const noise = Buffer.concat(
  Array.from({ length: 6000 }, (_, index) => createHash("sha256").update(String(index)).digest()),
);

const packed = installed("xz") ? execFileSync("xz", ["-c"], { input: text }) : undefined;
const streams: [string, Reader, Buffer][] = [
  ["gz", { compression: "gz" }, gzipSync(text)],
  ["zst", { compression: "zst" }, zstdCompressSync(text)],
  ...(packed ? xz.map(([name, reader]): [string, Reader, Buffer] => [name, reader, packed]) : []),
];

describe.each(streams)("%s", (_, reader, bytes) => {
  test.each([13, 4096, 65536, 10_000_000])("reads a stream in pieces of %i bytes", async (step) => {
    expect((await read(reader, bytes, step)).equals(text)).toBe(true);
  });

  test("refuses a stream that is cut off", async () => {
    const cuts = [
      0,
      1,
      6,
      11,
      12,
      13,
      500,
      bytes.length >> 1,
      ...[40, 20, 12, 9, 8, 4, 2, 1].map((n) => bytes.length - n),
    ];
    for (const cut of cuts) {
      const code = await faultOf(() => read(reader, bytes.subarray(0, cut)));
      expect([cut, code]).toEqual([cut, "digest/bad-stream"]);
    }
  });

  test("refuses bytes after the end, in the same piece and in later ones", async () => {
    const longer = Buffer.concat([bytes, Buffer.from("garbage")]);
    for (const step of [longer.length, bytes.length, 1000]) {
      expect(await faultOf(() => read(reader, longer, step))).toBe("digest/bad-stream");
    }
  });

  test("stops at the limit", async () => {
    expect((await read(reader, bytes, 65536, text.length)).length).toBe(text.length);
    expect(await faultOf(() => read(reader, bytes, 65536, text.length - 1))).toBe("digest/bomb");
  });

  test("throws what its sink throws, and can be closed then", async () => {
    const fail = () => {
      throw new RangeError("the sink's own");
    };
    const stream = await decompressor(reader.compression, 1e9, fail, reader.openXz);
    const feed = async () => {
      await stream.push(bytes);
      await stream.end();
    };
    await expect(feed()).rejects.toThrow("the sink's own");
    stream.close();
  });
});

describe.skipIf(!installed("xz")).each(xz)("%s", (_, reader) => {
  const damaged = Buffer.from(execFileSync("xz", ["-c"], { input: text }));
  damaged.writeUInt8(damaged.readUInt8(damaged.length >> 1) ^ 4, damaged.length >> 1);

  test("refuses damage", async () => {
    expect(await faultOf(() => read(reader, damaged))).toBe("digest/bad-stream");
  });

  test.each([1, 4097, 10_000_000])(
    "refuses a second stream in pieces of %i, as dpkg-deb reads none",
    async (step) => {
      const bytes = execFileSync("xz", ["-c"], { input: text });
      expect(await faultOf(() => read(reader, Buffer.concat([bytes, bytes]), step))).toBe(
        "digest/bad-stream",
      );
    },
  );

  test("reads dictionaries of 64 MiB, and refuses larger ones", async () => {
    const withDictionary = (size: string) =>
      execFileSync("xz", ["-c", `--lzma2=dict=${size}`], { input: text });
    expect((await read(reader, withDictionary("64MiB"))).equals(text)).toBe(true);
    expect(await faultOf(() => read(reader, withDictionary("128MiB")))).toBe("digest/bad-stream");
  });

  test.each([
    ["--check=none", true],
    ["--check=crc32", true],
    ["--check=sha256", false],
    ["--x86 --lzma2", false],
    ["--delta=dist=2 --lzma2", false],
    ["--block-size=4096 --threads=2", true],
    ["--block-size=100000 --x86 --lzma2", false],
  ])("reads a stream packed with %s, or refuses it: %s", async (options, isRead) => {
    const bytes = execFileSync("xz", ["-c", ...options.split(" ")], { input: text });
    for (const step of [1, 4096]) {
      const outcome = await faultOf(() => read(reader, bytes, step));
      expect(outcome).toBe(isRead ? "none" : "digest/bad-stream");
    }
  });

  test.each([1, 7, 100_000])("reads whatever xz makes, in pieces of %i, and zeros after it", async (step) => {
    const mixed = Buffer.concat([text, noise, Buffer.alloc(300_000), text]);
    const packed = [
      ["-0"],
      ["-9e", "--block-size=65536"],
      ["--block-list=1000,5000,0"],
      ["--lzma2=preset=6,lc=0,lp=2,pb=0"],
    ].map((options) => execFileSync("xz", ["-c", ...options], { input: mixed }));
    for (const bytes of packed) {
      const padded = Buffer.concat([bytes, Buffer.alloc(8)]);
      expect((await read(reader, padded, step)).equals(mixed)).toBe(true);
    }
    const empty = execFileSync("xz", ["-c"], { input: "" });
    expect((await read(reader, empty, step)).length).toBe(0);
  });

  test("refuses a later block with another filter, and a chunk whose first byte is not 0", async () => {
    const [plain, filtered] = [["--lzma2"], ["--x86", "--lzma2"]].map((options) =>
      execFileSync("xz", ["-c", "--check=none", ...options], { input: text }),
    ) as [Buffer, Buffer];
    // A block lies between the stream's header of 12 bytes and the index of one record, of 8, before the footer of 12.
    const blocks = [plain, filtered].map((bytes) => bytes.subarray(12, -24));
    const two = Buffer.concat([plain.subarray(0, 12), ...blocks, plain.subarray(-24)]);
    expect(await faultOf(() => read(reader, two))).toBe("digest/bad-stream");
    // After the block's header stand a control byte, two sizes of two bytes, and properties.
    const first = 12 + (plain.readUInt8(12) + 1) * 4 + 6;
    expect(plain[first]).toBe(0);
    const changed = Buffer.from(plain);
    changed.writeUInt8(1, first);
    expect(await faultOf(() => read(reader, changed))).toBe("digest/bad-stream");
  });

  test("reads many streams at a time, one left unread among them", async () => {
    const bytes = execFileSync("xz", ["-c"], { input: text });
    const unread = await decompressor("xz", 1e9, () => {}, reader.openXz);
    await unread.push(bytes.subarray(0, 1000));
    const all = await Promise.all(Array.from({ length: 5 }, () => read(reader, bytes, 999)));
    expect(all.every((one) => one.equals(text))).toBe(true);
    unread.close();
  });
});

test.each(streams.filter(([name]) => name === "gz" || name === "zst"))(
  "%s streams are read one after another",
  async (_, reader, bytes) => {
    for (const step of [4097, 10_000_000]) {
      const three = await read(reader, Buffer.concat([bytes, bytes, bytes]), step);
      expect(three.equals(Buffer.concat([text, text, text]))).toBe(true);
    }
  },
);

test("gzip bombs are refused while they unpack, not after", async () => {
  const bomb = gzipSync(Buffer.alloc(200_000_000));
  let most = 0;
  const stream = await decompressor("gz", 1_000_000, (chunk) => {
    most += chunk.length;
  });
  expect(await faultOf(() => stream.push(bomb))).toBe("digest/bomb");
  expect(most).toBeLessThanOrEqual(1_000_000);
  stream.close();
});

test("suffixes", async () => {
  expect(["", ".gz", ".xz", ".zst"].map(parseCompression)).toEqual(["none", "gz", "xz", "zst"]);
  for (const suffix of [".bz2", ".lzma", ".Z", "xz", ".xz.xz", ".none"]) {
    expect(await faultOf(() => parseCompression(suffix))).toBe("digest/bad-stream");
  }
});
