// Names and the cache's own file: one form each, and everything else refused.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeInfo, parseInfo } from "../../../store/cache/info.ts";
import { type CacheFile, nameOf, parseName } from "../../../store/cache/names.ts";
import { digestOf, hexOf } from "../../../store/model/digest.ts";
import { fingerprintOf } from "../../../store/model/key.ts";
import { codeOf, expectFaults } from "./fuzz.ts";

const [request, statement, tree, base] = ["request", "statement", "tree", "base"].map((of) =>
  digestOf(of),
) as [
  ReturnType<typeof digestOf>,
  ReturnType<typeof digestOf>,
  ReturnType<typeof digestOf>,
  ReturnType<typeof digestOf>,
];
const files: readonly CacheFile[] = [
  { kind: "info" },
  { kind: "statement", request, statement },
  { kind: "signature", request, key: fingerprintOf(Buffer.alloc(32)) },
  { kind: "tree", tree },
  { kind: "delta", tree, base },
  { kind: "bases", tree },
  { kind: "blob", blob: tree },
  { kind: "pack", pack: tree },
  { kind: "log", request },
];

describe("names", () => {
  it("are those of the format", () => {
    const [r, s, t, b] = [request, statement, tree, base].map(hexOf);
    expect(files.map(nameOf)).toEqual([
      "kit-cache-info",
      `results/${r}/${s}`,
      `results/${r}/${fingerprintOf(Buffer.alloc(32))}.sig`,
      `trees/${t}`,
      `trees/${t}.from-${b}`,
      `trees/${t}.bases`,
      `blobs/${t}`,
      `packs/${t}`,
      `logs/${r}`,
    ]);
  });

  it("come back as what they name", () => {
    expect(files.map((file) => parseName(nameOf(file)))).toEqual(files);
  });

  it("are nothing else", () => {
    const hex = hexOf(tree);
    const others = [
      "",
      "/kit-cache-info",
      "kit-cache-info\n",
      "KIT-CACHE-INFO",
      `packs/${hex}/`,
      `packs//${hex}`,
      `packs/${hex}\n`,
      `packs/../packs/${hex}`,
      `packs/${hex.toUpperCase()}`,
      `packs/${hex}0`,
      `packs/blake3-${hex}`,
      `packs/${hex}.bases`,
      `blobs/${hex}.from-${hex}`,
      `trees/${hex}.bases.bases`,
      `trees/${hex}.from-${hex}.bases`,
      `results/${hex}`,
      `results/${hex}/${hex}.sig`,
      `results/${hex}/${hex.slice(32)}`,
      `%70acks/${hex}`,
      `packs/${hex}?x`,
    ];
    expect(others.filter((name) => parseName(name) !== undefined)).toEqual([]);
    fc.assert(
      fc.property(
        fc.constantFrom(...files.map(nameOf)),
        fc.nat(140),
        fc.string({ maxLength: 3 }),
        (name, at, put) => {
          const text = name.slice(0, at) + put + name.slice(at + put.length);
          const file = parseName(text);
          if (file !== undefined) expect(nameOf(file)).toBe(text);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

const parse = (text: string | Uint8Array) =>
  parseInfo(typeof text === "string" ? Buffer.from(text) : text, "there");

describe("kit-cache-info", () => {
  it("comes back as it was written", () => {
    expect(encodeInfo().toString()).toBe('{"format":"kit/cache/1"}\n');
    expect(parse(encodeInfo())).toMatchObject({ priority: 40, bulk: false });
    expect(parse(encodeInfo({ priority: 0, bulk: 1 }))).toMatchObject({ priority: 0, bulk: true });
  });

  it("may hold more than is known, and less", () => {
    const text = '{ "later": [1], "format": "kit/cache/1", "bulk": 2 }';
    expect(parse(text)).toMatchObject({ priority: 40, bulk: false, members: { later: [1] } });
  });

  it("is refused where it is another's", () => {
    const others = ["", "null", "[]", "{}", '"kit/cache/1"', "<html>", '{"format":["kit/cache/1"]}'];
    const bad = ['{"format":"kit/cache/1","priority":-1}', '{"format":"kit/cache/1","priority":"1"}'];
    for (const text of [...others, ...bad, "x".repeat(70_000)])
      expect([text.slice(0, 40), codeOf(() => parse(text))]).toEqual([
        text.slice(0, 40),
        "store/not-a-cache",
      ]);
    expect(codeOf(() => parse('{"format":"kit/cache/2"}'))).toBe("store/newer-cache");
    expectFaults(encodeInfo(), ["store/not-a-cache", "store/newer-cache"], (bytes) => parse(bytes));
  });
});
