// Machines that programs are for: what a crossed build made for the machine that it ran on is found out.
// Knows ELF headers; does not know how anything is crossed.

import { closeSync, openSync, readSync } from "node:fs";
import { Fault, shortList } from "../../store/model/fault.ts";
import { type Entry, type FileEntry, fileAt, type Tree } from "../../store/model/tree.ts";
import type { Pool } from "../../store/pool.ts";
import { architectureWith, emulatorOf } from "../sandbox/emulation.ts";

/** What a crossed build ran in, and the architecture it was for, as Debian calls it. */
export interface Crossing {
  readonly root: Tree;
  readonly target: string;
}

/**
 * Refuses programs and libraries that are for the machine they were built on: a makefile that calls gcc itself gets this
 * machine's. Those of any third machine may be meant, as firmware is. Of a file 20 bytes are read: the 10,700 of a
 * build root take 0.4 s.
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
  const own = shell && machineOf(shell, pool);
  if (own === undefined || own === emulatorOf(target)?.header.machine) return;
  const wrong = files.filter((file) => machineOf(file, pool) === own);
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

function machineOf({ blob }: Pick<FileEntry, "blob">, pool: Pick<Pool, "find">): number | undefined {
  const file = pool.find(blob);
  if (file === undefined) return undefined;
  const head = Buffer.alloc(headSize);
  const opened = openSync(file, "r");
  try {
    return readSync(opened, head) < headSize ? undefined : machineIn(head);
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
