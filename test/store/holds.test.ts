// What sessions hold: told to a collection once and whole, whoever writes it, and never while it deletes.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, describe, expect, inject, it } from "vitest";
import { beginningOf, type HeldKind, type Journals, openHolds, openJournals } from "../../store/holds.ts";
import type { Layout } from "../../store/layout.ts";
import { digestOf, hexOf } from "../../store/model/digest.ts";
import { isRoot, openTestStore, system } from "./rig.ts";
import { bootId, openStay } from "./stay.ts";

const hex = (text: string) => hexOf(digestOf(text));
const kinds: readonly HeldKind[] = ["blob", "tree", "request", "partial", "link"];

function newsOf(journals: Journals): string[] {
  const told: string[] = [];
  journals.news((kind, hex) => told.push(`${kind} ${hex}`));
  return told;
}

interface Holder {
  readonly process: ChildProcess;
  says(): Promise<string>;
  /** Lets it go on. */
  go(): void;
}

/** A process that holds as many blobs as it is told, in each of its threads. */
async function startHolder(layout: Layout, id: string, threads: number, count: number): Promise<Holder> {
  const script = fileURLToPath(new URL("./holder.ts", import.meta.url));
  const argv = [script, layout.root, id, String(threads), String(count)];
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", ...argv], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const holder: Holder = {
    process: child,
    says: async () => String((await lines.next()).value),
    go: () => void child.stdin.write("\n"),
  };
  expect(await holder.says()).toBe("open");
  return holder;
}

describe("what is taken", () => {
  it("is told once, whatever is taken when and asked for when", () => {
    const taken = fc.record({
      kind: fc.constantFrom(...kinds),
      hexes: fc
        .uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 5 })
        .map((all) => all.map(String).map(hex)),
    });
    const asked = fc.constant("ask" as const);
    fc.assert(
      fc.property(fc.array(fc.oneof(taken, asked), { maxLength: 30 }), (steps) => {
        const { layout } = openTestStore();
        using stay = openStay(layout);
        using journals = openJournals(layout, system);
        const expected = new Set<string>();
        const told: string[] = [];
        for (const step of [...steps, "ask" as const]) {
          if (step === "ask") {
            told.push(...newsOf(journals));
            expect(new Set(told)).toEqual(expected);
          } else {
            stay.holds.take(step.kind, step.hexes);
            for (const one of step.hexes) expected.add(`${step.kind} ${one}`);
          }
        }
        expect(told.length).toBe(new Set(told).size);
      }),
      { numRuns: 25 },
    );
  });

  it("is told of every thread of every process, while they go on", async () => {
    const { layout } = openTestStore();
    using journals = openJournals(layout, system);
    const ids = ["one", "two", "three"];
    const holders = await Promise.all(ids.map((id) => startHolder(layout, id, 2, 400)));
    for (const holder of holders) holder.go();
    const told: string[] = [];
    let busy = true;
    const ended = Promise.all(holders.map((holder) => holder.says())).finally(() => {
      busy = false;
    });
    while (busy) {
      told.push(...newsOf(journals));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await ended).toEqual(["taken", "taken", "taken"]);
    told.push(...newsOf(journals));
    const expected = ids.flatMap((id) =>
      ["0", "1"].flatMap((thread) =>
        Array.from({ length: 400 }, (_, at) => `blob ${hex(`${id} ${thread} ${at}`)}`),
      ),
    );
    expect(told.sort()).toEqual(expected.sort());
    for (const holder of holders) holder.go();
    await Promise.all(holders.map((holder) => once(holder.process, "exit")));
    expect(readdirSync(layout.sessions)).toEqual([]);
  });

  it("is told once it is written whole, whatever else a journal holds", () => {
    const { layout } = openTestStore();
    using stay = openStay(layout, "cut");
    using journals = openJournals(layout, system);
    stay.holds.take("blob", [hex("a"), hex("b")]);
    const journal = readFileSync(layout.session("cut"));
    truncateSync(layout.session("cut"), journal.length - 20);
    expect(newsOf(journals)).toEqual([`blob ${hex("a")}`]);
    appendFileSync(layout.session("cut"), journal.subarray(-20));
    expect(newsOf(journals)).toEqual([`blob ${hex("b")}`]);
    appendFileSync(layout.session("cut"), Buffer.alloc(64, 99));
    stay.holds.take("tree", [hex("c")]);
    expect(newsOf(journals)).toEqual([`tree ${hex("c")}`]);
  });
});

