// What every storage of a cache's files promises, as tests.
// Knows the contract; does not know any storage.

import * as fc from "fast-check";
import { expect, it } from "vitest";
import type { CacheStorage, Came } from "../../../store/cache/storage.ts";
import { digestOf, hexOf } from "../../../store/model/digest.ts";

/** 64 digits. */
export const hex = (text: string): string => hexOf(digestOf(text));
export const request = hex("request");

/** Files of every kind, by name. */
export const sample: Readonly<Record<string, Buffer>> = {
  "kit-cache-info": Buffer.from('{"format":"kit/cache/1"}\n'),
  [`results/${request}/${hex("statement")}`]: Buffer.from("statement"),
  [`results/${request}/${hex("key").slice(0, 32)}.sig`]: Buffer.from("signature"),
  [`trees/${hex("tree")}`]: Buffer.alloc(3000, "tree"),
  [`trees/${hex("tree")}.from-${hex("base")}`]: Buffer.from("less"),
  [`trees/${hex("tree")}.bases`]: Buffer.from(`${hex("base")}\n`),
  [`blobs/${hex("blob")}`]: Buffer.alloc(0),
  [`packs/${hex("pack")}`]: Buffer.from(Array.from({ length: 1_300_000 }, (_, i) => (i * 7919) >> 5)),
  [`packs/${hex("other pack")}`]: Buffer.alloc(512, 7),
  [`logs/${request}`]: Buffer.from("log"),
};

export const pack = `packs/${hex("pack")}`;

/** Texts that lead elsewhere, or almost are names. */
export const badNames: readonly string[] = [
  "",
  ".",
  "..",
  "/",
  "packs",
  "packs/",
  "packs/x",
  "../kit-cache-info",
  "/kit-cache-info",
  "./kit-cache-info",
  "kit-cache-info\n",
  "kit-cache-info/",
  `${pack}\n`,
  `${pack}\0`,
  `${pack}.sig`,
  `/${pack}`,
  `packs/../${pack}`,
  `packs//${hex("pack")}`,
  `PACKS/${hex("pack")}`,
  `packs/${hex("pack").toUpperCase()}`,
  `packs/${hex("pack").slice(1)}`,
  `results/${request}`,
  `results/${request}/${hex("key")}.sig`,
  `trees/${hex("tree")}.from-`,
  `blobs/${hex("tree")}.bases`,
  ".incoming/x",
  "bulk/has",
];

export async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return Buffer.concat(all);
}

export async function* bytes(...pieces: readonly (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === "string" ? Buffer.from(piece) : piece;
}

/** Reading from a storage that holds {@link sample}. */
export function readsWell(open: () => Promise<CacheStorage> | CacheStorage): void {
  it("tells sizes, and what is not there", async () => {
    const storage = await open();
    for (const [name, content] of Object.entries(sample))
      expect(await storage.size(name)).toBe(content.length);
    expect(await storage.size(`packs/${hex("no pack")}`)).toBeUndefined();
    expect(await storage.size(`results/${hex("no request")}/${hex("x")}`)).toBeUndefined();
  });

  it("reads files, whole and in part", async () => {
    const storage = await open();
    for (const [name, content] of Object.entries(sample))
      expect(await bytesOf(storage.read(name))).toEqual(content);
    const whole = sample[pack] ?? Buffer.alloc(0);
    for (const [offset, length] of [
      [0, 0],
      [0, 1],
      [whole.length, 0],
      [whole.length - 1, 1],
      [100_000, 1_100_000],
    ] as const)
      expect(await bytesOf(storage.read(pack, { offset, length }))).toEqual(
        whole.subarray(offset, offset + length),
      );
  });

  it("hands out pieces that stay as they are", async () => {
    const storage = await open();
    const [first, second] = await Promise.all([bytesOf(storage.read(pack)), bytesOf(storage.read(pack))]);
    expect(first).toEqual(second);
    expect(first).toEqual(sample[pack]);
  });

  it("may be left in the middle", async () => {
    const storage = await open();
    for (let i = 0; i < 50; i++) for await (const piece of storage.read(pack)) if (piece.length > 0) break;
    expect(await bytesOf(storage.read(pack, { offset: 5, length: 3 }))).toHaveLength(3);
  });

  it("refuses what is not there, and parts that are not", async () => {
    const storage = await open();
    await expect(bytesOf(storage.read(`packs/${hex("no pack")}`))).rejects.toMatchObject({
      code: "store/no-file",
    });
    const size = sample[pack]?.length ?? 0;
    for (const [offset, length] of [
      [0, size + 1],
      [size + 1, 0],
      [size, 1],
      [2 ** 53, 1],
      [-1, 1],
      [0, 1.5],
      [0, Number.NaN],
    ] as const)
      await expect(bytesOf(storage.read(pack, { offset, length }))).rejects.toMatchObject({
        code: "digest/wrong-size",
      });
  });

  it("lists", async () => {
    const storage = await open();
    const below = (folder: string) =>
      Object.keys(sample)
        .flatMap((name) => (name.startsWith(`${folder}/`) ? [name.slice(folder.length + 1)] : []))
        .sort();
    for (const folder of ["trees", "blobs", "packs", "logs", `results/${request}`])
      expect(await storage.list(folder)).toEqual(below(folder));
    expect(await storage.list("results")).toEqual([request]);
    expect(await storage.list(`results/${hex("no request")}`)).toEqual([]);
  });

  it.each(["", ".", "..", "/", "results/", "results/..", "packs/..", ".incoming", `packs/${hex("pack")}`])(
    "lists no other folder: %j",
    async (folder) => {
      await expect((await open()).list(folder)).rejects.toMatchObject({ code: "digest/bad-name" });
    },
  );

  it("takes no other name", async () => {
    const storage = await open();
    for (const name of badNames) await refusesName(storage, name);
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "grapheme", maxLength: 80 }), (name) => refusesName(storage, name)),
    );
  });
}

