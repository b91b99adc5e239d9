// Frames: measured as zstd made them, and never more unpacked than was said.

import { execFileSync } from "node:child_process";
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compress,
  compressFrom,
  decompress,
  maxLength,
  measure,
  unpackWith,
} from "../../../store/cache/frame.ts";
import { Fault } from "../../../store/model/fault.ts";
import { bomb, stored } from "./bomb.ts";
import { codeOf, expectFaults } from "./fuzz.ts";

const refuse = (why: string) => new Fault("digest/bad-frame", why);
const extent = (bytes: Uint8Array, from = 0) => measure(bytes, refuse, from);
const open = (bytes: Uint8Array, most: number) => decompress(bytes, most, refuse);
const noise = (length: number) => Buffer.from(Array.from({ length }, (_, at) => (at * at * 7919) >> 5));

describe("frames", () => {
  it("are as long as zstd made them, of every size, level and kind", () => {
    const params = [
      {},
      { [constants.ZSTD_c_compressionLevel]: 19 },
      { [constants.ZSTD_c_checksumFlag]: 1 },
      { [constants.ZSTD_c_windowLog]: 10 },
    ];
    for (const size of [0, 1, 255, 256, 257, 4000, 65_791, 65_792, 300_000]) {
      for (const bytes of [noise(size), Buffer.alloc(size)]) {
        for (const options of params) {
          const frame = zstdCompressSync(bytes, { params: options });
          const two = Buffer.concat([Buffer.from("head"), frame, Buffer.from("tail")]);
          expect(extent(two, 4)).toEqual({ length: frame.length, size });
          expect(open(frame, size).equals(bytes)).toBe(true);
          expect(frame.length).toBeLessThanOrEqual(maxLength(size));
        }
      }
    }
  });

  it("of stored bytes are frames too", () => {
    for (const size of [0, 5, 131_072, 131_073]) {
      expect(open(stored(noise(size)), size).equals(noise(size))).toBe(true);
      expect(extent(stored(noise(size)))).toEqual({ length: stored(noise(size)).length, size });
    }
  });

  it("with a dictionary say so only by what they refer to", () => {
    const base = noise(50_000);
    const now = Buffer.concat([base.subarray(0, 20_000), Buffer.from("new"), base.subarray(20_000)]);
    const frame = compressFrom(now, base);
    expect(frame.length).toBeLessThan(100);
    expect(decompress(frame, now.length, refuse, unpackWith(base)).equals(now)).toBe(true);
    expect(codeOf(() => open(frame, now.length))).toBe("digest/bad-frame");
  });

  it("come back as they were", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 1, max: 19 }), (bytes, level) => {
        expect(open(compress(bytes, level), bytes.length).equals(bytes)).toBe(true);
      }),
    );
  });
});

describe("what is refused", () => {
  const frame = compress(noise(1000));

  it("no frame, part of one, more than one", () => {
    const head = (descriptor: number) => Buffer.from(frame.map((byte, at) => (at === 4 ? descriptor : byte)));
    const others = [
      Buffer.alloc(0),
      frame.subarray(0, 4),
      frame.subarray(0, 6),
      frame.subarray(0, -1),
      Buffer.concat([frame, frame]),
      Buffer.concat([frame, Buffer.from([0])]),
      Buffer.concat([Buffer.from("502a4d1800000000", "hex"), frame]),
      head(0x68 | (frame[4] as number)),
      head(0x01 | (frame[4] as number)),
      head(0x00),
      Buffer.concat([frame.subarray(0, 7), Buffer.from([7, 0, 0])]),
      stored(noise(100), 2 ** 52),
    ];
    expect(others.map((bytes) => codeOf(() => open(bytes, 1 << 20)))).toEqual(
      others.map(() => "digest/bad-frame"),
    );
  });

  it("more than it says, less than it says, and more than it may", () => {
    expect(codeOf(() => open(stored(noise(100), 99), 1000))).toBe("digest/bad-frame");
    expect(codeOf(() => open(stored(noise(100), 101), 1000))).toBe("digest/bad-frame");
    expect(codeOf(() => open(stored(noise(100)), 99))).toBe("digest/bad-frame");
    expect(codeOf(() => open(stored(noise(1), 0), 1000))).toBe("digest/bad-frame");
    expect(codeOf(() => open(bomb(1 << 30, 100), 100))).toBe("digest/bad-frame");
    expect(codeOf(() => open(bomb(1 << 30), 1 << 20))).toBe("digest/bad-frame");
    expect(open(bomb(1 << 20), 1 << 20).length).toBe(1 << 20);
  });

  it("damage, in one way", () => {
    for (const valid of [frame, stored(noise(300)), bomb(1 << 19), compress(Buffer.alloc(0))])
      expectFaults(valid, ["digest/bad-frame"], (bytes) =>
        expect(open(bytes, 1 << 20).length).toBeLessThan(1 << 21),
      );
  });
});

it("a gigabyte in 32 KB takes no memory, whatever it says", () => {
  const script = `
    import { decompress } from ${JSON.stringify(new URL("../../../store/cache/frame.ts", import.meta.url).href)};
    import { bomb } from ${JSON.stringify(new URL("./bomb.ts", import.meta.url).href)};
    const bombs = [0, 100, 2 ** 20, 2 ** 30, 2 ** 53, 2 ** 63].map((says) => bomb(2 ** 30, says));
    const before = process.resourceUsage().maxRSS;
    for (const bytes of bombs)
      for (const most of [0, 100, 2 ** 20])
        try { decompress(bytes, most, (why) => new Error(why)); process.exit(1); } catch {}
    console.log(process.resourceUsage().maxRSS - before);`;
  const grown = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    encoding: "utf8",
  });
  // KiB: of 18 frames, two of them unpacked up to 1 MiB.
  expect(Number(grown)).toBeLessThan(16 << 10);
});
