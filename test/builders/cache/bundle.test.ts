// Bundles: the storage's contract, the exact form, other tools, and files that are none.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type Bundle, type ExtraSource, openBundle, writeBundle } from "../../../builders/cache/bundle.ts";
import { folderStorage } from "../../../store/cache/folder.ts";
import { bytes, bytesOf, hex, pack, readsWell, sample } from "../../store/cache/contract.ts";
import { isRoot } from "../../store/rig.ts";
import { rawTar } from "../archive/rig.ts";

const place = mkdtempSync(join(inject("scratch"), "bundle-"));
const cache = join(place, "cache");
const file = join(place, "all.kit");
const info = { name: "kit-cache-info", content: '{"format":"kit/cache/1"}\n' };

const extra = (path: string, text: string, executable = false): ExtraSource => ({
  path,
  size: Buffer.byteLength(text),
  executable,
  read: () => bytes(text),
});
const extras = [
  extra("manifest/packages/hello/run.sh", "#!/bin/sh\n", true),
  extra("manifest/image.yaml", "kind: image\n"),
  extra(`manifest/${"long/".repeat(40)}ä.txt`, "deep"),
];

beforeAll(async () => {
  const storage = folderStorage(cache);
  for (const [name, content] of Object.entries(sample)) await storage.write(name, bytes(content));
  await writeBundle(storage, Object.keys(sample), file, extras);
});

describe("a bundle", () => {
  let bundle: Bundle;
  beforeAll(async () => {
    bundle = await openBundle(file);
  });
  afterAll(() => bundle[Symbol.asyncDispose]());

  readsWell(() => bundle);

  it("has the manifest's files beside the cache's", async () => {
    expect(bundle.extras.map(({ path, executable }) => [path, executable])).toEqual([
      ["manifest/image.yaml", false],
      [`manifest/${"long/".repeat(40)}ä.txt`, false],
      ["manifest/packages/hello/run.sh", true],
    ]);
    for (const { path, read } of extras)
      expect(await bytesOf(bundle.readExtra(path))).toEqual(await bytesOf(read()));
    expect(bundle.names).toEqual(Object.keys(sample).sort());
    expect(() => bundle.readExtra(pack)).toThrow("has no file");
    expect(() => bundle.readExtra("manifest/none")).toThrow("has no file");
  });

  it("is not written to", async () => {
    await expect(bundle.write(`packs/${hex("x")}`, bytes("x"))).rejects.toMatchObject({
      code: "store/cache-unwritable",
    });
  });

  it("has the same bytes in whatever order it was asked for", async () => {
    const other = join(place, "other.kit");
    const names = Object.keys(sample).reverse();
    expect(await writeBundle(folderStorage(cache), [...names, ...names], other, [...extras].reverse())).toBe(
      names.length + extras.length,
    );
    expect(readFileSync(other).equals(readFileSync(file))).toBe(true);
  });

  it("can be made of another one", async () => {
    const copy = join(place, "copy.kit");
    await writeBundle(bundle, bundle.names, copy, extras);
    expect(readFileSync(copy).equals(readFileSync(file))).toBe(true);
  });

  it("is a tar archive to others, and unpacked it is a cache", async () => {
    const listed = execFileSync("tar", ["--list", "--verbose", "--utc", "--file", file], {
      encoding: "utf8",
    });
    const lines = listed.trim().split("\n");
    expect(lines).toHaveLength(Object.keys(sample).length + extras.length);
    expect(lines[0]).toMatch(/^-rw-r--r-- 0\/0 +25 2000-01-01 00:00 kit-cache-info$/);
    expect(lines.at(-1)).toMatch(new RegExp(`trees/${hex("tree")}.from-${hex("base")}$`));
    const unpacked = join(place, "unpacked");
    mkdirSync(unpacked);
    execFileSync("tar", ["--extract", "--file", file, "--directory", unpacked]);
    for (const [name, content] of Object.entries(sample))
      expect(await bytesOf(folderStorage(unpacked).read(name))).toEqual(content);
    expect(readFileSync(join(unpacked, "manifest/image.yaml"), "utf8")).toBe("kind: image\n");
  });
});

describe("writing", () => {
  const storage = folderStorage(cache);

  it("takes the place of what was there, once it is whole", async () => {
    const target = join(place, "replaced.kit");
    writeFileSync(target, "old");
    await expect(writeBundle(storage, [`packs/${hex("none")}`], target)).rejects.toMatchObject({
      code: "store/no-file",
    });
    const broken = { ...extra("manifest/a", "text"), size: 5 };
    await expect(writeBundle(storage, [], target, [broken])).rejects.toMatchObject({
      code: "digest/wrong-size",
    });
    expect(readFileSync(target, "utf8")).toBe("old");
    await writeBundle(storage, [pack], target);
    expect((await openBundle(target)).names).toEqual(["kit-cache-info", pack]);
    expect(readdirSync(place).filter((name) => name.includes(".new-"))).toEqual([]);
  });

  it.each([
    "manifest",
    "manifest/",
    "manifest//a",
    "manifest/../a",
    "manifest/./a",
    "manifest/a\nb",
    "/manifest/a",
    "other/a",
    `manifest/${"a".repeat(256)}`,
    `manifest/${"a/".repeat(600)}a`,
    "manifest/\ud800",
  ])("refuses the path %j", async (path) => {
    const target = join(place, "refused.kit");
    await expect(writeBundle(storage, [], target, [extra(path, "x")])).rejects.toMatchObject({
      code: "digest/bad-name",
    });
    expect(existsSync(target)).toBe(false);
  });

  it("tells a folder, a place that is not there, and one without room", async () => {
    await expect(writeBundle(storage, [], place)).rejects.toMatchObject({ code: "usage/not-a-file" });
    await expect(writeBundle(storage, [], join(place, "none", "x"))).rejects.toMatchObject({
      code: "store/cache-failed",
    });
    const small = mkdtempSync(join(place, "small-"));
    if (!isRoot || spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "none", small]).status !== 0) return;
    try {
      await expect(writeBundle(storage, [pack], join(small, "x"))).rejects.toMatchObject({
        code: "store/cache-full",
      });
      expect(readdirSync(small)).toEqual([]);
    } finally {
      spawnSync("umount", [small]);
    }
  });
});

