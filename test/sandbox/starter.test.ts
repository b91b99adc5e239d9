// Starters: what they run, told once each, whatever this process is busy with meanwhile.

import { mkdtempSync, readFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { launcherIn } from "../../builders/sandbox/launcher.ts";
import type { Launcher } from "../../builders/sandbox/spec.ts";
import { openStarters, type Starters } from "../../builders/sandbox/starter.ts";
import { layoutOf } from "../../store/layout.ts";
import { splitContent } from "../../store/model/derivation.ts";
import { isRoot } from "../store/rig.ts";
import { keeperAt, probe, running } from "./rig.ts";
import { openTools, storeWithTools } from "./shared.ts";

let launcher: Launcher;
beforeAll(async () => {
  const tools = await openTools();
  const store = storeWithTools(tools);
  const keeper = await keeperAt(tools, store);
  await probe(keeper, tools, store, "true");
  await keeper.close();
  launcher = launcherIn(layoutOf(store).checkout(splitContent(tools.launcher).digest), process.arch);
});

const open: Starters[] = [];
afterEach(async () => {
  for (const starters of open.splice(0)) await starters.close();
});
const start = (enter = "true") => {
  const starters = openStarters(enter);
  open.push(starters);
  return starters;
};
const busy = (milliseconds: number) => {
  for (const until = performance.now() + milliseconds; performance.now() < until; );
};

// Only root may look into a store's checkouts from outside.
describe.runIf(isRoot)("a starter", () => {
  it.each([
    [0, ":"],
    [50, ":"],
    [400, ":"],
    [400, "sleep 0.1"],
    [100, "sleep 0.1"],
  ])(
    "tells the status though this process is busy for %i ms while it runs %s",
    async (milliseconds, line) => {
      const { ended } = start().start(launcher, line);
      busy(milliseconds);
      expect(await ended).toBe(0);
    },
  );

  it("tells each line's status, one after the other and side by side", async () => {
    const starters = start();
    const status = (line: string) => starters.start(launcher, line).ended;
    expect(await status("(exit 7)")).toBe(7);
    expect(await status("(kill -9 $(sh -c 'echo $PPID'))")).toBe(137);
    expect(
      await Promise.all([1, 2, 3].map((number) => status(`sleep 0.${number}; (exit ${number})`))),
    ).toEqual([1, 2, 3]);
  });

  it("leaves signals as they are for what it runs", async () => {
    const file = `${mkdtempSync(`${inject("scratch")}/starter-`)}/status`;
    await start().start(launcher, `(exec cat /proc/self/status) >${file}`).ended;
    expect(readFileSync(file, "utf8")).toMatch(/^SigIgn:\s0+$/m);
  });

  it("that cannot come under its limits runs nothing", async () => {
    await expect(start("false").start(launcher, ":").ended).rejects.toMatchObject({ code: "host/sandbox" });
  });

  it("stops what it runs, or goes itself", async () => {
    const starters = start();
    const first = starters.start(launcher, "(exec sleep 31415926)");
    while (running("31415926").length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    first.stop();
    expect(await first.ended).toBe(137);
    const second = starters.start(launcher, "read -r never </dev/zero");
    second.stop();
    await expect(second.ended).rejects.toMatchObject({ code: "host/sandbox" });
    expect(await starters.start(launcher, ":").ended).toBe(0);
  });

  it("that somebody else ends says so, which is worth another attempt", async () => {
    const starters = start();
    const first = starters.start(launcher, "(exec sleep 27182818)");
    while (running("27182818").length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const resident of starters.residents) process.kill(resident, "SIGKILL");
    await expect(first.ended).rejects.toMatchObject({ code: "build/killed" });
    expect(await starters.start(launcher, ":").ended).toBe(0);
  });
});
