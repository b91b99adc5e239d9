// Verification: every kind of damage is found and told, and repairing leaves a sound store that can be built on.

import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { relative } from "node:path";
import { describe, expect, it } from "vitest";
import { noHolds } from "../../store/holds.ts";
import { poolTime } from "../../store/layout.ts";
import { digestOf } from "../../store/model/digest.ts";
import { addGeneration, generationPlace, readProfiles } from "../../store/profiles.ts";
import { openRecords } from "../../store/records.ts";
import { repair, verify } from "../../store/verify.ts";
import { plant, system } from "./rig.ts";
import { openShelf, type Shelf, treeOf } from "./shelf.ts";

function memberOf({ pool }: Shelf, text: string): string {
  const member = pool.find(digestOf(text));
  if (member === undefined) throw new Error(`no member holds ${text}`);
  return member;
}

/** What is wrong, as `kind: why`, seen by eyes that remember nothing. */
async function problemsOf({ layout, pool, checks }: Shelf): Promise<string[]> {
  const records = openRecords(layout, { hasBlob: (blob) => pool.find(blob) !== undefined, holds: noHolds });
  const { problems } = await verify(layout, records, checks);
  return problems.map(({ kind, why }) => `${kind}: ${why}`);
}

const kindsOf = async (shelf: Shelf) => (await problemsOf(shelf)).map((text) => text.split(":")[0]);

async function repaired(shelf: Shelf): Promise<void> {
  const { problems } = await shelf.verify();
  repair(shelf.layout, problems, () => {});
  expect(await problemsOf(shelf)).toEqual([]);
}

