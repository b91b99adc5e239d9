// Formats: what an older store becomes, what becomes of one that was half brought up, and what is refused.

import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { describe, expect, it } from "vitest";
import { prepareStore, upgradeStore } from "../../store/format.ts";
import { layoutOf } from "../../store/layout.ts";
import { addGeneration, readProfiles } from "../../store/profiles.ts";
import { readRoots } from "../../store/roots.ts";
import { openTestStore, system } from "./rig.ts";
import { openShelf, type Shelf, treeOf } from "./shelf.ts";
import { openStay } from "./stay.ts";

/** A store as kits of format 1 left it: statements of a line, roots without a kind, a journal that tells the boot alone. */
function oldStore(): Shelf & { readonly link: string } {
  const shelf = openShelf();
  const { layout, records } = shelf;
  const result = shelf.result("old", { f: "old" });
  const link = "/links/old";
  const contents = Object.values(result.outputs);
  writeFileSync(layout.result(result.request), `${JSON.stringify(result)}\n`);
  writeFileSync(
    `${layout.roots}/${"0".repeat(32)}`,
    `${JSON.stringify({ link, contents, requests: [result.request] })}\n`,
  );
  rmSync(layout.profiles, { recursive: true });
  for (const file of [layout.gate, layout.collecting]) rmSync(file, { force: true });
  writeFileSync(layout.format, "kit/store/1\n");
  expect(records.result(result.request)).toEqual(result);
  return { ...shelf, link };
}

describe("a store of format 1", () => {
  it("becomes one of format 2, with all that it held", async () => {
    const shelf = oldStore();
    const { layout, records, link } = shelf;
    prepareStore(layout, system);
    expect(upgradeStore(layout, system)).toBe(true);
    expect(readFileSync(layout.format, "utf8")).toBe("kit/store/2\n");
    expect(readRoots(layout).map(({ root }) => [root.kind, root.link])).toEqual([["link", link]]);
    expect(readProfiles(layout)).toEqual([]);
    const result = shelf.result("old", { f: "old" });
    expect(records.origin(result.request)).toBeUndefined();
    expect((await shelf.verify()).problems).toEqual([]);
    using stay = openStay(layout);
    expect(stay.records.tree(treeOf(result)).entries).toHaveLength(2);
    addGeneration(layout, "edge", { made: 1, label: "x", outputs: {}, contents: [], requests: [] });
    expect(readProfiles(layout)).toHaveLength(1);
  });

  it("is waited for while an older kit uses it, and left as it is", () => {
    const { layout } = oldStore();
    const guard = openSync(layout.guard, "a");
    system.tryLock(guard, "shared");
    expect(upgradeStore(layout, system)).toBeUndefined();
    expect(readFileSync(layout.format, "utf8")).toBe("kit/store/1\n");
    expect(existsSync(layout.profiles)).toBe(false);
    system.unlock(guard);
    expect(upgradeStore(layout, system)).toBe(true);
  });

  it("that was half brought up is brought up", async () => {
    const shelf = oldStore();
    mkdirSync(shelf.layout.profiles);
    writeFileSync(`${shelf.layout.format}.tmp-1234`, "kit/st");
    prepareStore(shelf.layout, system);
    expect(upgradeStore(shelf.layout, system)).toBe(true);
    expect((await shelf.verify()).problems).toEqual([]);
    openStay(shelf.layout)[Symbol.dispose]();
  });

  it("is mended where its last session was killed", () => {
    const { layout } = oldStore();
    writeFileSync(layout.session("old"), "c0ffee00-0000-4000-8000-000000000000\n");
    const hour = Date.now() / 1000 - 3600;
    utimesSync(layout.session("old"), hour, hour);
    writeFileSync(`${layout.pool}/00/${"0".repeat(64)}.644.0.0`, "torn");
    prepareStore(layout, system);
    upgradeStore(layout, system);
    using _ = openStay(layout, "new");
    expect(readdirSync(`${layout.pool}/00`)).toEqual([]);
    expect(readdirSync(layout.sessions)).toEqual(["new"]);
  });
});

describe("a store", () => {
  it("of this format is not written to", () => {
    const { layout } = openTestStore();
    const before = statSync(layout.format);
    const guard = openSync(layout.guard, "a");
    system.tryLock(guard, "shared");
    prepareStore(layout, system);
    expect(upgradeStore(layout, system)).toBe(true);
    const { ino, mtimeMs } = statSync(layout.format);
    expect([ino, mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  });

  it.each(["kit/store/3", "kit/store/10", "kit/store/2000000000000"])("of format %s is refused", (format) => {
    const { layout } = openTestStore();
    writeFileSync(layout.format, `${format}\n`);
    expect(() => prepareStore(layout, system)).toThrow(
      expect.objectContaining({ code: "store/newer-format" }),
    );
  });

  it.each(["", "kit/store/0x2", "kit/store/-1", "kit", "kit/store/2 or so", "\0"])(
    "whose format says %j is none",
    (format) => {
      const { layout } = openTestStore();
      writeFileSync(layout.format, format);
      expect(() => prepareStore(layout, system)).toThrow(
        expect.objectContaining({ code: "store/not-a-store" }),
      );
    },
  );

  it("is made in an empty folder, and in one where making it was broken off", () => {
    const { root } = openTestStore().layout;
    const [empty, begun] = [layoutOf(`${root}/failed/empty`), layoutOf(`${root}/failed/begun`)];
    mkdirSync(`${begun.root}/pool/00`, { recursive: true });
    writeFileSync(`${begun.root}/format.new-1234`, "kit");
    for (const layout of [empty, begun]) {
      prepareStore(layout, system);
      expect(readFileSync(layout.format, "utf8")).toBe("kit/store/2\n");
      expect(readdirSync(layout.pool)).toHaveLength(256);
      openStay(layout)[Symbol.dispose]();
    }
  });
});
