// Packs: every byte in its place, and nothing believed that is not.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decompress } from "../../../store/cache/frame.ts";
import {
  frameOf,
  openFrame,
  openPack,
  type Pack,
  packLimits,
  readIndex,
  readTrailer,
  trailerLength,
} from "../../../store/cache/pack.ts";
import { digestOf, hexOf } from "../../../store/model/digest.ts";
import { Fault } from "../../../store/model/fault.ts";
import { expectGolden } from "../../goldens/golden.ts";
import { bomb, stored } from "./bomb.ts";
import { codeOf, expectFaults } from "./fuzz.ts";

const contents = ["", "hello\n", "x".repeat(300), "hello\n"].map((text) => Buffer.from(text));

function packOf(all: readonly Uint8Array[]): { pack: Pack; bytes: Buffer } {
  const builder = openPack();
  for (const bytes of all) builder.add(frameOf(bytes));
  const pack = builder.finish();
  return { pack, bytes: Buffer.concat(pack.parts) };
}

function read(bytes: Uint8Array) {
  const trailer = readTrailer(bytes.subarray(-trailerLength), bytes.length);
  return readIndex(bytes.subarray(trailer.offset, trailer.offset + trailer.length), trailer);
}

/** A pack as somebody else might write it: its index of stored bytes, and as it is told. */
function foreign(frames: readonly Uint8Array[], index: string, shift = 0): Buffer {
  const body = Buffer.concat([Buffer.from("kit/pack/1\n"), ...frames]);
  const packed = stored(Buffer.from(index));
  const trailer = Buffer.alloc(16);
  trailer.writeBigUInt64LE(BigInt(body.length + shift), 0);
  trailer.writeBigUInt64LE(BigInt(packed.length), 8);
  return Buffer.concat([body, packed, trailer, Buffer.from("kit/pack")]);
}

describe("packs", () => {
  it("have a golden: the bytes around what zstd makes", () => {
    const builder = openPack();
    for (const bytes of contents)
      builder.add({ digest: digestOf(bytes), size: bytes.length, bytes: stored(bytes) });
    const pack = builder.finish();
    const bytes = Buffer.concat(pack.parts);
    const { offset, length } = readTrailer(bytes.subarray(-trailerLength), bytes.length);
    const index = decompress(
      bytes.subarray(offset, offset + length),
      1 << 20,
      (why) => new Fault("digest/x", why),
    );
    const text = [
      bytes.subarray(0, offset).toString("hex"),
      index.toString(),
      bytes.subarray(offset + length, -16).toString("hex"),
      bytes.subarray(-8).toString("hex"),
    ];
    expectGolden("pack", "kit/pack/1", `${text.join("\n")}\n`);
    expect(pack.digest).toBe(digestOf(bytes));
    expect(pack.size).toBe(bytes.length);
  });

  it("are read as they were written, and one content lies there once", () => {
    const { pack, bytes } = packOf(contents);
    expect(pack.frames).toHaveLength(3);
    expect(read(bytes)).toEqual(pack.frames);
    for (const { digest, size, offset, length } of pack.frames)
      expect(digestOf(openFrame(bytes.subarray(offset, offset + length), size, digest))).toBe(digest);
  });

  it("another's are read too", () => {
    const frame = stored(Buffer.from("hello\n"));
    const line = `${hexOf(digestOf("hello\n"))} 6 11 ${frame.length}\n`;
    expect(read(foreign([frame], line))).toEqual([
      { digest: digestOf("hello\n"), size: 6, offset: 11, length: frame.length },
    ]);
    expect(read(foreign([], ""))).toEqual([]);
  });

  it("tell where a content lies, and when they are full", () => {
    const builder = openPack();
    const frame = frameOf(Buffer.from("hello\n"));
    const place = builder.add(frame);
    expect(builder.find(frame.digest)).toBe(place);
    expect(builder.add(frame)).toBe(place);
    expect(builder.length).toBe(frame.bytes.length);
    expect(builder.takes(packLimits.body - builder.length)).toBe(true);
    expect(builder.takes(packLimits.body - builder.length + 1)).toBe(false);
    const large = { digest: digestOf("large"), size: 1, bytes: Buffer.alloc(packLimits.body) };
    expect(() => builder.add(large)).toThrow(RangeError);
    expect(() => frameOf(Buffer.alloc(packLimits.content + 1))).toThrow(RangeError);
    expect(frameOf(Buffer.alloc(packLimits.content)).bytes.length).toBeLessThan(packLimits.frame);
  });

  it("give back what went in", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (all) => {
        const { pack, bytes } = packOf(all);
        const frames = read(bytes);
        expect(new Set(frames.map(({ digest }) => digest))).toEqual(
          new Set(all.map((item) => digestOf(item))),
        );
        expect(digestOf(bytes)).toBe(pack.digest);
      }),
      { numRuns: 50 },
    );
  });
});

