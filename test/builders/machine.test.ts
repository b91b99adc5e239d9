// Programs of the machine a crossed build ran on, found among what it made.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { filesOf, machineIn, refuseUncrossed } from "../../builders/buildroot/machine.ts";
import { Fault } from "../../store/model/fault.ts";
import { parseTreePath } from "../../store/model/path.ts";
import { makeTree } from "../../store/model/tree.ts";
import { openTestStore } from "../store/rig.ts";

const [x86, arm, risc, s390] = [62, 183, 243, 22];

/** The first bytes of a program, by e_machine; `big`: as s390x has them. */
function elf(machine: number, { big = false } = {}): Buffer {
  const head = Buffer.alloc(64);
  head.write("\x7fELF", "latin1");
  head[4] = 2;
  head[5] = big ? 2 : 1;
  if (big) head.writeUInt16BE(machine, 18);
  else head.writeUInt16LE(machine, 18);
  return head;
}

describe("the machine of a file", () => {
  it("is what an ELF header says, in its order of bytes", () => {
    expect(machineIn(elf(arm))).toBe(arm);
    expect(machineIn(elf(s390, { big: true }))).toBe(s390);
    expect(machineIn(elf(x86).subarray(0, 20))).toBe(x86);
  });

  it("is none of what is no program", () => {
    expect(machineIn(Buffer.from("#!/bin/sh\nexit 0 # not one\n"))).toBe(undefined);
    expect(machineIn(elf(x86).subarray(0, 19))).toBe(undefined);
  });
});

describe("what was crossed on amd64", () => {
  const { pool } = openTestStore();
  const treeOf = (files: Readonly<Record<string, Buffer>>) =>
    makeTree(
      Object.entries(files).map(([path, bytes]) => ({
        ...{ type: "file" as const, path: parseTreePath(path), mode: 0o755, uid: 0, gid: 0 },
        ...{ size: bytes.length, blob: pool.put(bytes) },
      })),
    );
  const root = treeOf({ "usr/bin/dash": elf(x86) });
  const check =
    (files: Readonly<Record<string, Buffer>>, target = "arm64", crossedIn = root) =>
    () =>
      refuseUncrossed(filesOf(treeOf(files)), { root: crossedIn, target }, pool);

  it("may hold the target's programs, those of a third machine, and what is no program", () => {
    const firmware = {
      "lib/firmware/x": elf(risc),
      "share/text": Buffer.from("text"),
      "share/empty": Buffer.of(),
    };
    expect(check({ "bin/x": elf(arm), ...firmware })).not.toThrow();
  });

  it("holds none of its own: they are named, with what to write", () => {
    const refused = (() => {
      try {
        check({ "bin/good": elf(arm), "bin/x": elf(x86), "lib/libx.so": elf(x86) })();
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(Fault);
    expect(refused).toMatchObject({
      code: "build/not-crossed",
      exit: 1,
      message: expect.stringContaining("amd64"),
      details: ["/bin/x", "/lib/libx.so"],
      hint: expect.stringContaining("$CC"),
    });
  });

  it("has static libraries of the target's objects alone, whatever their members are called", () => {
    const long = `${"long".repeat(20)}.o`;
    const good = archive({ "a.o": elf(arm), [long]: elf(risc), "odd.txt": Buffer.from("odd") });
    expect(check({ "lib/libx.a": good })).not.toThrow();
    const wrong = { "a.o": elf(arm), "odd.txt": Buffer.from("odd"), [long]: elf(x86) };
    expect(check({ "lib/libx.a": archive(wrong) })).toThrow(
      expect.objectContaining({ code: "build/not-crossed", details: ["/lib/libx.a"] }),
    );
    expect(check({ "lib/libx.a": bsdArchive("a name with blanks.o", elf(x86)) })).toThrow("amd64");
  });

  it("looks no further than what an archive holds: thin ones, and what is cut off or malformed", () => {
    expect(check({ "lib/libx.a": archive({ "a.o": elf(x86) }, "rcT") })).not.toThrow();
    const whole = archive({ "a.o": elf(arm), "b.o": elf(x86) });
    for (const length of [8, 40, whole.length - 60])
      expect(check({ "lib/libx.a": whole.subarray(0, length) })).not.toThrow();
    expect(check({ "lib/libx.a": Buffer.from("!<arch>\nno header at all".padEnd(200)) })).not.toThrow();
  });

  it("is not looked at where the two are told apart by no header, or what it ran on is not known", () => {
    const armel = treeOf({ "usr/bin/dash": elf(40) });
    expect(check({ "bin/x": elf(40) }, "armhf", armel)).not.toThrow();
    expect(check({ "bin/x": elf(x86) }, "arm64", treeOf({ "usr/bin/x": elf(x86) }))).not.toThrow();
  });
});

/** Made by ar, which writes GNU's table of long names. */
function archive(members: Readonly<Record<string, Buffer>>, how = "rc"): Buffer {
  const folder = mkdtempSync(join(inject("scratch"), "ar-"));
  for (const [name, bytes] of Object.entries(members)) writeFileSync(join(folder, name), bytes);
  execFileSync("ar", [how, "lib.a", ...Object.keys(members)], { cwd: folder, stdio: "ignore" });
  return readFileSync(join(folder, "lib.a"));
}

/** With its name in front of the data, as BSD writes it. */
function bsdArchive(name: string, bytes: Buffer): Buffer {
  const fields = [`#1/${name.length}`.padEnd(16), "0".padEnd(12), "0".padEnd(6), "0".padEnd(6)];
  const header = [...fields, "100644".padEnd(8), `${name.length + bytes.length}`.padEnd(10), "`\n"].join("");
  return Buffer.concat([Buffer.from(`!<arch>\n${header}${name}`, "latin1"), bytes]);
}
