// A .deb becomes trees: the same ones whichever decompressor reads it, and none where something does not fit.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openLiblzma } from "../../../builders/archive/liblzma.ts";
import type { PackageInput } from "../../../builders/rootfs/recipe.ts";
import { toolsDerivation } from "../../../builders/tools/recipe.ts";
import { unpackDeb } from "../../../builders/unpack/intake.ts";
import { liblzmaIn, libraryIn } from "../../../builders/unpack/liblzma.ts";
import { unpackDerivation } from "../../../builders/unpack/recipe.ts";
import { contentOf, derivation } from "../../../store/model/derivation.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { openTestStore, plant, system } from "../../store/rig.ts";
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

const liblzma = ["x86_64", "aarch64"]
  .map((machine) => `/usr/lib/${machine}-linux-gnu/liblzma.so.5`)
  .find((file) => existsSync(file));

test.skipIf(liblzma === undefined || !installed("xz"))(
  "becomes the same trees by kit's own xz, by liblzma, and without any",
  async () => {
    const packed = debOf(files, xz);
    const plain = await unpackDeb(debOf(files), pool);
    expect(await unpackDeb(packed, pool)).toEqual(plain);
    expect(await unpackDeb(packed, pool, openLiblzma(system, liblzma ?? ""))).toEqual(plain);
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

describe("liblzma", () => {
  const inputOf = (name: string): PackageInput => {
    const deb = { content: contentOf("blob", digestOf(name)) } as const;
    return { key: `${name}:amd64`, deb, unpacked: unpackDerivation(name, deb) };
  };
  const library = inputOf("liblzma5");

  test("is found in a plan by the launcher of whatever is sandboxed", () => {
    const launcher = toolsDerivation("tools launcher", "amd64", [inputOf("dash"), library]);
    const built = derivation({
      builder: "rootfs",
      label: "root",
      parameters: {},
      inputs: { launcher: { derivation: launcher, output: "root" } },
      outputs: ["root"],
    });
    expect(liblzmaIn([library.unpacked, built])).toBe(library.unpacked);
    expect(liblzmaIn([library.unpacked, launcher])).toBeUndefined();
  });

  test("is the file itself, not the link to it, nor another library", () => {
    const tree = plant(pool, {
      usr: { folder: true },
      "usr/lib": { folder: true },
      "usr/lib/liblzma.so.5.8.1": "library",
      "usr/lib/liblzmadec.so.0": "another",
      "usr/lib/liblzma.so.5": { to: "liblzma.so.5.8.1" },
    });
    expect(libraryIn(tree)?.path).toBe("usr/lib/liblzma.so.5.8.1");
  });
});
