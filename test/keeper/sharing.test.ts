// Several kits, one store: what is asked twice is built once, and whoever builds may vanish.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, inject, it } from "vitest";
import type { Event } from "../../builders/event.ts";
import { defaultRangeStart } from "../../builders/keeper/identity.ts";
import { layoutOf } from "../../store/layout.ts";
import { contentOf, splitContent } from "../../store/model/derivation.ts";
import { hexOf } from "../../store/model/digest.ts";
import { holdAt, jobOf, keeperAt, keepersOf, probe, problemsOf } from "../sandbox/rig.ts";
import { openTools, storeWithTools } from "../sandbox/shared.ts";
import type { Tools } from "../sandbox/tools.ts";
import { isRoot } from "../store/rig.ts";

let tools: Tools;
let store: string;
beforeAll(async () => {
  tools = await openTools();
  store = storeWithTools(tools);
});

const slow = (name: string, milliseconds = 1000) => jobOf("slow", { milliseconds, name });

describe("the same request", () => {
  it("from two kits at once is built once: the second waits", async () => {
    const events: Event[] = [];
    const [a, b] = [
      await keeperAt(tools, store),
      await keeperAt(tools, store, { emit: (event) => events.push(event) }),
    ];
    const first = a.build(slow("shared"));
    await sleep(200);
    const second = b.build(slow("shared"));
    expect((await first).how).toBe("built");
    expect(await second).toMatchObject({ how: "reused", result: (await first).result });
    expect(events).toContainEqual(
      expect.objectContaining({ type: "waiting", reason: expect.stringContaining("another kit") }),
    );
    await Promise.all([a.close(), b.close()]);
    expect(readdirSync(layoutOf(store).locks)).toEqual(["collecting", "gate", "store"]);
  });

  it("twice in one kit is built once", async () => {
    const keeper = await keeperAt(tools, store);
    const outcomes = await Promise.all([
      keeper.build(slow("twice", 300)),
      keeper.build(slow("twice", 300)),
      keeper.build(slow("twice", 300)),
    ]);
    expect(outcomes.map(({ how }) => how).sort()).toEqual(["built", "reused", "reused"]);
    await keeper.close();
  });

  it("whose builder is killed is built by the one who waits", async () => {
    const a = await keeperAt(tools, store);
    const killed = keepersOf(process.pid)[0] ?? expect.fail("there is no keeper");
    const events: Event[] = [];
    const b = await keeperAt(tools, store, { emit: (event) => events.push(event) });
    // A second for the one that is killed, and another for the one that begins anew.
    const first = a.build(slow("orphaned", 1500)).catch((error: Error) => error);
    await sleep(200);
    const second = b.build(slow("orphaned", 1500));
    await sleep(300);
    expect(events.map(({ type }) => type)).toContain("waiting");
    process.kill(killed, "SIGKILL");
    expect(await first).toBeInstanceOf(Error);
    expect((await second).how).toBe("built");
    await a.close().catch(() => {});
    await b.close();
    expect(readdirSync(layoutOf(store).locks)).toEqual(["collecting", "gate", "store"]);
  });

  it("that is rebuilt alike says nothing; otherwise what differs is told, and the first statement stays", async () => {
    const keeper = await keeperAt(tools, store);
    const inputs = { launcher: tools.launcher, root: tools.probe };
    const same = jobOf("probe", { argv: ["/bin/sh", "-c", "echo same > /tmp/out/x"] }, inputs, [
      "root",
      "out",
    ]);
    const random = jobOf(
      "probe",
      { argv: ["/bin/sh", "-c", "cat /proc/sys/kernel/random/uuid > /tmp/out/x"] },
      inputs,
      ["root", "out"],
    );
    const [one, other] = [await keeper.build(same), await keeper.build(random)];
    expect(await keeper.build({ ...same, rebuild: true })).toEqual({ result: one.result, how: "built" });
    const again = await keeper.build({ ...random, rebuild: true });
    expect(again.result).toEqual(other.result);
    expect(again.differs?.["out"]).not.toBe(other.result.outputs["out"]);
    await keeper.close();
  });
});

