// A report's folder: what it replaces, what it leaves alone, and what a disk without room leaves behind.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, inject, it } from "vitest";
import { reportPlace, writeReport } from "../../../builders/report/write.ts";
import { Fault } from "../../../store/model/fault.ts";
import { removeWithMounts } from "../../rig/mounts.ts";
import { largeView, smallView } from "./view.ts";

const code = { script: "// script\n", style: "/* style */\n" };
const top = join(inject("scratch"), "report-write");
const folder = join(top, "out");
const isRoot = process.getuid?.() === 0;

beforeEach(() => {
  rmSync(top, { recursive: true, force: true });
  mkdirSync(top);
});
afterAll(() => removeWithMounts(top));

function write(name = "small", to = folder): void {
  writeReport({ result: { ...smallView(), name }, history: [], code }, to);
}

function faultOf(action: () => void): Pick<Fault, "code" | "message"> {
  try {
    action();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error("no fault");
}

const title = (place = folder) =>
  /<title>(.*)<\/title>/.exec(readFileSync(join(place, "index.html"), "utf8"))?.[1];

describe("writing a report", () => {
  it("makes a folder, fills an empty one, and replaces an earlier report", () => {
    write();
    expect(title()).toBe("small");
    expect(readFileSync(join(folder, "data/names.js"), "utf8")).toContain("nginx");
    expect(readFileSync(join(folder, "report.js"), "utf8")).toBe(code.script);
    write("other");
    expect(title()).toBe("other");
    const empty = join(top, "empty");
    mkdirSync(empty, { mode: 0o750 });
    const { ino } = statSync(empty);
    write("third", empty);
    // Who is in it stays in it.
    expect(statSync(empty).ino).toBe(ino);
    expect(readdirSync(empty).sort()).toEqual(readdirSync(folder).sort());
    write("fourth", empty);
    expect(title(empty)).toBe("fourth");
    expect(statSync(empty).mode & 0o777).toBe(0o750);
    expect(readdirSync(top).sort()).toEqual(["empty", "out"]);
  });

  it("leaves nothing of an architecture that went", () => {
    writeReport({ result: smallView(), history: [], code }, folder);
    writeReport({ result: { ...smallView(), architectures: ["amd64"] }, history: [], code }, folder);
    expect(readdirSync(folder)).not.toContain("packages-arm64.txt");
  });

  it("follows a link to an earlier report, which stays a link", () => {
    write();
    symlinkSync("out", join(top, "link"));
    write("through", join(top, "link"));
    expect(title()).toBe("through");
    expect(readdirSync(top).sort()).toEqual(["link", "out"]);
  });

  it("refuses a folder with anything else in it", () => {
    mkdirSync(folder);
    writeFileSync(join(folder, "thesis.txt"), "years of work");
    expect(faultOf(() => reportPlace(folder))).toMatchObject({
      code: "usage/not-empty",
      message: expect.stringContaining("thesis.txt"),
    });
    expect(faultOf(() => write())).toMatchObject({ code: "usage/not-empty" });
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
  });

  it.each(["CNAME", "data/mine.js", ".git/config"])(
    "refuses an earlier report to which somebody added %s",
    (added) => {
      write();
      mkdirSync(join(folder, added, ".."), { recursive: true });
      writeFileSync(join(folder, added), "mine");
      const fault = faultOf(() => write("other"));
      expect(fault).toMatchObject({
        code: "usage/not-empty",
        message: expect.stringContaining(added.split("/")[0] ?? ""),
      });
      expect(title()).toBe("small");
      expect(readFileSync(join(folder, added), "utf8")).toBe("mine");
    },
  );

  it("believes no marker of another form", () => {
    mkdirSync(folder);
    writeFileSync(join(folder, ".kit-report"), "kit/report/9\nthesis.txt\n");
    writeFileSync(join(folder, "thesis.txt"), "years of work");
    expect(faultOf(() => write())).toMatchObject({ code: "usage/not-empty" });
  });

  it("refuses a file, and a place in no folder", () => {
    writeFileSync(folder, "");
    expect(faultOf(() => write())).toMatchObject({ code: "usage/not-a-folder" });
    expect(faultOf(() => write("x", join(top, "none/out")))).toMatchObject({ code: "usage/not-a-folder" });
    expect(faultOf(() => write("x", join(folder, "out")))).toMatchObject({ code: "usage/not-a-folder" });
  });

  it.skipIf(isRoot)("tells where it may not write", () => {
    chmodSync(top, 0o500);
    expect(faultOf(() => write())).toMatchObject({ code: "usage/unwritable" });
    chmodSync(top, 0o700);
  });

  it("keeps the earlier report where the disk has no room for the next, and nothing of that", () => {
    // Where nothing can be mounted there is no small disk to fill.
    const disk = join(top, "disk");
    mkdirSync(disk);
    if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", disk]).status !== 0) return;
    const place = join(disk, "out");
    write("small", place);
    const result = largeView({ packages: 3000, sources: 900, workloads: 30, architectures: ["a", "b"] }, 1);
    expect(faultOf(() => writeReport({ result, history: [], code }, place))).toMatchObject({
      code: "host/full",
    });
    expect(readdirSync(disk)).toEqual(["out"]);
    expect(title(place)).toBe("small");
    // The disk's own folder is filled, but cannot be renamed away.
    rmSync(place, { recursive: true });
    expect(faultOf(() => writeReport({ result, history: [], code }, disk))).toMatchObject({
      code: "host/full",
    });
    expect(readdirSync(disk)).toEqual([]);
    write("small", disk);
    expect(title(disk)).toBe("small");
    expect(faultOf(() => write("other", disk))).toMatchObject({ code: "usage/unwritable" });
    expect(title(disk)).toBe("small");
    expect(readdirSync(top)).toEqual(["disk"]);
  });
});