describe("what is no bundle", () => {
  let count = 0;
  const opened = async (content: Uint8Array) => {
    const path = join(place, `bad-${count++}`);
    writeFileSync(path, content);
    await using bundle = await openBundle(path);
    return bundle.names.length;
  };
  const bad = { code: "digest/bad-bundle", exit: 8 };
  const end = Buffer.alloc(1024);
  const extended = (keyword: string, value: string) => {
    const record = ` ${keyword}=${value}\n`;
    const content = `${record.length + (record.length + 2 > 99 ? 3 : 2)}${record}`;
    return { name: "x", flag: "x", content };
  };
  const member = (name: string, more = {}) => rawTar(info, { name, content: "x", ...more });

  it("is told where it is not there, no file, or of a newer kit", async () => {
    await expect(openBundle(join(place, "none"))).rejects.toMatchObject({ code: "store/no-file" });
    await expect(openBundle(place)).rejects.toMatchObject(bad);
    const newer = rawTar({ ...info, content: '{"format":"kit/cache/2"}\n' });
    await expect(opened(newer)).rejects.toMatchObject({ code: "store/newer-cache" });
    await expect(opened(rawTar({ ...info, content: "[]" }))).rejects.toMatchObject({
      code: "store/not-a-cache",
    });
  });

  it("the smallest one is sound", async () => {
    expect(await opened(rawTar(info))).toBe(1);
  });

  it.each<[string, Buffer]>([
    ["nothing", Buffer.alloc(0)],
    ["text", Buffer.from("kind: image\n")],
    ["only an end", end],
    ["no information first", rawTar({ name: pack, content: "x" })],
    ["the information twice", rawTar(info, info)],
    ["another name", member("README")],
    ["a name that climbs", member("manifest/../../etc/passwd")],
    ["an absolute name", member("/manifest/x")],
    ["a link", member("manifest/x", { flag: "2", link: "/etc/passwd", content: "" })],
    ["a hard link", member(pack, { flag: "1", link: "kit-cache-info", content: "" })],
    ["a folder", member("manifest/", { flag: "5", content: "" })],
    ["a device", member("manifest/x", { flag: "3", content: "" })],
    ["one name twice", rawTar(info, { name: pack, content: "x" }, { name: pack, content: "y" })],
    [
      "names out of order",
      rawTar(info, { name: "manifest/b", content: "x" }, { name: "manifest/a", content: "y" }),
    ],
    [
      "a file below a file",
      rawTar(info, { name: "manifest/a", content: "x" }, { name: "manifest/a/b", content: "y" }),
    ],
    [
      "an extended header of more than a name",
      rawTar(info, extended("size", "1"), { name: pack, content: "x" }),
    ],
    ["an extended header before nothing", rawTar(info, extended("path", pack))],
    ["two extended headers", rawTar(info, extended("path", pack), extended("path", pack), { name: pack })],
    ["a long extended header", rawTar(info, { name: "x", flag: "x", content: "x".repeat(5000) })],
    ["a header that says more than there is", rawTar(info, { name: pack, content: "x", size: 2 ** 32 })],
    ["more after its end", Buffer.concat([rawTar(info), Buffer.alloc(512, 1)])],
    ["zeros after its end", Buffer.concat([rawTar(info), end])],
  ])("%s is refused", async (_, content) => {
    await expect(opened(content)).rejects.toMatchObject(bad);
  });

  it("cut off anywhere it is refused", async () => {
    const whole = readFileSync(file);
    const ends = [512, 513, 1024, 1536, 70_000, whole.length / 2, whole.length - 1024, whole.length - 1];
    for (const length of ends.map(Math.floor))
      await expect(opened(whole.subarray(0, length))).rejects.toMatchObject(bad);
  });

  it("whatever is changed in its headers, it opens or is refused", async () => {
    const small = join(place, "small.kit");
    await writeBundle(
      folderStorage(cache),
      Object.keys(sample).filter((name) => name !== pack),
      small,
      extras,
    );
    const whole = readFileSync(small);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        async (changes) => {
          const content = Buffer.from(whole);
          for (const [at, byte] of changes) content[at] = byte;
          const refused = await opened(content).then(
            () => "bundle",
            (error: { code: string }) => error.code,
          );
          expect(["bundle", "digest/bad-bundle", "store/not-a-cache", "store/newer-cache"]).toContain(
            refused,
          );
        },
      ),
    );
  });
});