async function refusesName(storage: CacheStorage, name: string): Promise<void> {
  const refused = { code: "digest/bad-name" };
  await expect(storage.size(name)).rejects.toMatchObject(refused);
  await expect(bytesOf(storage.read(name))).rejects.toMatchObject(refused);
  await expect(storage.write(name, bytes("x"))).rejects.toMatchObject(refused);
}

/** Writing to an empty storage. */
export function writesWell(empty: () => CacheStorage): void {
  const name = `packs/${hex("fresh")}`;
  const expected = { size: 5, digest: digestOf("fresh") };

  it("writes what can be read then", async () => {
    const storage = empty();
    for (const [each, content] of Object.entries(sample))
      expect(await storage.write(each, bytes(content.subarray(0, 10), content.subarray(10)))).toBe("written");
    for (const [each, content] of Object.entries(sample))
      expect(await bytesOf(storage.read(each))).toEqual(content);
    expect(await storage.list("packs")).toHaveLength(2);
  });

  it("never replaces", async () => {
    const storage = empty();
    expect(await storage.write(name, bytes("fre", "sh"), expected)).toBe("written");
    expect(await storage.write(name, bytes("other"))).toBe("present");
    expect(await storage.write(name, failing())).toBe("present");
    expect((await bytesOf(storage.read(name))).toString()).toBe("fresh");
  });

  it("of many at once one writes", async () => {
    const storage = empty();
    const results = await Promise.all(
      Array.from({ length: 20 }, () => storage.write(name, bytes("fre", "sh"), expected)),
    );
    expect(results.filter((result) => result === "written")).toHaveLength(1);
    expect((await bytesOf(storage.read(name))).toString()).toBe("fresh");
  });

  it.each([
    ["too few", bytes("fres"), "digest/wrong-size"],
    ["too many", bytes("fresh", "er"), "digest/wrong-size"],
    ["none", bytes(), "digest/wrong-size"],
    ["others", bytes("Fresh"), "digest/mismatch"],
  ])("takes nothing of %s bytes", async (_, wrong, code) => {
    const storage = empty();
    await expect(storage.write(name, wrong, expected)).rejects.toMatchObject({ code });
    expect(await storage.size(name)).toBeUndefined();
    expect(await storage.list("packs")).toEqual([]);
    expect(await storage.write(name, bytes("fresh"), expected)).toBe("written");
  });

  it("lets what came be looked at before anybody sees it, and takes nothing where that throws", async () => {
    const storage = empty();
    const seen: unknown[] = [];
    const look = async ({ size, read }: Came) => {
      seen.push(size, String(await read({ offset: 1, length: 3 })), await storage.size(name));
      await expect(read({ offset: 3, length: 3 })).rejects.toMatchObject({ code: "digest/wrong-size" });
    };
    const refuse = async () => {
      throw new Error("not this one");
    };
    await expect(storage.write(name, bytes("fresh"), { look: refuse })).rejects.toThrow("not this one");
    expect(await storage.size(name)).toBeUndefined();
    expect(await storage.write(name, bytes("fre", "sh"), { ...expected, look })).toBe("written");
    expect(seen).toEqual([5, "res", undefined]);
  });

  it("takes nothing of bytes that break off, and says why they did", async () => {
    const storage = empty();
    await expect(storage.write(name, failing())).rejects.toThrow("the line is cut");
    expect(await storage.size(name)).toBeUndefined();
  });

  it("shows nothing before all of it is there", async () => {
    const storage = empty();
    const seen: unknown[] = [];
    const slow = async function* () {
      yield Buffer.from("fre");
      seen.push(await storage.size(name), await storage.list("packs"));
      yield Buffer.from("sh");
      seen.push(await storage.size(name));
    };
    await storage.write(name, slow(), expected);
    expect(seen).toEqual([undefined, [], undefined]);
  });
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("fre");
  throw new Error("the line is cut");
}