describe("a frame", () => {
  const bytes = Buffer.from("content of a file\n".repeat(50));
  const frame = frameOf(bytes);

  it("holds just what is named", () => {
    expect(openFrame(frame.bytes, frame.size, frame.digest).equals(bytes)).toBe(true);
    const wrong = [
      () => openFrame(frame.bytes, frame.size - 1, frame.digest),
      () => openFrame(frame.bytes, frame.size + 1, frame.digest),
      () => openFrame(frame.bytes, frame.size, digestOf("other")),
      () => openFrame(Buffer.concat([frame.bytes, frame.bytes]), frame.size, frame.digest),
      () => openFrame(bomb(2 << 20), 2 << 20, digestOf(Buffer.alloc(2 << 20))),
      () => openFrame(bomb(1 << 30, 900), 900, frame.digest),
    ];
    expect(wrong.map(codeOf)).toEqual(wrong.map(() => "digest/bad-pack"));
  });

  it("is refused damaged, in one way; and what is taken is right", () => {
    expectFaults(frame.bytes, ["digest/bad-pack"], (damaged) => {
      expect(openFrame(damaged, frame.size, frame.digest).equals(bytes)).toBe(true);
    });
  });
});

describe("an index", () => {
  const frames = contents.slice(0, 2).map((bytes) => stored(bytes));
  const [a = 0, b = 0] = frames.map((frame) => frame.length);
  const [first, second] = contents.slice(0, 2).map((bytes) => hexOf(digestOf(bytes)));
  const good = `${first} 0 11 ${a}\n${second} 6 ${11 + a} ${b}\n`;

  it("tells of every byte once", () => {
    expect(read(foreign(frames, good))).toHaveLength(2);
    const indexes = [
      "",
      good.trimEnd(),
      `${good}\n`,
      good.replace("\n", "\r\n"),
      good.split("\n").reverse().join("\n"),
      `${first} 0 11 ${a}\n`,
      good.replace(` 11 `, ` 12 `),
      good.replace(` 11 `, ` 011 `),
      good.replace(` 11 `, ` -11 `),
      good.replace(` 11 `, ` 1e1 `),
      good.replace(` 0 `, ` 1048577 `),
      good.replace(` ${b}\n`, ` ${b + 1}\n`),
      good.replace(` ${b}\n`, ` 99999999999\n`),
      good.replace(` ${b}\n`, ` ${b} 1\n`),
      good.replace(first ?? "", second ?? ""),
      good.replace(first ?? "", (first ?? "").toUpperCase()),
      `${good}${first} 0 ${11 + a + b} 0\n`,
    ];
    expect(indexes.map((index) => [index, codeOf(() => read(foreign(frames, index)))])).toEqual(
      indexes.map((index) => [index, "digest/bad-pack"]),
    );
  });

  it("lies where it says, within the pack", () => {
    for (const shift of [-1, 1, -1000, 1e15])
      if (shift > -11 - a - b)
        expect(codeOf(() => read(foreign(frames, good, shift)))).toBe("digest/bad-pack");
    const whole = foreign(frames, good);
    for (const size of [0, 23, 24, whole.length - 1, whole.length + 1])
      expect(codeOf(() => readTrailer(whole.subarray(-trailerLength), size))).toBe("digest/bad-pack");
    expect(codeOf(() => readTrailer(whole.subarray(-23), whole.length))).toBe("digest/bad-pack");
  });

  it("is no bomb", () => {
    const trailer = { offset: 11, length: 1 };
    expect(codeOf(() => readIndex(bomb(1 << 30), trailer))).toBe("digest/bad-pack");
    expect(codeOf(() => readIndex(bomb(32 << 20), trailer))).toBe("digest/bad-pack");
    const lines = "\n".repeat(packLimits.frames + 5);
    expect(codeOf(() => readIndex(stored(Buffer.from(lines)), trailer))).toBe("digest/bad-pack");
  });

  it("is refused damaged, in one way", () => {
    const { bytes } = packOf(contents);
    expectFaults(bytes, ["digest/bad-pack"], read);
    expectFaults(foreign(frames, good), ["digest/bad-pack"], read);
    const { offset, length } = readTrailer(bytes.subarray(-trailerLength), bytes.length);
    expectFaults(good, ["digest/bad-pack"], (text) =>
      readIndex(stored(text), { offset: 11 + a + b, length: 0 }),
    );
    expectFaults(bytes.subarray(offset, offset + length), ["digest/bad-pack"], (index) =>
      readIndex(index, { offset, length }),
    );
  });
});