describe("a journal", () => {
  it("says when its session began, from the moment it is there", () => {
    const { layout } = openTestStore();
    const before = Date.now();
    using _ = openStay(layout, "new");
    const { now, ...rest } = beginningOf(layout.session("new")) ?? expect.fail("nothing is said");
    expect(rest).toEqual({ bootId });
    expect(now).toBeGreaterThanOrEqual(before);
    expect(system.tryLock(openSync(layout.session("new"), "r"), "shared")).toBe(false);
  });

  it.each(["", "b007", `${bootId}\n`, "\0".repeat(64), "x".repeat(64)])(
    "that is torn (%j) says nothing, and tells nothing",
    (text) => {
      const { layout } = openTestStore();
      writeFileSync(layout.session("torn"), text);
      expect(beginningOf(layout.session("torn"))).toBeUndefined();
      using journals = openJournals(layout, system);
      expect(newsOf(journals)).toEqual([]);
    },
  );

  it("goes with its session, unless something is collected", () => {
    const { layout } = openTestStore();
    const collecting = openSync(layout.collecting, "a");
    const ends = (id: string) => openStay(layout, id)[Symbol.dispose]();
    ends("before");
    expect(readdirSync(layout.sessions)).toEqual([]);
    system.tryLock(collecting, "exclusive");
    ends("beside");
    expect(readdirSync(layout.sessions)).toEqual(["beside"]);
    system.unlock(collecting);
    // The next to end takes what was left with it.
    ends("after");
    expect(readdirSync(layout.sessions)).toEqual([]);
  });
});

describe.runIf(isRoot)("a full disk", () => {
  const place = () => `${inject("scratch")}/full-journal`;
  afterEach(() => void spawnSync("umount", ["--lazy", place()]));

  it("cuts holds off between two records: what is not written is not held, what comes later is", () => {
    mkdirSync(place(), { recursive: true });
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=12m,nr_inodes=5000,mode=755", "tmpfs", place()]);
    const { layout } = openTestStore(place());
    using stay = openStay(layout, "full");
    using other = openHolds(layout, system, "full");
    const { bavail, bsize } = statfsSync(place());
    // Room for two pages more.
    writeFileSync(`${place()}/filler`, Buffer.alloc((bavail - 2) * bsize));
    const many = Array.from({ length: 1000 }, (_, nth) => hex(`many ${nth}`));
    expect(() => stay.holds.take("blob", many)).toThrow(/ENOSPC/);
    rmSync(`${place()}/filler`);
    other.take("tree", [hex("later")]);
    using journals = openJournals(layout, system);
    const told = newsOf(journals);
    expect(told.at(-1)).toBe(`tree ${hex("later")}`);
    expect(told.length).toBeGreaterThan(50);
    expect(told.slice(0, -1)).toEqual(many.slice(0, told.length - 1).map((one) => `blob ${one}`));
    stay.holds.take("blob", many);
    expect(new Set(newsOf(journals))).toEqual(new Set(many.map((one) => `blob ${one}`)));
  });
});

describe("the gate", () => {
  it("keeps a session from looking while it is closed, and shows what that one is about to look for", async () => {
    const { layout } = openTestStore();
    const holder = await startHolder(layout, "outside", 1, 1);
    const taken = holder.says();
    let isTaken = false;
    void taken.then(() => {
      isTaken = true;
    });
    using journals = openJournals(layout, system);
    journals.withGateClosed(() => {
      expect(newsOf(journals)).toEqual([]);
      holder.go();
      for (let waited = 0; newsOf(journals).length === 0; waited++) {
        if (waited > 1000) throw new Error("it never wrote down what it is about to look for");
        pause(10);
      }
      pause(200);
    });
    // Whatever it said while this thread was blocked would have come by now.
    await new Promise((resolve) => setImmediate(resolve));
    expect(isTaken).toBe(false);
    expect(await taken).toBe("taken");
    holder.go();
    await once(holder.process, "exit");
    expect(existsSync(layout.session("outside"))).toBe(false);
  });

  it("is open again when what was done behind it has failed", () => {
    const { layout } = openTestStore();
    using stay = openStay(layout);
    using journals = openJournals(layout, system);
    expect(() =>
      journals.withGateClosed(() => {
        throw new Error("stopped");
      }),
    ).toThrow("stopped");
    stay.holds.take("blob", [hex("a")]);
    expect(newsOf(journals)).toEqual([`blob ${hex("a")}`]);
  });
});

/** Milliseconds in which this thread does nothing at all. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}
