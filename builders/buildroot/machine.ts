// Machines that programs are for: what a crossed build made for the machine that it ran on is found out.
// Knows ELF headers, and that static libraries have one for each member; does not know how anything is crossed.

import { closeSync, openSync, readSync } from "node:fs";
import { Fault, shortList } from "../../store/model/fault.ts";
import { type Entry, type FileEntry, fileAt, type Tree } from "../../store/model/tree.ts";
import type { Pool } from "../../store/pool.ts";
import { architectureWith, emulatorOf } from "../sandbox/emulation.ts";
import { archiveMagic, memberHeads } from "./archive.ts";

/** What a crossed build ran in, and the architecture it was for, as Debian calls it. */
export interface Crossing {
  readonly root: Tree;
  readonly target: string;
}

/**
 * Refuses programs and libraries that are for the machine they were built on: a makefile that calls gcc itself gets this
 * machine's. Those of any third machine may be meant, as firmware is. Of a file 20 bytes are read, and those of each
 * member of a static library: the 10,700 of a build root take 0.4 s.
 *
 * @param files what was built
 * @throws {Fault} `build/not-crossed`
 */
export function refuseUncrossed(
  files: readonly Pick<FileEntry, "path" | "blob">[],
  { root, target }: Crossing,
  pool: Pick<Pool, "find">,
): void {
  const shell = shells.map((path) => fileAt(root, path)).find((entry) => entry !== undefined);
  const [own] = shell === undefined ? [] : machinesOf(shell, pool);
  if (own === undefined || own === emulatorOf(target)?.header.machine) return;
  const wrong = files.filter((file) => machinesOf(file, pool).has(own));
  if (wrong.length === 0) return;
  const machine = architectureWith(own) ?? "the machine it was built on";
  throw new Fault(
    "build/not-crossed",
    `what it builds for ${target} has programs or libraries for ${machine}, where it was built`,
    {
      details: shortList(wrong.map(({ path }) => `/${path}`)),
      hint: "compilers are named by $CC, $CXX, $AR and the like: a makefile says $(CC), not gcc; what cannot be crossed is built by the target's own programs with crossCompile: false",
    },
  );
}

/** What is there of a root's own machine whatever else it holds. */
const shells = ["usr/bin/dash", "usr/bin/bash"];

export function filesOf({ entries }: Tree): FileEntry[] {
  return entries.filter((entry: Entry): entry is FileEntry => entry.type === "file");
}

function machinesOf({ blob }: Pick<FileEntry, "blob">, pool: Pick<Pool, "find">): ReadonlySet<number> {
  const file = pool.find(blob);
  if (file === undefined) return new Set();
  const opened = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(headSize);
    const head = buffer.subarray(0, readSync(opened, buffer));
    const isArchive = head.subarray(0, archiveMagic.length).equals(archiveMagic);
    const heads = isArchive ? memberHeads(opened, headSize) : [head];
    const machines = new Set<number>();
    for (const one of heads) {
      const machine = machineIn(one);
      if (machine !== undefined) machines.add(machine);
    }
    return machines;
  } finally {
    closeSync(opened);
  }
}

/** Bytes up to the end of e_machine. */
const headSize = 20;

/** e_machine of an ELF file's first bytes (elf(5)); undefined of any other. */
export function machineIn(head: Buffer): number | undefined {
  if (head.length < headSize || !head.subarray(0, 4).equals(magic)) return undefined;
  return head[5] === bigEndian ? head.readUInt16BE(18) : head.readUInt16LE(18);
}

const magic = Buffer.from("\x7fELF", "latin1");
const bigEndian = 2;
