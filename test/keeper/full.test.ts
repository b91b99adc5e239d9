// A disk that is full: told as such wherever it is met, and no harm once there is room.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { layoutOf } from "../../store/layout.ts";
import { jobOf, keeperAt, problemsOf } from "../sandbox/rig.ts";
import { openTools } from "../sandbox/shared.ts";
import type { Tools } from "../sandbox/tools.ts";
import { isRoot } from "../store/rig.ts";

let tools: Tools;
let place = "";
beforeAll(async () => {
  tools = await openTools();
});
afterEach(() => void spawnSync("umount", ["--lazy", place]));

/** A store on a file system of its own, of so many MiB. It takes 1,300 inodes empty. */
function smallStore(name: string, mebibytes: number, inodes = 100_000): string {
  place = `${inject("scratch")}/small-${name}`;
  mkdirSync(place);
  execFileSync("mount", [
    "-t",
    "tmpfs",
    "-o",
    `size=${mebibytes}m,nr_inodes=${inodes},mode=755`,
    "tmpfs",
    place,
  ]);
  return `${place}/store`;
}

const grow = (mebibytes: number) =>
  void execFileSync("mount", ["-o", `remount,size=${mebibytes}m,nr_inodes=100000`, place]);
const large = (index: number) => jobOf("slow", { milliseconds: 0, bytes: 8 << 20, index });

describe.runIf(isRoot)("a full disk", () => {
  it("while building: store/full, and success with more room", async () => {
    const store = smallStore("building", 40);
    const keeper = await keeperAt(tools, store);
    const outcomes = [];
    for (let index = 0; index < 8; index++)
      outcomes.push(
        await keeper.build(large(index)).then(
          ({ how }) => how,
          (error: { faults?: { code: string; exit: number }[] }) => error.faults?.[0],
        ),
      );
    const failed = outcomes.filter((outcome) => typeof outcome === "object");
    expect(failed.length).toBeGreaterThan(0);
    for (const fault of failed) expect(fault).toMatchObject({ code: "store/full", exit: 5 });
    expect(outcomes[0]).toBe("built");
    grow(200);
    await keeper.close().catch(() => {});
    const next = await keeperAt(tools, store);
    for (let index = 0; index < 8; index++)
      expect((await next.build(large(index))).how).toMatch(/built|reused/);
    await next.close();
    expect(readdirSync(layoutOf(store).staging)).toEqual([]);
    expect(await problemsOf(tools, store)).toEqual([]);
  });

  it("when statements are to be written: told at the next flush, nothing half recorded", async () => {
    const store = smallStore("recording", 60);
    const keeper = await keeperAt(tools, store);
    const jobs = Array.from({ length: 5 }, (_, index) => jobOf("slow", { milliseconds: 0, index }));
    // Nothing is written between the build's end and the filling of the disk: the batch waits.
    await Promise.all(jobs.map((job) => keeper.build(job)));
    fill(place);
    await expect(keeper.flush()).rejects.toMatchObject({ faults: [{ code: "store/full", exit: 5 }] });
    rmSync(`${place}/filler`);
    await keeper.close().catch(() => {});
    expect(await problemsOf(tools, store)).toEqual([]);
    const next = await keeperAt(tools, store);
    for (const job of jobs) expect((await next.build(job)).how).toMatch(/built|reused/);
    await next.flush();
    await next.close();
    const { results } = layoutOf(store);
    expect(readdirSync(results).flatMap((fan) => readdirSync(`${results}/${fan}`))).toHaveLength(5);
  });

  it("when kit closes: told, not kept to itself", async () => {
    const store = smallStore("closing", 60);
    const keeper = await keeperAt(tools, store);
    await keeper.build(jobOf("slow", { milliseconds: 0, name: "closing" }));
    fill(place);
    await expect(keeper.close()).rejects.toMatchObject({ code: "store/full", exit: 5 });
    rmSync(`${place}/filler`);
    expect(await problemsOf(tools, store)).toEqual([]);
  });

  it("from the start: a store that cannot be made is told so", async () => {
    const store = smallStore("start", 10, 500);
    await expect(keeperAt(tools, store)).rejects.toMatchObject({
      ...{ code: "store/full", message: expect.stringContaining("no inode left") },
    });
    grow(60);
    const keeper = await keeperAt(tools, store);
    expect((await keeper.build(jobOf("slow", { milliseconds: 0 }))).how).toBe("built");
    await keeper.close();
    expect(await problemsOf(tools, store)).toEqual([]);
  });
});

function fill(folder: string): void {
  const { bavail, bsize, ffree } = statfsSync(folder);
  try {
    writeFileSync(`${folder}/filler`, Buffer.alloc(bavail * bsize));
    writeFileSync(`${folder}/filler`, Buffer.alloc(1 << 20), { flag: "a" });
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  }
  expect(ffree).toBeGreaterThan(0);
}
