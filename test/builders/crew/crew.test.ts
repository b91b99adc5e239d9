// The crew: threads that share out tasks, tell what went wrong, and go on.

import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Crew } from "../../../builders/builder.ts";
import { recruit } from "../../../builders/crew/crew.ts";
import { unpackDeb } from "../../../builders/unpack/intake.ts";
import { digestOf } from "../../../store/model/digest.ts";
import { openTestStore } from "../../store/rig.ts";
import { rawAr, rawTar } from "../archive/rig.ts";

const { pool, records, layout, staging } = openTestStore();

let crew: Crew;
beforeAll(async () => {
  const recruits = await recruit(new URL("../../../cli/thread.ts", import.meta.url), 2);
  crew = await recruits.enlist({ root: layout.root, staging, method: "copy" });
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
