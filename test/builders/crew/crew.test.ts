// The crew: threads that share out tasks, tell what went wrong, and go on.

import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Crew } from "../../../builders/builder.ts";
import { recruit } from "../../../builders/crew/crew.ts";
import { unpackDeb } from "../../../builders/unpack/intake.ts";
import { noHolds } from "../../../store/holds.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { parseTreePath } from "../../../store/model/path.ts";
import { makeTree } from "../../../store/model/tree.ts";
import { scanFolder } from "../../../store/scan.ts";
import { observe, openTestStore, system, unsoundMembers } from "../../store/rig.ts";
import { rawAr, rawTar } from "../archive/rig.ts";

const store = openTestStore();
const { pool, records, layout } = store;

let crew: Crew;
beforeAll(async () => {
  const recruits = await recruit(new URL("../../../cli/thread.ts", import.meta.url), 2);
  crew = await recruits.enlist({ ...store.tools("copy"), records, holds: noHolds });
});
afterAll(() => crew[Symbol.asyncDispose]());

function debOf(text: string) {
  return pool.put(
    rawAr(
      { name: "debian-binary", content: "2.0\n" },
      { name: "control.tar", content: rawTar({ name: "./control", content: "Package: a\n" }) },
      { name: "data.tar", content: rawTar({ name: "./", flag: "5" }, { name: "./a", content: text }) },
    ),
  );
}

test("more tasks than threads are all done, each as it would be done alone", async () => {
  const texts = Array.from({ length: 9 }, (_, index) => `text ${index}`);
  const unpacked = await Promise.all(texts.map((text) => crew.unpack(debOf(text))));
  for (const [index, { data, list }] of unpacked.entries()) {
    const alone = await unpackDeb(debOf(texts[index] ?? ""), pool);
    expect({ data, list }).toEqual({ data: records.writeTree(alone.data), list: alone.list });
    const folder = await crew.checkout(data);
    expect(readFileSync(`${folder}/a`, "utf8")).toBe(texts[index]);
  }
});

test("a fault comes back as what it is, and the thread takes the next task", async () => {
  const broken = pool.put(Buffer.from("no archive"));
  const outcomes = await Promise.allSettled([broken, broken, broken].map((deb) => crew.unpack(deb)));
  for (const outcome of outcomes)
    expect(outcome).toMatchObject({ status: "rejected", reason: { code: "digest/bad-deb", exit: 8 } });
  expect((await crew.unpack(debOf("after"))).list).toBe(digestOf("/.\n/a\n"));
});

test("a tree that is not there is told, and nothing is made of it", async () => {
  await expect(crew.checkout(digestOf("no tree"))).rejects.toThrow();
  expect(existsSync(layout.checkout(digestOf("no tree")))).toBe(false);
});

/** A tree that is worth both threads; its files have each content twice. */
const large = makeTree(
  Array.from({ length: 1200 }, (_, index) => {
    const bytes = Buffer.from(`content ${index >> 1}`);
    const path = parseTreePath(`d${index % 7}/f${index}`);
    return { type: "file", path, mode: 0o644, uid: 0, gid: 0, size: bytes.length, blob: pool.put(bytes) };
  }),
);

test("a checkout that threads share is the one that a single thread makes", async () => {
  const digest = records.writeTree(large);
  const folders = await Promise.all([crew.checkout(digest), crew.checkout(digest)]);
  expect(folders).toEqual([layout.checkout(digest), layout.checkout(digest)]);
  const shared = observe(folders[0] ?? "");
  rmSync(layout.checkout(digest), { recursive: true });
  expect(observe(store.checkout(large, "copy"))).toEqual(shared);
});

test("a checkout that fails in one thread shows nothing, and can be repeated", async () => {
  const [first, ...rest] = large.entries.filter((entry) => entry.type === "file");
  const lost = { ...(first ?? expect.fail()), blob: digestOf("lost") };
  const digest = records.writeTree(makeTree([lost, ...rest]));
  await expect(crew.checkout(digest)).rejects.toMatchObject({ code: "store/missing-blob" });
  expect(existsSync(layout.checkout(digest))).toBe(false);
  pool.put(Buffer.from("lost"));
  expect(readFileSync(`${await crew.checkout(digest)}/${lost.path}`, "utf8")).toBe("lost");
});

/** Files of few contents and several modes, some with several paths, in folders; the same each time. */
function filled(files: number): string {
  const folder = store.folder();
  for (let at = 0; at < files; at++) {
    const within = `${folder}/d${at % 11}`;
    mkdirSync(within, { recursive: true });
    writeFileSync(`${within}/f${at}`, `content ${at % 300}`, { mode: at % 5 === 0 ? 0o755 : 0o644 });
    if (at % 40 === 0) linkSync(`${within}/f${at}`, `${folder}/also-${at}`);
    if (at % 50 === 0) symlinkSync(`f${at}`, `${within}/link-${at}`);
  }
  return folder;
}

test.each([0, 20, 256, 257, 2000])(
  "a folder of %d files that threads share is the tree that a single thread makes, and its files are gone",
  async (files) => {
    const folder = filled(files);
    const [one, other] = await Promise.all([crew.scanFolder(folder), crew.scanFolder(filled(files))]);
    const alone = scanFolder(filled(files), { pool, system });
    expect(one).toEqual({ tree: records.writeTree(alone.tree), dropped: [] });
    expect(other).toEqual(one);
    // What has two paths still has one: it goes with the folder.
    const left = readdirSync(folder, { recursive: true, withFileTypes: true });
    expect(left.filter((entry) => entry.isFile())).toHaveLength(Math.ceil(files / 40));
    expect(unsoundMembers(layout, digestOf)).toEqual([]);
    const upper = await crew.scanUpper(filled(files));
    expect(makeTree(upper.entries)).toEqual(alone.tree);
  },
);
