// A folder as storage: the contract, and what a disk and other people can do to it.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { folderStorage } from "../../../store/cache/folder.ts";
import { isCacheName } from "../../../store/cache/names.ts";
import { isRoot } from "../rig.ts";
import { badNames, bytes, bytesOf, hex, pack, readsWell, request, sample, writesWell } from "./contract.ts";

const scratch = () => mkdtempSync(join(inject("scratch"), "cache-"));
const name = `packs/${hex("fresh")}`;

function filled(): string {
  const root = scratch();
  for (const [each, content] of Object.entries(sample)) {
    mkdirSync(join(root, each, ".."), { recursive: true });
    writeFileSync(join(root, each), content);
  }
  return root;
}

describe("a folder", () => {
  const root = filled();
  readsWell(() => folderStorage(root));
  writesWell(() => folderStorage(join(scratch(), "below", "it")));

  it("may be reached through a link", async () => {
    const link = join(scratch(), "link");
    symlinkSync(root, link);
    expect(await bytesOf(folderStorage(link).read(pack))).toEqual(sample[pack]);
    expect(await folderStorage(link).write(name, bytes("x"))).toBe("written");
    rmSync(join(root, name));
  });

  it("leaves no other file behind than those written", async () => {
    const place = scratch();
    const storage = folderStorage(place);
    await storage.write(name, bytes("x"));
    await storage.write(`packs/${hex("bad")}`, bytes("x"), { size: 2 }).catch(() => {});
    expect(readdirSync(place, { recursive: true }).sort()).toEqual([".incoming", "packs", name]);
    expect(lstatSync(join(place, name)).nlink).toBe(1);
  });

  it("passes over what is none of a cache's", async () => {
    const place = filled();
    writeFileSync(join(place, "packs", "README"), "x");
    writeFileSync(join(place, "packs", ".hidden"), "x");
    mkdirSync(join(place, "results", "README"));
    expect(await folderStorage(place).list("packs")).toHaveLength(2);
    expect(await folderStorage(place).list("results")).toEqual([request]);
  });

  it("removes what killed writers left a day ago, and nothing newer", async () => {
    const place = filled();
    mkdirSync(join(place, ".incoming"));
    const [old, young] = ["old", "young"].map((each) => join(place, ".incoming", each));
    for (const file of [old, young]) writeFileSync(file ?? "", "x");
    const before = Date.now() / 1000 - 25 * 3600;
    utimesSync(old ?? "", before, before);
    await folderStorage(place).write(name, bytes("x"));
    expect(readdirSync(join(place, ".incoming"))).toEqual(["young"]);
  });

  it("has another stamp for another file of one name", async () => {
    const place = filled();
    const storage = folderStorage(place);
    const stampOf = async () => {
      const file = await storage.open(pack);
      await file?.close();
      await file?.close();
      return file?.stamp;
    };
    const first = await stampOf();
    expect(first).toMatch(/^[0-9a-z-]+$/);
    expect(await stampOf()).toBe(first);
    writeFileSync(join(place, "new"), sample[pack] ?? "");
    renameSync(join(place, "new"), join(place, pack));
    expect(await stampOf()).not.toBe(first);
  });

  it("a file that becomes shorter while it is read is told", async () => {
    const place = filled();
    const file = await folderStorage(place).open(pack);
    writeFileSync(join(place, pack), "short");
    await expect(bytesOf(file?.read() ?? bytes())).rejects.toMatchObject({ code: "digest/wrong-size" });
    await file?.close();
  });

  it("keeps no descriptor open", async () => {
    const storage = folderStorage(root);
    const open = () => readdirSync("/proc/self/fd").length;
    const before = open();
    await Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        await storage.size(pack);
        await storage.list("packs");
        for await (const piece of storage.read(pack)) if (piece.length > i) break;
        await storage.write(name, bytes("x"), { size: 2 }).catch(() => {});
        await bytesOf(storage.read(`packs/${hex("none")}`)).catch(() => {});
      }),
    );
    expect(open()).toBe(before);
  });
});

