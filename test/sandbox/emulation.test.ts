// Whose programs run where, and the lines a kernel is told and tells: as Debian's own handlers have them.

import { describe, expect, it } from "vitest";
import {
  emulatedOn,
  emulatorOf,
  handlerOf,
  handles,
  registration,
  runsItself,
  takesHandlers,
} from "../../builders/sandbox/emulation.ts";

const emulator = (architecture: string) =>
  emulatorOf(architecture) ?? expect.fail(`none for ${architecture}`);

/** A handler as /proc/sys/fs/binfmt_misc shows it; magic and mask are those of Debian's qemu-user-binfmt. */
const shown = (change: Readonly<Record<string, string>> = {}) => {
  const lines = {
    state: "enabled",
    interpreter: "interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P",
    flags: "flags: PF",
    offset: "offset 0",
    magic: "magic 7f454c460201010000000000000000000200b700",
    mask: "mask ffffffffffffff00fffffffffffffffffeffffff",
    ...change,
  };
  return `${Object.values(lines).filter(Boolean).join("\n")}\n`;
};

describe("programs run by themselves", () => {
  it.each([
    ["amd64", "amd64", true],
    ["amd64", "i386", true],
    ["amd64", "x86_64", true],
    ["amd64", "arm64", false],
    ["arm64", "aarch64", true],
    ["arm64", "armhf", true],
    ["arm64", "armel", false],
    ["i386", "amd64", false],
    ["ppc64el", "ppc64le", true],
    ["amd64", "sparc64", false],
  ])("on %s those of %s: %s", (host, architecture, runs) => {
    expect(runsItself(host, architecture)).toBe(runs);
  });
});

describe("an emulator", () => {
  it.each([
    ["arm64", "qemu-aarch64"],
    ["aarch64", "qemu-aarch64"],
    ["armel", "qemu-arm"],
    ["x86_64", "qemu-x86_64"],
    ["ppc64le", "qemu-ppc64le"],
  ])("of %s is %s", (architecture, program) => {
    expect(emulatorOf(architecture)?.program).toBe(program);
  });

  it("is not there for what qemu-user does not know", () => {
    expect(emulatorOf("ia64")).toBeUndefined();
  });

  it("is registered with the first twenty bytes of its programs, and opened at once", () => {
    expect(registration(emulator("arm64"))).toBe(
      String.raw`:qemu-aarch64:M::\x7f\x45\x4c\x46\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00:\xff\xff\xff\xff\xff\xff\xff\x00\x00\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff:qemu-aarch64:OPF`,
    );
  });

  it("of the other byte order, and of 32 bits, too", () => {
    expect(registration(emulator("s390x"))).toContain(
      String.raw`\x7f\x45\x4c\x46\x02\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x16:`,
    );
    expect(registration(emulator("armhf"))).toContain(String.raw`\x7f\x45\x4c\x46\x01\x01\x01\x00`);
  });
});

describe("a handler of the host's", () => {
  it("will do where it is enabled and opened its emulator when it was registered", () => {
    expect(handles(shown(), emulator("arm64"))).toBe(true);
    expect(handles(shown({ flags: "flags: OCPF" }), emulator("arm64"))).toBe(true);
  });

  it.each([
    ["of another processor", {}, "riscv64"],
    ["of another word size", {}, "armhf"],
    ["that is switched off", { state: "disabled" }, "arm64"],
    ["whose emulator has to be in the sandbox", { flags: "flags: OCP" }, "arm64"],
    ["by a name's ending", { magic: "", mask: "", offset: "extension .exe" }, "arm64"],
    ["that looks elsewhere", { offset: "offset 4" }, "arm64"],
  ])("will not: one %s", (_, change, architecture) => {
    expect(handles(shown(change), emulator(architecture))).toBe(false);
  });

  it("without a mask compares every byte", () => {
    expect(handles(shown({ mask: "" }), emulator("arm64"))).toBe(true);
    expect(handles(shown({ mask: "", magic: "magic 7f454c4602010103" }), emulator("arm64"))).toBe(false);
  });
});

describe("who handles", () => {
  it.each([
    ["6.18.44-fc", true],
    ["6.7.0", true],
    ["7.0", true],
    ["6.6.100-lts", false],
    ["6.1.0-39-amd64", false],
    ["5.15.0", false],
    ["", false],
  ])("kernel %s: kit itself: %s", (release, takes) => {
    expect(takesHandlers(release)).toBe(takes);
  });

  it("kit before the host, the host where kit cannot, else nobody", () => {
    const handlers = [shown()];
    expect(handlerOf({ own: true, handlers }, emulator("arm64"))).toBe("kit");
    expect(handlerOf({ own: false, handlers }, emulator("arm64"))).toBe("host");
    expect(handlerOf({ own: false, handlers }, emulator("riscv64"))).toBeUndefined();
  });

  it("tells all that is foreign, or what the host has", () => {
    expect(emulatedOn("amd64", { own: true, handlers: [] }).map(({ name }) => name)).toEqual(
      "arm64 armel armhf loong64 mips64el ppc64el riscv64 s390x".split(" "),
    );
    expect(emulatedOn("arm64", { own: true, handlers: [] }).map(({ name }) => name)).not.toContain("armhf");
    expect(emulatedOn("amd64", { own: false, handlers: [shown()] })).toEqual([{ name: "arm64", by: "host" }]);
    expect(emulatedOn("amd64", { own: false, handlers: [] })).toEqual([]);
  });
});
