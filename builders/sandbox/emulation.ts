// Programs of other processors: which run here by themselves, which an emulator runs, and how a kernel is told of it.
// Pure. Knows ELF headers and the lines of binfmt_misc; does not register anything.

import { debianName } from "../distro/source.ts";

/** What runs the programs of a processor: one of qemu-user's. */
export interface Emulator {
  /** As its package calls it. */
  readonly program: string;
  readonly header: Header;
}

/** What an ELF file says of the processor it is for (elf.h). */
interface Header {
  readonly bits: 32 | 64;
  readonly order: "little" | "big";
  readonly machine: number;
}

/** What of a host decides what it emulates. */
export interface Binfmt {
  /** Whether a user namespace may have handlers of its own. */
  readonly own: boolean;
  /** The host's own handlers: texts of /proc/sys/fs/binfmt_misc. */
  readonly handlers: readonly string[];
}

/** By Debian's names. */
const processors: readonly (Emulator & { readonly names: readonly string[] })[] = [
  processor(["amd64"], "qemu-x86_64", 64, 62),
  processor(["arm64"], "qemu-aarch64", 64, 183),
  processor(["armel", "armhf"], "qemu-arm", 32, 40),
  processor(["i386"], "qemu-i386", 32, 3),
  processor(["loong64"], "qemu-loongarch64", 64, 258),
  processor(["mips64el"], "qemu-mips64el", 64, 8),
  processor(["ppc64el"], "qemu-ppc64le", 64, 21),
  processor(["riscv64"], "qemu-riscv64", 64, 243),
  processor(["s390x"], "qemu-s390x", 64, 22, "big"),
];

function processor(
  names: readonly string[],
  program: string,
  bits: Header["bits"],
  machine: number,
  order: Header["order"] = "little",
) {
  return { names, program, header: { bits, order, machine } };
}

const alsoRuns: Readonly<Record<string, readonly string[]>> = { amd64: ["i386"], arm64: ["armhf"] };

/** Whether programs of an architecture, by Debian's name or rpm's, run on `host`, by Debian's, by themselves. */
export function runsItself(host: string, architecture: string): boolean {
  const name = debianName(architecture);
  return host === name || (alsoRuns[host] ?? []).includes(name);
}

/** Undefined where there is none. */
export function emulatorOf(architecture: string): Emulator | undefined {
  return processors.find(({ names }) => names.includes(debianName(architecture)));
}

/** By an ELF header's e_machine; the first, where there are several. */
export function architectureWith(machine: number): string | undefined {
  return processors.find(({ header }) => header.machine === machine)?.names[0];
}

/** Whether a kernel, by its release as uname(2) has it, lets user namespaces have handlers: from 6.7 on. */
export function takesHandlers(release: string): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  return major > 6 || (major === 6 && minor >= 7);
}

/** Whose handler runs an emulator's programs: kit's own; else the host's, where there is one; nobody's. */
export function handlerOf({ own, handlers }: Binfmt, emulator: Emulator): "kit" | "host" | undefined {
  if (own) return "kit";
  return handlers.some((text) => handles(text, emulator)) ? "host" : undefined;
}

/** The architectures whose programs are emulated on `host`, all by Debian's names, and by whose handler. */
export function emulatedOn(
  host: string,
  binfmt: Binfmt,
): readonly { readonly name: string; readonly by: "kit" | "host" }[] {
  return processors.flatMap(({ names, ...emulator }) => {
    const by = handlerOf(binfmt, emulator);
    return by === undefined
      ? []
      : names.filter((name) => !runsItself(host, name)).map((name) => ({ name, by }));
  });
}

/**
 * A handler's line for `register` (the kernel's admin-guide/binfmt-misc). F opens the emulator now, so that no sandbox
 * has to hold it; P leaves a program the name that it was called by, O lets it run unreadable programs. Without C: in a
 * sandbox nothing gains rights by being run, and an emulator is to be no exception. The emulator is named as it lies in
 * the working directory, so that no path of the store shows up in a build.
 */
export function registration(emulator: Emulator): string {
  const { magic, mask } = patternOf(emulator.header);
  return `:${emulator.program}:M::${escaped(magic)}:${escaped(mask)}:${emulator.program}:OPF`;
}

/** Whether a handler of the host runs an emulator's programs wherever they lie. */
export function handles(text: string, { header }: Emulator): boolean {
  const field = (name: string) => new RegExp(`^${name}:? ?(.*)$`, "m").exec(text)?.[1] ?? "";
  if (!/^enabled$/m.test(text) || !field("flags").includes("F") || field("offset") !== "0") return false;
  const magic = Buffer.from(field("magic"), "hex");
  const mask = field("mask") === "" ? Buffer.alloc(magic.length, 0xff) : Buffer.from(field("mask"), "hex");
  const { magic: sample } = patternOf(header);
  return (
    magic.length > 0 &&
    magic.every((byte, index) => ((byte ^ (sample[index] ?? 0)) & (mask[index] ?? 0)) === 0)
  );
}

/** A program's first twenty bytes; which ABI it is of, and whether it may lie anywhere, does not matter. */
function patternOf({ bits, order, machine }: Header): { readonly magic: Buffer; readonly mask: Buffer } {
  const magic = Buffer.alloc(20);
  magic.set([0x7f, 0x45, 0x4c, 0x46, bits / 32, order === "little" ? 1 : 2, 1]);
  const mask = Buffer.alloc(20, 0xff);
  mask.fill(0, 7, 9);
  const executable = 2; // ET_EXEC; ET_DYN is 3
  if (order === "little") {
    magic.writeUInt16LE(executable, 16);
    magic.writeUInt16LE(machine, 18);
    mask.writeUInt16LE(0xfffe, 16);
  } else {
    magic.writeUInt16BE(executable, 16);
    magic.writeUInt16BE(machine, 18);
    mask.writeUInt16BE(0xfffe, 16);
  }
  return { magic, mask };
}

function escaped(bytes: Buffer): string {
  return [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