describe("what others put into a folder", () => {
  const damaged = { code: "store/cache-damaged" };

  it("a link is not followed, whatever it leads to", async () => {
    const place = filled();
    const secret = join(scratch(), "secret");
    writeFileSync(secret, "secret");
    rmSync(join(place, pack));
    symlinkSync(secret, join(place, pack));
    const storage = folderStorage(place);
    await expect(bytesOf(storage.read(pack))).rejects.toMatchObject(damaged);
    await expect(storage.size(pack)).rejects.toMatchObject(damaged);
    expect(await storage.write(pack, bytes("x"))).toBe("present");
    expect(readFileSync(secret, "utf8")).toBe("secret");
  });

  it("a folder behind a link is neither read, listed nor written to", async () => {
    const place = filled();
    const elsewhere = scratch();
    renameSync(join(place, "packs"), join(elsewhere, "packs"));
    symlinkSync(join(elsewhere, "packs"), join(place, "packs"));
    const storage = folderStorage(place);
    await expect(bytesOf(storage.read(pack))).rejects.toMatchObject(damaged);
    await expect(storage.list("packs")).rejects.toMatchObject(damaged);
    await expect(storage.write(name, bytes("x"))).rejects.toMatchObject(damaged);
    expect(existsSync(join(elsewhere, name))).toBe(false);
    rmSync(join(place, ".incoming"), { recursive: true });
    symlinkSync(elsewhere, join(place, ".incoming"));
    await expect(storage.write(`blobs/${hex("x")}`, bytes("x"))).rejects.toMatchObject(damaged);
  });

  it.each(["fifo", "folder"])("a %s is no file", async (kind) => {
    const place = filled();
    rmSync(join(place, pack));
    if (kind === "fifo") spawnSync("mkfifo", [join(place, pack)]);
    else mkdirSync(join(place, pack));
    await expect(bytesOf(folderStorage(place).read(pack))).rejects.toMatchObject(damaged);
    await expect(folderStorage(place).size(pack)).rejects.toMatchObject(damaged);
  });

  it("a file where a folder belongs is told", async () => {
    const place = scratch();
    writeFileSync(join(place, "packs"), "x");
    const storage = folderStorage(place);
    await expect(storage.write(name, bytes("x"))).rejects.toMatchObject(damaged);
    await expect(storage.size(name)).rejects.toMatchObject(damaged);
    await expect(storage.list("packs")).rejects.toMatchObject(damaged);
  });
});

describe("a disk that refuses", () => {
  it("without room nothing is left, and what is there stays", async () => {
    const place = scratch();
    if (!isRoot || spawnSync("mount", ["-t", "tmpfs", "-o", "size=256k", "none", place]).status !== 0) return;
    try {
      const storage = folderStorage(place);
      await storage.write(`blobs/${hex("small")}`, bytes("small"));
      const large = bytes(...Array.from({ length: 20 }, () => Buffer.alloc(50_000, 1)));
      await expect(storage.write(name, large)).rejects.toMatchObject({ code: "store/cache-full", exit: 5 });
      expect(readdirSync(join(place, ".incoming"))).toEqual([]);
      expect(await storage.size(name)).toBeUndefined();
      expect((await bytesOf(storage.read(`blobs/${hex("small")}`))).toString()).toBe("small");
    } finally {
      spawnSync("umount", [place]);
    }
  });

  it("mounted read-only it is told as such", async () => {
    const place = filled();
    if (!isRoot || spawnSync("mount", ["--bind", "-o", "ro", place, place]).status !== 0) return;
    try {
      const storage = folderStorage(place);
      await expect(storage.write(name, bytes("x"))).rejects.toMatchObject({
        code: "store/cache-unwritable",
        message: expect.stringContaining("read-only"),
      });
      expect(await bytesOf(storage.read(pack))).toEqual(sample[pack]);
    } finally {
      spawnSync("umount", [place]);
    }
  });

  it("without permission it is told as such", async () => {
    if (isRoot) return;
    const place = filled();
    chmodSync(place, 0o555);
    await expect(folderStorage(place).write(name, bytes("x"))).rejects.toMatchObject({
      code: "store/cache-unwritable",
    });
    chmodSync(join(place, pack), 0);
    await expect(bytesOf(folderStorage(place).read(pack))).rejects.toMatchObject({
      code: "store/cache-unreadable",
    });
  });
});

it("names are those that CACHE.md has", () => {
  expect(Object.keys(sample).filter((each) => !isCacheName(each))).toEqual([]);
  expect(badNames.filter(isCacheName)).toEqual([]);
});
