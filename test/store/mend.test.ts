// After a power cut: what may be torn is looked at by one process alone, and what is torn goes.

import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { journalHeader } from "../../store/holds.ts";
import type { Layout } from "../../store/layout.ts";
import { type Digest, hexOf } from "../../store/model/digest.ts";
import { addGeneration, generationPlace, readProfiles } from "../../store/profiles.ts";
import { readRoots } from "../../store/roots.ts";
import { openHold, openSession } from "../../store/session.ts";
import { fileAt, system } from "./rig.ts";
import { openShelf, type Shelf, treeOf } from "./shelf.ts";
import { bootId, openStay } from "./stay.ts";

const otherBoot = "c0ffee00-0000-4000-8000-000000000000";

/** As a session left it that began some seconds ago, in another boot. */
function leaveJournal(layout: Layout, secondsAgo: number, id = "stale"): void {
  writeFileSync(
    layout.session(id),
    journalHeader({ bootId: otherBoot, now: Date.now() - secondsAgo * 1000 }),
  );
}

function memberOf({ pool }: Shelf, blob: Digest): string {
  return pool.find(blob, { mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }) ?? "";
}

const generation = (made: number) => ({ made, label: "x", outputs: {}, contents: [], requests: [] });

describe("after a power cut", () => {
  it("what is torn goes, what is whole stays", async () => {
    const shelf = openShelf();
    const { layout } = shelf;
    const [whole, torn] = [shelf.result("whole", { f: "whole" }), shelf.result("torn", { f: "torn" })];
    shelf.root("/links/whole", [whole]);
    shelf.root("/links/torn", [whole]);
    addGeneration(layout, "edge", generation(1));
    addGeneration(layout, "edge", generation(2));
    leaveJournal(layout, 60);
    // A statement that was not flushed is cut off; what it would name may be, too.
    truncateSync(layout.result(torn.request), 20);
    truncateSync(memberOf(shelf, fileAt(shelf.records.tree(treeOf(torn)), "f").blob), 0);
    const [root = ""] = readRoots(layout).flatMap(({ name, root }) =>
      root.link === "/links/torn" ? [name] : [],
    );
    writeFileSync(`${layout.roots}/${root}`, "\0".repeat(200));
    writeFileSync(generationPlace(layout, "edge", 2), '{"made": 2, "label"');
    for (const tree of [treeOf(whole), treeOf(torn)]) mkdirSync(`${layout.outputs}/${hexOf(tree)}`);
    writeFileSync(`${layout.trees}/00/${"0".repeat(64)}`, "kit/tree/1\n");
    openStay(layout)[Symbol.dispose]();
    expect(readdirSync(layout.sessions)).toEqual([]);
    expect(existsSync(layout.result(whole.request))).toBe(true);
    expect(existsSync(layout.result(torn.request))).toBe(false);
    expect(readRoots(layout).map(({ root }) => root.link)).toEqual(["/links/whole"]);
    expect(readProfiles(layout)).toEqual([{ name: "edge", generations: [{ number: 1, ...generation(1) }] }]);
    expect(readdirSync(layout.outputs)).toEqual([]);
    expect(readdirSync(`${layout.trees}/00`)).toEqual([]);
    const { problems, statements, trees } = await shelf.verify();
    // The torn one's record names a blob that is gone, and went with it.
    expect({ problems, statements, trees }).toEqual({ problems: [], statements: 1, trees: 1 });
  });

  it("everything is looked at that changed since the session began, however long it went on", () => {
    const shelf = openShelf();
    const { layout } = shelf;
    const result = shelf.result("early", { f: "early" });
    const member = memberOf(shelf, fileAt(shelf.records.tree(treeOf(result)), "f").blob);
    leaveJournal(layout, 3600);
    // It held things until an hour later, as far as this journal's own date tells.
    const later = Date.now() / 1000 + 3600;
    utimesSync(layout.session("stale"), later, later);
    truncateSync(member, 1);
    openStay(layout)[Symbol.dispose]();
    expect(existsSync(member)).toBe(false);
  });

  it("a journal that is torn itself tells when by its own date", () => {
    const shelf = openShelf();
    const { layout } = shelf;
    const result = shelf.result("one", { f: "one" });
    const member = memberOf(shelf, fileAt(shelf.records.tree(treeOf(result)), "f").blob);
    writeFileSync(layout.session("torn"), "");
    truncateSync(member, 1);
    openStay(layout)[Symbol.dispose]();
    expect(existsSync(member)).toBe(false);
    expect(readdirSync(layout.sessions)).toEqual([]);
  });

  it("what is older is not read again", () => {
    const shelf = openShelf();
    const { layout } = shelf;
    const result = shelf.result("old", { f: "old" });
    const member = memberOf(shelf, fileAt(shelf.records.tree(treeOf(result)), "f").blob);
    truncateSync(member, 1);
    leaveJournal(layout, -3600);
    openStay(layout)[Symbol.dispose]();
    expect(existsSync(member)).toBe(true);
  });

  it("the store is for who mends it alone", () => {
    const { layout } = openShelf();
    leaveJournal(layout, 1);
    const other = openSync(layout.guard, "a");
    system.tryLock(other, "shared");
    const session = () => openSession(layout, system, { id: "new", bootId, now: Date.now() });
    expect(session()).toBeUndefined();
    expect(readdirSync(layout.sessions)).toEqual(["stale"]);
    system.unlock(other);
    using opened = session();
    expect(opened?.id).toBe("new");
    expect(readdirSync(layout.sessions)).toEqual(["new"]);
    // The others go on beside it.
    expect(system.tryLock(other, "shared")).toBe(true);
  });

  it("who has the store alone mends it too", () => {
    const { layout } = openShelf();
    leaveJournal(layout, 1);
    writeFileSync(`${layout.pool}/00/${"0".repeat(64)}.644.0.0`, "torn");
    using _ = openHold(layout, system, bootId);
    expect([readdirSync(layout.sessions), readdirSync(`${layout.pool}/00`)]).toEqual([[], []]);
  });

  it("many that open at once lose nothing of each other", async () => {
    const shelf = openShelf();
    for (let at = 0; at < 300; at++) shelf.result(`${at}`, { f: `${at}` });
    const script = fileURLToPath(new URL("./opener.ts", import.meta.url));
    for (let round = 0; round < 2; round++) {
      leaveJournal(shelf.layout, 60);
      const children = Array.from({ length: 4 }, (_, nth) =>
        spawn(
          process.execPath,
          ["--disable-warning=ExperimentalWarning", script, shelf.layout.root, `${nth}`],
          {
            stdio: ["pipe", "pipe", "inherit"],
          },
        ),
      );
      const said = await Promise.all(
        children.map(async (child) => {
          const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
          await lines.next();
          child.stdin.write("go\n");
          return String((await lines.next()).value);
        }),
      );
      expect(said).toEqual(children.map(() => "whole"));
      for (const child of children) child.stdin.end();
      await Promise.all(children.map((child) => once(child, "close")));
    }
    expect((await shelf.verify()).problems).toEqual([]);
    expect(readdirSync(shelf.layout.sessions)).toEqual([]);
  });
});

describe("a journal of this boot", () => {
  it("of a session that was killed goes when another session has ended, which flushes what it wrote", () => {
    const { layout } = openShelf();
    writeFileSync(layout.session("killed"), journalHeader({ bootId, now: Date.now() }));
    const stay = openStay(layout, "next");
    expect(readdirSync(layout.sessions).sort()).toEqual(["killed", "next"]);
    expect(readFileSync(layout.session("killed"), "utf8")).toContain(bootId);
    stay[Symbol.dispose]();
    expect(readdirSync(layout.sessions)).toEqual([]);
  });
});
