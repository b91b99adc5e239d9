// Maps and plans: where things are said to be, and what is asked for because of it.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BlobPlace,
  decodeMap,
  encodeMap,
  isWhole,
  type Located,
  type LocationMap,
  linesFor,
  type PackName,
} from "../../../store/cache/map.ts";
import { planRanges } from "../../../store/cache/plan.ts";
import { type Digest, digestOf, hexOf } from "../../../store/model/digest.ts";
import { expectGolden } from "../../goldens/golden.ts";
import { codeOf, expectFaults } from "./fuzz.ts";

const packs: readonly PackName[] = [
  { digest: digestOf("pack 0"), size: 64 << 20 },
  { digest: digestOf("pack 1"), size: 5000 },
];
const at = (of: string, size: number, pack: number, offset: number, length: number): Located => ({
  digest: digestOf(of),
  size,
  pack: packs[pack] as PackName,
  offset,
  length,
});
const whole = (frame: Located): BlobPlace => ({ blob: frame.digest, size: frame.size, frames: [frame] });
const mapOf = (places: readonly BlobPlace[]): LocationMap =>
  new Map(places.map((place) => [place.blob, place]));

const cut: BlobPlace = {
  blob: digestOf("large"),
  size: (1 << 20) + 7,
  frames: [
    at("chunk 1", 1 << 19, 0, 5000, 400_000),
    at("chunk 2", 1 << 19, 0, 405_000, 400_000),
    at("chunk 3", 7, 0, 11, 16),
  ],
};
const map = mapOf([whole(at("one", 100, 1, 11, 60)), cut, whole(at("", 0, 0, 900_000, 9))]);
const text = encodeMap(map).toString();

describe("maps", () => {
  it("have a golden", () => expectGolden("map", "kit/map/1", text));

  it("come back as they were written", () => {
    expect(decodeMap(Buffer.from(text))).toEqual(map);
    expect(encodeMap(decodeMap(Buffer.from(text))).toString()).toBe(text);
    expect(decodeMap(encodeMap(new Map()))).toEqual(new Map());
  });

  it("tell what is cut, and are no longer than blobs need", () => {
    expect([isWhole(cut), linesFor(1 << 20), linesFor(cut.size)]).toEqual([false, 1, 34]);
  });

  it("have places inside their packs, chunks that add up, and each thing once", () => {
    const change = (from: string | RegExp, to: string) => text.replace(from, to);
    const lines = text.split("\n");
    const others = [
      "",
      "kit/map/1",
      change("kit/map/1", "kit/map/2"),
      change(/\n$/, ""),
      change(/$/, "\n"),
      change(" 5000\n", " 04\n"),
      change(" 5000\n", " 99999999999\n"),
      change(" 5000\n", " 94\n"),
      change(" 11 60", " 10 60"),
      change(" 11 60", " 4917 60"),
      change(" 11 60", " 9007199254740992 60"),
      change(" 11 60", " 11 0"),
      change(" 11 60", " 11 60 "),
      change(" 100 ", " 1048577 "),
      change(` ${cut.size} 3`, ` ${cut.size} 2`),
      change(` ${cut.size} 3`, ` ${cut.size} 4`),
      change(` ${cut.size} 3`, ` ${cut.size} 4000000000`),
      change(` ${cut.size} 3`, ` ${cut.size + 1} 3`),
      change(/ 7 (\d+) 11 16/, " 0 $1 11 16"),
      change("\nb ", "\nk "),
      change("\nk ", "\nb "),
      change("\nb ", "\nx "),
      change(/$/, lines[1] ?? ""),
      change(/$/, `${lines[1]}\n`),
      change(/$/, `${lines[3]}\n`),
      [...lines.slice(0, 3), lines[1], ...lines.slice(3)].join("\n"),
    ];
    expect(others.map((other, index) => [index, codeOf(() => decodeMap(Buffer.from(other)))])).toEqual(
      others.map((_, index) => [index, "digest/bad-map"]),
    );
    const small = { ...cut, size: 40_000, frames: [at("a", 33_000, 0, 11, 9), at("b", 7000, 0, 20, 9)] };
    const crumbs = { ...cut, frames: [at("a", 7, 0, 11, 9), at("b", 1 << 20, 0, 20, 9)] };
    for (const place of [small, crumbs])
      expect(codeOf(() => decodeMap(encodeMap(mapOf([place]))))).toBe("digest/bad-map");
  });

  it("are refused damaged, in one way; and what is taken lies within its packs", () => {
    expectFaults(text, ["digest/bad-map"], (bytes) => {
      for (const { size, frames } of decodeMap(bytes).values()) {
        expect(frames.reduce((sum, frame) => sum + frame.size, 0)).toBe(size);
        for (const { offset, length, pack } of frames)
          expect(offset + length).toBeLessThanOrEqual(pack.size - 24);
      }
    });
  });
});