describe("outputs", () => {
  it("are made visible once, whole, and stay as they are", async () => {
    const keeper = await keeperAt(tools, store);
    const { tree } = await probe(
      keeper,
      tools,
      store,
      "echo hello > /tmp/out/hello; ln -s hello /tmp/out/link",
    );
    const digest = await keeper.putFolder([
      { path: "", kind: "directory", mode: 0o755 },
      { path: "x", kind: "file", mode: 0o644, bytes: Buffer.from("x") },
    ]);
    const content = contentOf("tree", digest);
    const shown = await Promise.all([1, 2].map(() => keeper.present(content, undefined)));
    expect(new Set(shown.map(({ place }) => place))).toEqual(new Set([`outputs/${hexOf(digest)}`]));
    expect(shown.map(({ tree }) => tree)).toEqual([content, content]);
    expect(tree("out").entries.map(({ path }) => path)).toEqual(["", "hello", "link"]);
    await keeper.close();
    expect(readdirSync(`${store}/${shown[0]?.place}`)).toEqual(["x"]);
    expect(splitContent(tools.probe).kind).toBe("tree");
  });

  it("leave the store sound", async () => {
    expect(await problemsOf(tools, store)).toEqual([]);
  });
});

describe("a store that is being repaired", () => {
  it("is waited for, with a word, by whoever wants to build", async () => {
    const events: Event[] = [];
    const hold = await holdAt(tools, store);
    const asked = keeperAt(tools, store, { emit: (event) => events.push(event) });
    for (let waited = 0; events.length === 0 && waited < 200; waited++) await sleep(25);
    expect(events).toEqual([{ type: "step", text: expect.stringContaining("repairs") }]);
    await hold.close();
    const keeper = await asked;
    expect((await keeper.build(slow("afterwards", 10))).how).toBe("built");
    await keeper.close();
  });
});

describe("a new store", () => {
  it("may be made by several kits at once", async () => {
    const place = `${mkdtempSync(`${inject("scratch")}/new-`)}/store`;
    const keepers = await Promise.all([1, 2, 3].map(() => keeperAt(tools, place)));
    expect(await Promise.all(keepers.map((keeper) => keeper.build(slow("first", 100))))).toHaveLength(3);
    await Promise.all(keepers.map((keeper) => keeper.close()));
    expect(await problemsOf(tools, place)).toEqual([]);
  });

  it("that was half made when kit was killed is made whole", async () => {
    const place = mkdtempSync(`${inject("scratch")}/half-`);
    for (const name of ["checkouts", "pool", "pool/00", "trees", "staging"]) mkdirSync(`${place}/${name}`);
    writeFileSync(`${place}/format.new-1234`, "kit");
    if (isRoot) execFileSync("chown", ["-R", `${defaultRangeStart}:${defaultRangeStart}`, place]);
    const keeper = await keeperAt(tools, place);
    expect((await keeper.build(slow("half", 1))).how).toBe("built");
    await keeper.close();
    expect(await problemsOf(tools, place)).toEqual([]);
  });
});

describe("a folder that is no store", () => {
  const folder = () => mkdtempSync(`${inject("scratch")}/other-`);

  it.each(["precious", "logs", "notes"])("is left alone, be it called %s what it holds", async (name) => {
    const other = folder();
    mkdirSync(`${other}/${name}`);
    await expect(keeperAt(tools, other)).rejects.toMatchObject({ code: "store/not-a-store", exit: 5 });
    expect(readdirSync(other)).toEqual([name]);
    expect(statSync(other).uid).toBe(process.getuid?.());
  });

  it("of a newer format is not touched", async () => {
    const other = folder();
    writeFileSync(`${other}/format`, "kit/store/99\n");
    mkdirSync(`${other}/pool`);
    await expect(keeperAt(tools, other)).rejects.toMatchObject({ code: "store/newer-format", exit: 5 });
    expect(readdirSync(other).sort()).toEqual(["format", "pool"]);
  });
});
