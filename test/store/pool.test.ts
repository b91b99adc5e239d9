// The pool: bytes once for each set of attributes, found again, and never seen half written.

import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hashFile } from "../../store/filehash.ts";
import { noHolds } from "../../store/holds.ts";
import { type Attributes, blobAttributes, poolTime } from "../../store/layout.ts";
import { digestOf } from "../../store/model/digest.ts";
import { openPool } from "../../store/pool.ts";
import { isRoot, openTestStore, system, unsoundMembers } from "./rig.ts";

const { pool, layout, staging, folder } = openTestStore();
const bytesOf = (text: string) => Buffer.from(text);
const rootOnly: Attributes = { mode: 0o4755, uid: 0, gid: 0 };

describe("put", () => {
  it("stores bytes under their digest, attributes and all", () => {
    const attributes: Attributes = {
      mode: 0o640,
      uid: 0,
      gid: 0,
      xattrs: { "user.kit": Buffer.from("yes").toString("base64") },
    };
    const blob = pool.put(bytesOf("put"), attributes);
    expect(blob).toBe(digestOf("put"));
    const member = layout.member(blob, attributes);
    expect(readFileSync(member, "utf8")).toBe("put");
    expect(lstatSync(member)).toMatchObject({ mode: 0o100640, mtimeMs: poolTime * 1000 });
    expect(system.getAttribute(member, "user.kit").toString()).toBe("yes");
  });

  it("does nothing where the member is there", () => {
    const blob = pool.put(bytesOf("twice"));
    const { ino } = statSync(layout.member(blob, blobAttributes));
    expect(pool.put(bytesOf("twice"))).toBe(blob);
    expect(statSync(layout.member(blob, blobAttributes)).ino).toBe(ino);
    expect(readdirSync(staging)).toEqual([]);
  });

  it.runIf(isRoot)("keeps a setuid bit beside a foreign owner", () => {
    const attributes: Attributes = { mode: 0o6755, uid: 33, gid: 44 };
    const blob = pool.put(bytesOf("setuid"), attributes);
    expect(lstatSync(layout.member(blob, attributes))).toMatchObject({ mode: 0o106755, uid: 33, gid: 44 });
  });
});

describe("writer", () => {
  it("gives the digest of all pieces, and shows nothing before it is finished", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 4096 })), (pieces) => {
        const all = Buffer.concat(pieces);
        const before = pool.find(digestOf(all));
        const writer = pool.writer({ ...blobAttributes, mode: 0o600 });
        for (const piece of pieces) writer.write(piece);
        expect(pool.find(digestOf(all))).toBe(before);
        expect(writer.finish()).toEqual({ blob: digestOf(all), size: all.length });
        expect(pool.readAll(digestOf(all))).toEqual(all);
        const room = Buffer.alloc(all.length + 1);
        expect(pool.readInto(room, digestOf(all))).toBe(all.length);
        expect(room.subarray(0, all.length).equals(all)).toBe(true);
      }),
      { numRuns: 50 },
    );
    expect(readdirSync(staging)).toEqual([]);
  });

  it("leaves nothing when it is abandoned", () => {
    const writer = pool.writer();
    writer.write(bytesOf("abandoned"));
    writer.abandon();
    expect(pool.find(digestOf("abandoned"))).toBeUndefined();
    expect(readdirSync(staging)).toEqual([]);
  });
});

describe("adopt", () => {
  it("moves a file in, dated like every member", () => {
    const file = `${folder()}/file`;
    writeFileSync(file, "adopted", { mode: 0o644 });
    const { ino } = statSync(file);
    expect(pool.adopt(file, blobAttributes)).toEqual({ blob: digestOf("adopted"), size: 7 });
    expect(existsSync(file)).toBe(false);
    expect(lstatSync(layout.member(digestOf("adopted"), blobAttributes))).toMatchObject({
      ino,
      mtimeMs: poolTime * 1000,
    });
  });

  it("drops a file whose bytes are there", () => {
    pool.put(bytesOf("there"));
    const file = `${folder()}/file`;
    writeFileSync(file, "there");
    const { ino } = statSync(layout.member(digestOf("there"), blobAttributes));
    pool.adopt(file, blobAttributes);
    expect(existsSync(file)).toBe(false);
    expect(statSync(layout.member(digestOf("there"), blobAttributes)).ino).toBe(ino);
  });

  it("does not follow a link that was put in a file's place", () => {
    expect(() => hashFile("/proc/self/exe")).toThrow(expect.objectContaining({ code: "ELOOP" }));
  });
});

