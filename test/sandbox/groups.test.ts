// Control groups as folders: what is written where, for both versions of the interface.
// The kernel's part is asserted in limits.test.ts, with the version that this machine has.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, inject, it } from "vitest";
import { openSlot } from "../../builders/sandbox/limits.ts";

const limits = { time: 1, memory: 1 << 30, processes: 99 };
const folder = () => {
  // As systemd writes a dash, and worse.
  const name = `${mkdtempSync(`${inject("scratch")}/group-`)}/unit\\x2d$(id) it's`;
  mkdirSync(name);
  return name;
};
const read = (file: string) => readFileSync(file, "utf8");
/** What a shell that enters the slot writes; it cannot be a real group, so it writes where it is told to. */
const enter = (words: string) =>
  expect(spawnSync("sh", ["-c", words], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });

describe("version 2", () => {
  const group = folder();
  mkdirSync(`${group}/slot`);
  writeFileSync(`${group}/slot/memory.oom.group`, "0");
  const slot = openSlot({ version: 2, folder: group }, "slot", limits);

  it("sets memory, processes, and that a group dies as one", () => {
    expect(read(`${group}/slot/memory.max`)).toBe(String(limits.memory));
    expect(read(`${group}/slot/pids.max`)).toBe("99");
    expect(read(`${group}/slot/memory.oom.group`)).toBe("1");
  });

  it("is entered by the process itself, whatever its name holds", () => {
    enter(slot.enter);
    expect(read(`${group}/slot/cgroup.procs`)).toBe("0\n");
  });

  it("tells of kills since the last reset only", () => {
    writeFileSync(`${group}/slot/memory.events`, "low 0\nhigh 0\nmax 5\noom 2\noom_kill 2\n");
    slot.reset();
    expect(slot.ranOutOfMemory()).toBe(false);
    writeFileSync(`${group}/slot/memory.events`, "low 0\nhigh 0\nmax 9\noom 3\noom_kill 3\n");
    expect(slot.ranOutOfMemory()).toBe(true);
    slot.reset();
    expect(slot.ranOutOfMemory()).toBe(false);
    writeFileSync(`${group}/slot/memory.stat`, "anon 5000\nfile 90000\nshmem 700\n");
    expect(slot.heldMemory()).toBe(5700);
    slot.reset();
    expect(slot.heldMemory()).toBe(0);
    writeFileSync(`${group}/slot/memory.stat`, "anon 6000\nfile 90000\nshmem 700\n");
    expect(slot.heldMemory()).toBe(1000);
    writeFileSync(`${group}/slot/memory.peak`, "123456\n");
    expect(slot.peakMemory()).toBe(123_456);
  });
});

describe("version 1", () => {
  const [memory, pids] = [folder(), folder()];
  const slot = openSlot({ version: 1, memory, pids }, "slot", limits);

  it("sets memory and processes", () => {
    expect(read(`${memory}/slot/memory.limit_in_bytes`)).toBe(String(limits.memory));
    expect(read(`${pids}/slot/pids.max`)).toBe("99");
  });

  it("is entered under both controllers", () => {
    enter(slot.enter);
    expect([read(`${memory}/slot/cgroup.procs`), read(`${pids}/slot/cgroup.procs`)]).toEqual(["0\n", "0\n"]);
  });

  it("tells of kills since the last reset only", () => {
    writeFileSync(`${memory}/slot/memory.oom_control`, "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n");
    slot.reset();
    expect(slot.ranOutOfMemory()).toBe(false);
    writeFileSync(`${memory}/slot/memory.oom_control`, "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n");
    expect(slot.ranOutOfMemory()).toBe(true);
  });
});

describe("without groups", () => {
  const slot = openSlot({ version: 0 }, "slot", limits);

  it("each process has the limit to itself", () => {
    const { stdout } = spawnSync("dash", ["-c", `${slot.enter} && ulimit -v && ulimit -p`], {
      encoding: "utf8",
    });
    expect(stdout.trim().split("\n")).toEqual([String(limits.memory / 1024), "99"]);
    expect([slot.peakMemory(), slot.ranOutOfMemory()]).toEqual([undefined, false]);
  });
});