describe("verification", () => {
  it("finds nothing wrong with a sound store, and says how much it looked at", async () => {
    const shelf = openShelf();
    shelf.result("one", { a: "1", b: "22" });
    shelf.result("two", { a: "1" });
    const found = await shelf.verify();
    const bytes = 1 + 2 + 2 * "the blob of one".length;
    expect(found).toEqual({ statements: 2, trees: 2, members: 4, bytes, problems: [] });
  });

  it("other bytes: the member, the trees and the statements that name it, and checkouts that share it", async () => {
    const shelf = openShelf();
    const bad = shelf.result("bad", { f: "harmed", g: "sound" });
    const good = shelf.result("good", { g: "sound" });
    shelf.checkout(shelf.records.tree(treeOf(bad)));
    shelf.checkout(shelf.records.tree(treeOf(good)));
    appendFileSync(memberOf(shelf, "harmed"), "x");
    expect((await problemsOf(shelf)).map((text) => text.replaceAll(/[0-9a-f]{64}/g, "…"))).toEqual([
      "statement: it names tree:blake3-…, which is not there",
      "checkout: it may share what is damaged",
      "tree: it names the blob …, which is not there",
      "member: its bytes have the digest blake3-…",
    ]);
    await repaired(shelf);
    expect(existsSync(shelf.layout.result(bad.request))).toBe(false);
    expect(existsSync(shelf.layout.result(good.request))).toBe(true);
    expect(existsSync(shelf.layout.checkout(treeOf(bad)))).toBe(false);
    expect(existsSync(shelf.layout.checkout(treeOf(good)))).toBe(true);
    const aside = readdirSync(`${shelf.layout.root}/corrupt`).map((name) => name.split("-")[0]);
    expect(aside.sort()).toEqual(["member", "statement", "tree"]);
  });

  it("a blob with another sound member is no loss: only the member and checkouts go", async () => {
    const shelf = openShelf();
    const result = shelf.result("one", { f: "twice" });
    shelf.tree({ f: "twice" }, 0o755);
    shelf.checkout(shelf.records.tree(treeOf(result)));
    appendFileSync(memberOf(shelf, "twice"), "x");
    expect(await kindsOf(shelf)).toEqual(["checkout", "member"]);
    await repaired(shelf);
    expect(existsSync(shelf.layout.result(result.request))).toBe(true);
    expect(shelf.pool.readAll(digestOf("twice")).toString()).toBe("twice");
  });

  const spoilings: readonly (readonly [why: string, spoil: (folder: string) => void])[] = [
    ["/a/f is gone", (folder) => rmSync(`${folder}/a/f`)],
    ["/a/stray does not belong there", (folder) => writeFileSync(`${folder}/a/stray`, "x")],
    ["/stray does not belong there", (folder) => writeFileSync(`${folder}/stray`, "x")],
    ["/a/f is something else", (folder) => chmodSync(`${folder}/a/f`, 0o600)],
    ["/a is something else", (folder) => chmodSync(`${folder}/a`, 0o700)],
    [
      "/link is something else",
      (folder) => {
        rmSync(`${folder}/link`);
        symlinkSync("b", `${folder}/link`);
      },
    ],
    [
      "/a/f holds other bytes",
      (folder) => {
        rmSync(`${folder}/a/f`);
        writeFileSync(`${folder}/a/f`, "liar");
        chmodSync(`${folder}/a/f`, 0o644);
      },
    ],
  ];
  it.each(["hardlink", "copy"] as const)("a checkout that is not what its tree says (%s)", async (method) => {
    const shelf = openShelf();
    const tree = shelf.records.tree(
      shelf.records.writeTree(plant(shelf.pool, { "a/f": "text", "b/f": "text", link: { to: "a" } })),
    );
    for (const [why, spoil] of spoilings) {
      const folder = shelf.checkout(tree, method);
      expect(await problemsOf(shelf)).toEqual([]);
      spoil(folder);
      expect(await shelf.checks.flawOfShown(relative(shelf.layout.root, folder))).toBe(why);
      // What is spoilt by a shared file is the pool's own flaw too.
      expect(await kindsOf(shelf)).toContain("checkout");
      await repaired(shelf);
      expect(existsSync(folder)).toBe(false);
    }
  });

  it("a checkout whose tree is not there", async () => {
    const shelf = openShelf();
    const digest = shelf.tree({ f: "text" });
    shelf.checkout(shelf.records.tree(digest));
    rmSync(shelf.layout.tree(digest));
    expect((await problemsOf(shelf)).join()).toMatch(/^checkout: it cannot be compared with its tree: /);
    await repaired(shelf);
  });

  it("a member's mode or date other than its name says", async () => {
    const shelf = openShelf();
    shelf.result("one", { f: "mode", g: "date" });
    chmodSync(memberOf(shelf, "mode"), 0o600);
    utimesSync(memberOf(shelf, "date"), poolTime, poolTime + 1);
    const told = (await problemsOf(shelf)).join("\n");
    expect(told).toMatch(/^member: its mode, owner and attributes are those of [0-9a-f]{64}\.600\./m);
    expect(told).toMatch(/^member: its date is 2000-01-01T00:00:01\.000Z$/m);
    await repaired(shelf);
  });

  it("a member with an attribute its name does not tell", async ({ skip }) => {
    const shelf = openShelf();
    shelf.result("one", { f: "text" });
    try {
      system.setAttribute(memberOf(shelf, "text"), "user.kit", Buffer.from("x"));
    } catch {
      // tmpfs has them since Linux 6.6.
      skip("this file system has no user attributes");
    }
    expect((await problemsOf(shelf)).at(-1)).toMatch(/^member: its mode, .* are those of .*\.x[0-9a-f]{16}$/);
    await repaired(shelf);
  });

  it("what is no pool member at all", async () => {
    const shelf = openShelf();
    writeFileSync(`${shelf.layout.pool}/00/stray`, "");
    expect(await problemsOf(shelf)).toEqual(["member: its name is none of a pool member"]);
    await repaired(shelf);
  });

  it("a member that is gone, and a tree that is gone", async () => {
    const shelf = openShelf();
    const results = [shelf.result("a", { f: "1" }), shelf.result("b", { f: "2" })] as const;
    rmSync(memberOf(shelf, "1"));
    rmSync(shelf.layout.tree(treeOf(results[1])));
    expect(await kindsOf(shelf)).toEqual(["statement", "statement", "tree"]);
    await repaired(shelf);
    for (const { request } of results) expect(existsSync(shelf.layout.result(request))).toBe(false);
  });

  it("generations that cannot be read, which would keep collection from beginning", async () => {
    const shelf = openShelf();
    const { layout } = shelf;
    const generation = { made: 1, label: "x", outputs: {}, contents: [], requests: [] };
    for (const profile of ["one", "two", "three"]) addGeneration(layout, profile, generation);
    writeFileSync(generationPlace(layout, "one", 1), '{"made": 1');
    writeFileSync(generationPlace(layout, "two", 1), "{}");
    // One that is being written.
    writeFileSync(generationPlace(layout, "three", 2), "");
    expect(await kindsOf(shelf)).toEqual(["generation", "generation"]);
    await repaired(shelf);
    expect(await kindsOf(shelf)).toEqual([]);
    expect(readProfiles(layout).map(({ name }) => name)).toEqual(["three"]);
    expect(readdirSync(layout.corrupt).sort()).toEqual(["generation-one-1", "generation-two-1"]);
  });

  it("tree records that are cut off, and statements and roots that cannot be read", async () => {
    const shelf = openShelf();
    const [a, b] = [shelf.result("a", { f: "1" }), shelf.result("b", { f: "2" })];
    shelf.root("/links/b", [b]);
    truncateSync(shelf.layout.tree(treeOf(a)), 20);
    writeFileSync(shelf.layout.result(b.request), '{"format":"kit/result/1"}');
    const [root = ""] = readdirSync(shelf.layout.roots);
    writeFileSync(`${shelf.layout.roots}/${root}`, "");
    const found = await problemsOf(shelf);
    expect(found.map((text) => text.split(":")[0])).toEqual(["root", "statement", "statement", "tree"]);
    expect(found.at(-1)).toBe("tree: the record holds other bytes");
    // Places are told relative to the store.
    expect(found.join("\n")).not.toContain(shelf.layout.root);
    await repaired(shelf);
  });

  it("after a repair the same can be recorded again", async () => {
    const shelf = openShelf();
    const { request } = shelf.result("one", { f: "harmed" });
    appendFileSync(memberOf(shelf, "harmed"), "x");
    await repaired(shelf);
    expect(existsSync(shelf.layout.result(request))).toBe(false);
    const fresh = openRecords(shelf.layout, {
      hasBlob: (blob) => shelf.pool.find(blob) !== undefined,
      holds: noHolds,
    });
    const member = { mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
    const blob = shelf.pool.put(Buffer.from("harmed"), member);
    fresh.writeResult({ format: "kit/result/1", request, outputs: { blob: `blob:${blob}` }, references: [] });
    expect(await problemsOf(shelf)).toEqual([]);
  });
});
