// The system call filter, run over its bytes as the kernel would: what is refused, on every architecture.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seccompProgram } from "../../builders/sandbox/seccomp.ts";

const allow = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;

interface Call {
  readonly audit: number;
  readonly number: number;
  readonly argv?: readonly bigint[];
}

/** Classic BPF as far as the kernel lets seccomp use it; anything else is a broken program. */
function filter(program: Buffer, { audit, number, argv = [] }: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(audit, 4);
  for (const [index, value] of argv.entries())
    data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + 8 * index);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    if (at * 8 >= program.length) throw new Error("the program runs past its end");
    const [code, yes, no, value] = [
      program.readUInt16LE(at * 8),
      program.readUInt8(at * 8 + 2),
      program.readUInt8(at * 8 + 3),
      program.readUInt32LE(at * 8 + 4),
    ];
    if (code === 0x20) accumulator = data.readUInt32LE(value);
    else if (code === 0x06) return value;
    else if (code === 0x15) at += accumulator === value ? yes : no;
    else if (code === 0x35) at += accumulator >= value ? yes : no;
    else if (code === 0x45) at += (accumulator & value) !== 0 ? yes : no;
    else throw new Error(`no instruction of a filter: ${code}`);
  }
}

// By the kernel's own tables (arch/*/entry/syscalls, include/uapi/asm-generic/unistd.h), written out a second time.
const architectures = {
  x86_64: {
    machine: "x64",
    audit: 0xc000003e,
    add_key: 248,
    request_key: 249,
    keyctl: 250,
    bpf: 321,
    userfaultfd: 323,
    setns: 308,
    unshare: 272,
    clone: 56,
    clone3: 435,
    ioctl: 16,
    read: 0,
    execve: 59,
  },
  i386: {
    machine: "x64",
    audit: 0x40000003,
    add_key: 286,
    request_key: 287,
    keyctl: 288,
    bpf: 357,
    userfaultfd: 374,
    setns: 346,
    unshare: 310,
    clone: 120,
    clone3: 435,
    ioctl: 54,
    read: 3,
    execve: 11,
  },
  aarch64: {
    machine: "arm64",
    audit: 0xc00000b7,
    add_key: 217,
    request_key: 218,
    keyctl: 219,
    bpf: 280,
    userfaultfd: 282,
    setns: 268,
    unshare: 97,
    clone: 220,
    clone3: 435,
    ioctl: 29,
    read: 63,
    execve: 221,
  },
  arm: {
    machine: "arm64",
    audit: 0x40000028,
    add_key: 309,
    request_key: 310,
    keyctl: 311,
    bpf: 386,
    userfaultfd: 388,
    setns: 375,
    unshare: 337,
    clone: 120,
    clone3: 435,
    ioctl: 54,
    read: 3,
    execve: 11,
  },
} as const;

describe.each(Object.entries(architectures))("on %s", (_, { machine, audit, ...numbers }) => {
  const program = seccompProgram(machine) ?? Buffer.alloc(0);
  const call = (name: keyof typeof numbers, ...argv: bigint[]) =>
    filter(program, { audit, number: numbers[name], argv });

  it("refuses key rings, bpf, userfaultfd and entering namespaces", () => {
    for (const name of ["add_key", "request_key", "keyctl", "bpf", "userfaultfd", "setns"] as const)
      expect([name, call(name)]).toEqual([name, EPERM]);
  });

  it("refuses new user namespaces, and lets threads and processes be", () => {
    const user = 0x10000000n;
    for (const name of ["clone", "unshare"] as const) {
      fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (flags) => {
          expect(call(name, flags)).toBe((flags & user) === 0n ? allow : EPERM);
        }),
      );
    }
    expect(call("clone", 0x3d0f00n)).toBe(allow);
  });

  it("sends clone3, whose flags it cannot see, back to clone", () => {
    expect(call("clone3")).toBe(ENOSYS);
  });

  it("refuses to put words into a terminal, whatever the upper half of the number says", () => {
    for (const request of [0x5412n, 0x541cn, 0xdeadbeef00005412n, (1n << 32n) | 0x541cn])
      expect(call("ioctl", 1n, request)).toBe(EPERM);
    for (const request of [0x5401n, 0x5413n, 0x541bn]) expect(call("ioctl", 1n, request)).toBe(allow);
  });

  it("allows everything else", () => {
    expect([call("read"), call("execve")]).toEqual([allow, allow]);
    const named = new Set<number>(Object.values(numbers));
    fc.assert(
      fc.property(
        fc.nat(500),
        fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 6, maxLength: 6 }),
        (number, argv) => {
          if (!named.has(number)) expect(filter(program, { audit, number, argv })).toBe(allow);
        },
      ),
    );
  });
});

describe("elsewhere", () => {
  it("no other architecture's calls pass", () => {
    for (const machine of ["x64", "arm64"]) {
      const program = seccompProgram(machine) ?? Buffer.alloc(0);
      const known = Object.values(architectures)
        .filter((item) => item.machine === machine)
        .map(({ audit }) => audit as number);
      fc.assert(
        fc.property(fc.nat(2 ** 32 - 1), fc.nat(500), (audit, number) => {
          if (!known.includes(audit)) expect(filter(program, { audit, number })).toBe(ENOSYS);
        }),
      );
    }
  });

  it("x86-64's calls by x32's numbers do not pass", () => {
    const program = seccompProgram("x64") ?? Buffer.alloc(0);
    for (const number of [0x40000000, 0x40000000 + 250, 0x40000000 + 512, 0xffffffff])
      expect(filter(program, { audit: architectures.x86_64.audit, number })).toBe(ENOSYS);
  });

  it("a machine without a table has no program", () => {
    expect(seccompProgram("riscv64")).toBeUndefined();
  });
});
