// The chunker: the same cuts always, however bytes come, and few other ones after a change.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunkSizes, openChunker } from "../../../store/cache/chunker.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { expectGolden } from "../../goldens/golden.ts";

/** The same on every machine: a linear congruential generator (Knuth, MMIX), its upper bytes. */
function noise(length: number, seed = 1n): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at + 4 <= length; at += 4) {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    bytes.writeUInt32LE(Number(state >> 32n), at);
  }
  return bytes;
}

function cut(bytes: Uint8Array, pieces: readonly number[] = [bytes.length]): Uint8Array[] {
  const chunker = openChunker();
  const chunks: Uint8Array[] = [];
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const length = pieces[turn % pieces.length] as number;
    chunks.push(...chunker.push(bytes.subarray(at, at + length)));
    at += length;
  }
  return [...chunks, ...chunker.end()];
}

const lengths = (chunks: readonly Uint8Array[]) => chunks.map((chunk) => chunk.length);
const data = noise(12 << 20);

describe("chunks", () => {
  it("have golden lengths", () => {
    const text = Buffer.from(Array.from({ length: 200_000 }, (_, line) => `line ${line % 4099}\n`).join(""));
    const all = { noise: data, text, zeros: Buffer.alloc(3 << 20), short: data.subarray(0, 1000) };
    const lines = Object.entries(all).map(([name, bytes]) => `${name} ${lengths(cut(bytes)).join(" ")}\n`);
    expectGolden("chunks", "fastcdc 1", lines.join(""));
  });

  it("are all of the bytes, within the sizes, 128 KiB or somewhat more on average", () => {
    const chunks = cut(data);
    expect(Buffer.concat(chunks).equals(data)).toBe(true);
    for (const length of lengths(chunks).slice(0, -1))
      expect(length).toBeGreaterThanOrEqual(chunkSizes.least);
    expect(Math.max(...lengths(chunks))).toBeLessThanOrEqual(chunkSizes.most);
    const average = data.length / chunks.length;
    expect(average).toBeGreaterThan(100 << 10);
    expect(average).toBeLessThan(200 << 10);
  });

  it("are the same however the bytes come", () => {
    const some = data.subarray(0, 2 << 20);
    const expected = lengths(cut(some));
    const sizes = fc.array(fc.integer({ min: 1, max: 700_000 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(sizes, (pieces) => {
        expect(lengths(cut(some, [100_000, ...pieces]))).toEqual(expected);
      }),
      { numRuns: 60 },
    );
    expect(lengths(cut(some, [1]))).toEqual(expected);
    expect(Buffer.concat(cut(some, [37_111])).equals(some)).toBe(true);
  });

  it("none of nothing, one of little", () => {
    expect(cut(Buffer.alloc(0))).toEqual([]);
    const chunker = openChunker();
    expect(chunker.push(Buffer.alloc(0))).toEqual([]);
    expect(chunker.end()).toEqual([]);
    expect(lengths(cut(Buffer.alloc(5)))).toEqual([5]);
  });

  it("keep their cuts around a change", () => {
    const changed = Buffer.concat([
      data.subarray(0, 5_000_000),
      Buffer.from("inserted"),
      data.subarray(5_000_000),
    ]);
    const before = new Set(cut(data).map((chunk) => digestOf(chunk)));
    const now = cut(changed).map((chunk) => digestOf(chunk));
    expect(now.filter((digest) => !before.has(digest)).length).toBeLessThanOrEqual(3);
  });
});
