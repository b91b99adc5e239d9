// Limits, interruption and failure of real sandboxes: each ends in its own fault, and nothing is left running.

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Keeper } from "../../builders/keeper/client.ts";
import { readHistory } from "../../store/history.ts";
import { layoutOf } from "../../store/layout.ts";
import { Faults } from "../../store/model/fault.ts";
import { isRoot } from "../store/rig.ts";
import { type KeeperWish, keeperAt, keepersOf, probe, running } from "./rig.ts";
import { openTools, storeWithTools } from "./shared.ts";
import type { Tools } from "./tools.ts";

let tools: Tools;
let store: string;
const open: Keeper[] = [];
beforeAll(async () => {
  tools = await openTools();
  store = storeWithTools(tools);
});
afterEach(async () => {
  for (const keeper of open.splice(0)) await keeper.close();
  expect(keepersOf(process.pid)).toEqual([]);
});
const start = async (wish: KeeperWish = {}) => {
  const keeper = await keeperAt(tools, store, wish);
  open.push(keeper);
  return keeper;
};
const faultOf = async (build: Promise<unknown>) => {
  const error = await build.then(
    () => undefined,
    (error) => error,
  );
  expect(error).toBeInstanceOf(Faults);
  const [fault] = (error as Faults).faults;
  return {
    code: fault?.code,
    exit: fault?.exit,
    message: fault?.message ?? "",
    hint: fault?.hint ?? "",
    details: fault?.details ?? [],
  };
};

describe("a command that fails", () => {
  it("says how, with the last lines of its log", async () => {
    const keeper = await start();
    const fault = await faultOf(probe(keeper, tools, store, "echo first; echo last >&2; exit 7"));
    expect(fault).toMatchObject({
      code: "build/failed",
      exit: 1,
      message: "/bin/sh ended with status 7",
      details: ["first", "last"],
    });
    expect(fault.hint).toContain("kit log");
  });

  it("ended by a signal says which", async () => {
    const keeper = await start();
    expect((await faultOf(probe(keeper, tools, store, "kill -SEGV $$"))).message).toMatch(
      /SIGSEGV|status 139/,
    );
  });

  it("that is not there is told so", async () => {
    const keeper = await start();
    const fault = await faultOf(probe(keeper, tools, store, { argv: ["/no/such/program"] }));
    expect(fault).toMatchObject({ code: "build/failed" });
    expect(fault.details.join("\n")).toContain("/no/such/program");
  });

  it("leaves no statement, and its sandbox only where that was asked for", async () => {
    const layout = layoutOf(store);
    const results = () =>
      readdirSync(layout.results).flatMap((fan) => readdirSync(`${layout.results}/${fan}`)).length;
    const before = results();
    const keeper = await start({ keepFailed: true });
    await faultOf(probe(keeper, tools, store, "echo kept > /etc/kept; exit 1"));
    await keeper.flush();
    expect(results()).toBe(before);
    const [kept = ""] = readdirSync(layout.failed);
    expect(readFileSync(`${layout.failed}/${kept}/sandbox-0/upper/etc/kept`, "utf8")).toBe("kept\n");
  });
});

describe("limits", () => {
  it("on time", async () => {
    const keeper = await start({ limits: { time: 1 } });
    const begun = performance.now();
    const fault = await faultOf(probe(keeper, tools, store, "(setsid sleep 87654321 &); sleep 87654322"));
    expect(fault).toMatchObject({ code: "build/time-limit", exit: 1 });
    expect(fault.hint).toContain("--time-limit");
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect(running("8765432")).toEqual([]);
  });

  it.runIf(isRoot)("on memory", async () => {
    const keeper = await start({ limits: { memory: 64 << 20 } });
    const fault = await faultOf(
      probe(keeper, tools, store, "perl -e '$x = \"x\" x (256 << 20); print length $x'"),
    );
    expect(fault).toMatchObject({ code: "build/memory-limit", exit: 1 });
    expect(fault.hint).toContain("--memory-limit");
    // A command that makes something else of its child's death is no other case.
    expect(
      await faultOf(probe(keeper, tools, store, "perl -e '$x = \"x\" x (256 << 20)' || exit 2")),
    ).toMatchObject({ code: "build/memory-limit" });
    // The next build in the same group is its own.
    expect(await faultOf(probe(keeper, tools, store, "exit 137"))).toMatchObject({ code: "build/killed" });
    await probe(keeper, tools, store, "perl -e '$x = \"x\" x (8 << 20)'");
  });

  it.runIf(isRoot)("on memory, in /tmp and what is written there too", async () => {
    const keeper = await start({ limits: { memory: 64 << 20 } });
    const fault = await faultOf(probe(keeper, tools, store, "head -c 256M /dev/zero > /tmp/large"));
    expect(fault).toMatchObject({ code: "build/memory-limit" });
  });

  it.runIf(isRoot)("on processes: a fork bomb meets its end", async () => {
    const keeper = await start({ limits: { processes: 40 } });
    const { log } = await probe(
      keeper,
      tools,
      store,
      "perl -e 'for (1 .. 500) { my $p = fork; if (!defined $p) { print \"stopped at $_\\n\"; exit 0 } sleep 100 unless $p }'",
    );
    const reached = Number(/^stopped at (\d+)$/m.exec(log)?.[1]);
    expect(reached).toBeGreaterThan(20);
    expect(reached).toBeLessThanOrEqual(40);
    const bomb = await faultOf(probe(keeper, tools, store, "bomb() { bomb | bomb & wait; }; bomb; exit 3"));
    expect(bomb).toMatchObject({ code: "build/process-limit", exit: 1 });
    await probe(keeper, tools, store, "true");
  });

  it.runIf(isRoot)("leave the note of what was needed", async () => {
    const keeper = await start();
    const { root, request } = await probe(keeper, tools, store, "perl -e '$x = \"x\" x (32 << 20)'");
    expect(root).toMatch(/^tree:/);
    await keeper.close();
    open.length = 0;
    const { builder, peakMemory } = readHistory(layoutOf(store)).find(request) ?? {};
    expect(builder).toBe("probe");
    expect(peakMemory).toBeGreaterThan(32 << 20);
    expect(peakMemory).toBeLessThan(1 << 30);
  });

  it.runIf(isRoot)("tell what a build held itself, and not what one before it left", async () => {
    const keeper = await start();
    const hold = (mebibytes: number) =>
      probe(keeper, tools, store, `perl -e '$x = "x" x (${mebibytes} << 20); sleep 2'`);
    // Files on tmpfs stay charged to the group that wrote them.
    await probe(
      keeper,
      tools,
      store,
      "head -c 200M /dev/zero > /tmp/out/large || head -c 200M /dev/zero > /large; sleep 1",
    );
    const [large, small] = [await hold(128), await hold(16)];
    await keeper.close();
    open.length = 0;
    const held = ({ request }: typeof large) => readHistory(layoutOf(store)).find(request)?.memory ?? 0;
    expect(held(large)).toBeGreaterThanOrEqual(128 << 20);
    expect(held(large)).toBeLessThan(320 << 20);
    expect(held(small)).toBeGreaterThanOrEqual(16 << 20);
    expect(held(small)).toBeLessThan(100 << 20);
  });
});

describe("interruption", () => {
  it("ends what runs, and says it was interrupted", async () => {
    const keeper = await start();
    const asked = faultOf(probe(keeper, tools, store, "sleep 76543210"));
    await sleep(1000);
    keeper.interrupt();
    expect(await asked).toMatchObject({ code: "interrupted/build", exit: 130 });
    expect(running("76543210")).toEqual([]);
  });
});