describe("plans", () => {
  const spans = (frames: readonly Located[], options = {}) =>
    planRanges(frames, options).map(({ pack, offset, length, frames }) => [
      packs.indexOf(pack),
      offset,
      length,
      frames.length,
    ]);

  it("join what lies together, up to a gap and a length", () => {
    const frames = [
      at("c", 1, 0, 3224, 100),
      at("a", 1, 0, 100, 1000),
      at("b", 1, 0, 1100, 1100),
      at("d", 1, 1, 11, 9),
    ];
    expect(spans(frames)).toEqual([
      [0, 100, 3224, 3],
      [1, 11, 9, 1],
    ]);
    expect(spans(frames, { gap: 1023 })).toEqual([
      [0, 100, 2100, 2],
      [0, 3224, 100, 1],
      [1, 11, 9, 1],
    ]);
    expect(spans(frames, { most: 2099, gap: 2000 })).toEqual([
      [0, 100, 1000, 1],
      [0, 1100, 1100, 1],
      [0, 3224, 100, 1],
      [1, 11, 9, 1],
    ]);
    expect(spans([at("large", 1, 0, 100, 5000)], { most: 10 })).toEqual([[0, 100, 5000, 1]]);
    expect(spans([])).toEqual([]);
  });

  it("ask once for what is wanted twice, and trust no overlap", () => {
    const same = at("a", 1, 0, 100, 50);
    expect(spans([same, same, at("a", 1, 1, 11, 9)])).toEqual([[0, 100, 50, 1]]);
    expect(spans([same, at("b", 1, 0, 100, 50), at("c", 1, 0, 149, 50)])).toEqual([
      [0, 100, 50, 1],
      [0, 100, 50, 1],
      [0, 149, 50, 1],
    ]);
  });

  it("hold every frame once, in order, within their bounds", () => {
    const frame = fc.tuple(fc.nat(60), fc.nat(1), fc.nat(200_000), fc.integer({ min: 1, max: 5000 }));
    const bounds = fc.record({ gap: fc.nat(5000), most: fc.integer({ min: 5000, max: 50_000 }) });
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 60 }), bounds, (all, options) => {
        const wanted = all.map(([of, ...place]) => at(`${of}`, 1, ...place));
        const ranges = planRanges(wanted, options);
        const got = ranges.flatMap(({ frames }) => frames);
        expect(got.map(({ digest }) => digest).sort()).toEqual(
          [...new Set(wanted.map(({ digest }) => digest))].sort(),
        );
        for (const { offset, length, pack, frames } of ranges) {
          let end = offset;
          for (const item of frames) {
            expect(item.pack).toBe(pack);
            expect(item.offset - end).toBeGreaterThanOrEqual(0);
            expect(item.offset - end).toBeLessThanOrEqual(options.gap);
            end = item.offset + item.length;
          }
          expect(end - offset).toBe(length);
          expect(length).toBeLessThanOrEqual(options.most);
        }
      }),
    );
  });
});

it("9,000 blobs are read in a moment", () => {
  const places = Array.from({ length: 9000 }, (_, index) =>
    whole(at(`${index}`, 100, 0, 11 + index * 100, 100)),
  );
  const bytes = encodeMap(mapOf(places));
  const start = performance.now();
  const digests: Digest[] = [...decodeMap(bytes).keys()];
  expect(performance.now() - start).toBeLessThan(2000);
  expect(hexOf(digests[8999] as Digest)).toBe(hexOf(digestOf("8999")));
});
