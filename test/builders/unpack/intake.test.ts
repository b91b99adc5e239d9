// A .deb becomes trees: the same ones whichever decompressor reads it, and none where something does not fit.

import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { loadLiblzma } from "../../../builders/archive/liblzma.ts";
import { unpackDeb } from "../../../builders/unpack/intake.ts";
import { openTestStore, system } from "../../store/rig.ts";
import { faultOf, installed, type RawEntry, rawAr, rawTar } from "../archive/rig.ts";

const { pool, staging } = openTestStore();

const files: readonly RawEntry[] = [
  { name: "./", flag: "5" },
  { name: "./usr/", flag: "5" },
  { name: "./usr/b", content: "of b" },
  { name: "./usr/a", content: "x".repeat(300_000) },
  { name: "./usr/link", flag: "2", link: "a" },
  { name: "./usr/hard", flag: "1", link: "./usr/b" },
];

function debOf(data: readonly RawEntry[], pack?: (tar: Buffer) => Buffer) {
  const member = (name: string, tar: Buffer) =>
    pack ? { name: `${name}.xz`, content: pack(tar) } : { name, content: tar };
  const control = rawTar({ name: "./control", content: "Package: a\nVersion: 1\nArchitecture: all\n" });
  return pool.put(
    rawAr(
      { name: "debian-binary", content: "2.0\n" },
      member("control.tar", control),
      member("data.tar", rawTar(...data)),
    ),
  );
}

const xz = (tar: Buffer) => execFileSync("xz", ["-c"], { input: tar });

test("lists paths in the archive's order, and has hard links as one inode", async () => {
  const { control, data, list } = await unpackDeb(debOf(files), pool);
  expect(control.entries.map(({ path }) => path)).toEqual(["", "control"]);
  expect(pool.readAll(list).toString()).toBe("/.\n/usr\n/usr/b\n/usr/a\n/usr/link\n/usr/hard\n");
  const [b, hard] = ["usr/b", "usr/hard"].map((path) => data.entries.find((entry) => entry.path === path));
  expect(b).toMatchObject({ type: "file", size: 4, link: expect.any(Number) });
  expect(hard).toEqual({ ...b, path: "usr/hard" });
  expect(data.entries.find(({ path }) => path === "usr/link")).toMatchObject({
    type: "symlink",
    target: "a",
  });
});

const liblzma = loadLiblzma(system);

test.skipIf(liblzma === undefined || !installed("xz"))(
  "becomes the same trees by kit's own xz, by liblzma, and without any",
  async () => {
    const packed = debOf(files, xz);
    const plain = await unpackDeb(debOf(files), pool);
    expect(await unpackDeb(packed, pool)).toEqual(plain);
    expect(await unpackDeb(packed, pool, liblzma)).toEqual(plain);
  },
);

describe("refused, and nothing left in the way", () => {
  test.each([
    ["a line break in a path", [{ name: "./a\nb", content: "" }], "digest/unsafe-path"],
    ["an owner no sandbox has", [{ name: "./a", uid: "200000", content: "" }], "digest/bad-deb"],
    ["a path that leaves the root", [{ name: "./../a", content: "" }], "digest/unsafe-path"],
  ] as const)("%s", async (_, entries, code) => {
    expect(await faultOf(() => unpackDeb(debOf(entries), pool))).toBe(code);
    expect(readdirSync(staging)).toEqual([]);
  });
});
