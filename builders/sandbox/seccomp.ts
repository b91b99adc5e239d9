// The system call filter of a sandbox, as a classic BPF program.
// Knows call numbers and how the kernel reads the program; does not know who loads it.

/** What one architecture calls the calls that are refused, by its own numbers (the kernel's syscall tables). */
interface Numbers {
  /** AUDIT_ARCH_* of linux/audit.h. */
  readonly audit: number;
  readonly refused: readonly number[];
  /** Refused as if unknown, so that libc falls back to a call whose flags can be seen. */
  readonly clone3: number;
  readonly clone: number;
  readonly unshare: number;
  readonly ioctl: number;
}

// refused: add_key, request_key, keyctl, bpf, userfaultfd, setns
const amd64: Numbers = {
  audit: 0xc000003e,
  refused: [248, 249, 250, 321, 323, 308],
  clone3: 435,
  clone: 56,
  unshare: 272,
  ioctl: 16,
};
const i386: Numbers = {
  audit: 0x40000003,
  refused: [286, 287, 288, 357, 374, 346],
  clone3: 435,
  clone: 120,
  unshare: 310,
  ioctl: 54,
};
const arm64: Numbers = {
  audit: 0xc00000b7,
  refused: [217, 218, 219, 280, 282, 268],
  clone3: 435,
  clone: 220,
  unshare: 97,
  ioctl: 29,
};
const arm: Numbers = {
  audit: 0x40000028,
  refused: [309, 310, 311, 386, 388, 375],
  clone3: 435,
  clone: 120,
  unshare: 337,
  ioctl: 54,
};

const machines: Readonly<Record<string, readonly Numbers[]>> = { x64: [amd64, i386], arm64: [arm64, arm] };

const newUser = 0x10000000; // CLONE_NEWUSER
const terminalInput = [0x5412, 0x541c]; // TIOCSTI, TIOCLINUX
const x32 = 0x40000000;
const errno = { EPERM: 1, ENOSYS: 38 } as const;
const action = { allow: 0x7fff0000, error: 0x00050000 } as const;
// struct seccomp_data: nr, arch, instruction pointer, six 64-bit arguments
const offset = { number: 0, architecture: 4, argument: (index: number) => 16 + 8 * index } as const;
const op = { load: 0x20, equal: 0x15, atLeast: 0x35, anyBit: 0x45, return: 0x06 } as const;

type Instruction = readonly [code: number, yes: number, no: number, value: number];

/**
 * The program for a machine that Node calls `x64` or `arm64`: refuses key rings, bpf, userfaultfd, entering
 * namespaces, nested user namespaces and terminal injection; absent for other machines.
 * Format: an array of `struct sock_filter`, as `bwrap --seccomp` reads it.
 */
export function seccompProgram(machine: string): Buffer | undefined {
  const tables = machines[machine];
  if (tables === undefined) return undefined;
  const program: Instruction[] = [[op.load, 0, 0, offset.architecture]];
  for (const table of tables) {
    const body = filterOf(table);
    program.push([op.equal, 0, body.length, table.audit], ...body);
  }
  program.push(refuse(errno.ENOSYS));
  return Buffer.concat(program.map(encode));
}

function filterOf(table: Numbers): Instruction[] {
  const body: Instruction[] = [[op.load, 0, 0, offset.number]];
  const when = (test: Instruction[0], value: number, then: Instruction[]) =>
    body.push([test, 0, then.length, value], ...then);
  if (table === amd64) when(op.atLeast, x32, [refuse(errno.ENOSYS)]);
  for (const number of table.refused) when(op.equal, number, [refuse(errno.EPERM)]);
  when(op.equal, table.clone3, [refuse(errno.ENOSYS)]);
  for (const number of [table.clone, table.unshare]) {
    when(op.equal, number, [
      [op.load, 0, 0, offset.argument(0)],
      [op.anyBit, 0, 1, newUser],
      refuse(errno.EPERM),
      allow,
    ]);
  }
  when(op.equal, table.ioctl, [
    [op.load, 0, 0, offset.argument(1)],
    ...terminalInput.flatMap((request): Instruction[] => [[op.equal, 0, 1, request], refuse(errno.EPERM)]),
    allow,
  ]);
  body.push(allow);
  return body;
}

const allow: Instruction = [op.return, 0, 0, action.allow];

function refuse(error: number): Instruction {
  return [op.return, 0, 0, action.error | error];
}

function encode([code, yes, no, value]: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(yes, 2);
  bytes.writeUInt8(no, 3);
  bytes.writeUInt32LE(value >>> 0, 4);
  return bytes;
}