describe("find and require", () => {
  it("make a variant of what is there in another form", () => {
    const blob = pool.put(bytesOf("variant"));
    expect(pool.find(blob, rootOnly)).toBe(layout.member(blob, blobAttributes));
    const member = pool.require(blob, rootOnly);
    expect(member).toBe(layout.member(blob, rootOnly));
    expect(lstatSync(member)).toMatchObject({ mode: 0o104755, mtimeMs: poolTime * 1000 });
    expect(pool.find(blob, rootOnly)).toBe(member);
    expect(statSync(member).ino).not.toBe(statSync(layout.member(blob, blobAttributes)).ino);
  });

  it("make further inodes of the same", () => {
    const blob = pool.put(bytesOf("copies"));
    const inodes = [0, 1, 2, 1].map((copy) => statSync(pool.require(blob, blobAttributes, copy)).ino);
    expect(new Set(inodes).size).toBe(3);
    expect(inodes[1]).toBe(inodes[3]);
  });

  it("say what is missing", async () => {
    const blob = digestOf("never stored");
    expect(pool.find(blob)).toBeUndefined();
    for (const ask of [
      () => pool.require(blob, blobAttributes),
      () => pool.readAll(blob),
      () => pool.readInto(Buffer.alloc(8), blob),
      () => [...pool.pieces(blob)],
    ]) {
      expect(ask).toThrow(expect.objectContaining({ code: "store/missing-blob", exit: 5 }));
    }
  });

  it("read what was put, in pieces too", async () => {
    const bytes = Buffer.alloc(2_700_000, "kit");
    const pieces = [...pool.pieces(pool.put(bytes))];
    expect(pieces.length).toBeGreaterThan(1);
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  });

  it("pass on nothing that is damaged", () => {
    const { pool } = openTestStore();
    const blob = pool.put(bytesOf("as it was"));
    const member = pool.find(blob) ?? "";
    chmodSync(member, 0o600);
    writeFileSync(member, "as it is");
    for (const ask of [
      () => pool.readAll(blob),
      () => pool.readInto(Buffer.alloc(64), blob),
      () => [...pool.pieces(blob)],
    ])
      expect(ask).toThrow(expect.objectContaining({ code: "store/corrupt", exit: 5 }));
  });
});

describe("several at once", () => {
  it("threads that store the same bytes leave one sound member each", async () => {
    const store = openTestStore();
    const code = `
      const { parentPort, workerData: { root, staging } } = require("node:worker_threads");
      Promise.all(["layout", "pool", "system"].map((name) => import(new URL("../../store/" + name + ".ts", ${JSON.stringify(import.meta.url)}).href))).then(([l, p, s]) => {
        require("node:fs").mkdirSync(staging);
        const pool = p.openPool(l.layoutOf(root), s.openSystem(), staging, { take() {} });
        for (let i = 0; i < 300; i++) { pool.put(Buffer.from("same " + i)); pool.require(pool.put(Buffer.from("same " + i)), { mode: 0o755, uid: 0, gid: 0 }); }
      });`;
    const threads = ["a", "b", "c"].map(
      (name) =>
        new Worker(code, {
          eval: true,
          workerData: { root: store.layout.root, staging: `${store.staging}/${name}` },
        }),
    );
    await Promise.all(
      threads.map(
        (thread) => new Promise((resolve, reject) => thread.once("exit", resolve).once("error", reject)),
      ),
    );
    expect(unsoundMembers(store.layout, digestOf)).toEqual([]);
    const members = readdirSync(store.layout.pool).flatMap((fan) =>
      readdirSync(`${store.layout.pool}/${fan}`),
    );
    expect(members).toHaveLength(600);
    for (const name of ["a", "b", "c"]) expect(readdirSync(`${store.staging}/${name}`)).toEqual([]);
  });

  it("what a killed process left in its staging folder does not show, nor disturb the next", () => {
    const store = openTestStore();
    const writer = store.pool.writer();
    writer.write(bytesOf("torn"));
    // No finish: the process is gone here. The next session has a staging folder of its own.
    expect(store.pool.find(digestOf("torn"))).toBeUndefined();
    expect(unsoundMembers(store.layout, digestOf)).toEqual([]);
    const next = openPool(store.layout, system, store.folder(), noHolds);
    expect(next.put(bytesOf("torn"))).toBe(digestOf("torn"));
    expect(unsoundMembers(store.layout, digestOf)).toEqual([]);
  });

  it("a member that a checkout shares stays as it is when its bytes come again", () => {
    const blob = pool.put(bytesOf("shared"), rootOnly);
    const link = `${folder()}/link`;
    linkSync(layout.member(blob, rootOnly), link);
    const file = `${folder()}/again`;
    writeFileSync(file, "shared");
    chmodSync(file, 0o4755);
    pool.adopt(file, rootOnly);
    expect(statSync(link).ino).toBe(statSync(layout.member(blob, rootOnly)).ino);
    expect(statSync(link).mode & 0o7777).toBe(0o4755);
  });

  it("every member is what its name says", () => {
    expect(unsoundMembers(layout, digestOf)).toEqual([]);
  });
});
