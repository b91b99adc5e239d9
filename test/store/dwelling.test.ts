// Many processes in one store that is collected all the while: nothing that one of them uses is ever missing.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync } from "node:fs";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, inject, it } from "vitest";
import { randomFrom, tellSeed } from "../rig/seed.ts";
import { openShelf } from "./shelf.ts";
import { openStay } from "./stay.ts";

const long = process.env["KIT_TEST_LONG"] !== undefined;

function start(script: string, ...argv: readonly string[]): ChildProcess {
  const path = fileURLToPath(new URL(script, import.meta.url));
  return spawn(process.execPath, ["--disable-warning=ExperimentalWarning", path, ...argv], {
    stdio: ["pipe", "pipe", "inherit"],
  });
}

describe("a store that is collected again and again", () => {
  it("keeps what sessions use until they end, and what is rooted, whoever is killed", async () => {
    const seed = tellSeed("living in a store");
    const random = randomFrom(seed);
    const shelf = openShelf();
    const links = mkdtempSync(`${inject("scratch")}/links-`);
    const collector = start("./looper.ts", shelf.layout.root);
    const removed = text(collector.stdout ?? expect.fail());
    const dwellers = Array.from({ length: long ? 8 : 3 }, (_, nth) =>
      start("./dweller.ts", shelf.layout.root, links, `${seed + nth}`, long ? "60" : "6"),
    );
    const said = dwellers.map((dweller) => text(dweller.stdout ?? expect.fail()));
    // Others are killed in the middle of whatever they do, the collector's predecessors among them.
    const deaths = (async () => {
      for (let nth = 0; nth < (long ? 40 : 4); nth++) {
        const victim =
          nth % 4 === 3
            ? start("./looper.ts", shelf.layout.root)
            : start("./dweller.ts", shelf.layout.root, links, `${seed + 1000 + nth}`, "100");
        const closed = once(victim, "close");
        await sleep(350 + random(400));
        victim.kill("SIGKILL");
        await closed;
      }
    })();
    expect(await Promise.all(said)).toEqual(said.map(() => "whole\n"));
    await deaths;
    collector.stdin?.end();
    const sum = JSON.parse(await removed) as Record<string, number>;
    // It was no idle collector.
    for (const kind of ["rounds", "results", "trees", "blobs", "checkouts", "roots"])
      expect(sum[kind], JSON.stringify(sum)).toBeGreaterThan(2);
    openStay(shelf.layout)[Symbol.dispose]();
    expect(readdirSync(shelf.layout.sessions)).toEqual([]);
    expect(readdirSync(shelf.layout.staging).filter((name) => name !== "test")).toEqual([]);
    expect((await shelf.verify()).problems).toEqual([]);
  }, 600_000);
});
