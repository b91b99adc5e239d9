// Mending after a power cut: what may be torn is looked at, and goes where it is.
// Knows what a journal of another boot means; does not know what is built again.

import { readdirSync, readFileSync, rmSync, statSync, unlinkSync } from "node:fs";
import { hashFile } from "./filehash.ts";
import { beginningOf } from "./holds.ts";
import type { Layout } from "./layout.ts";
import { eachBlob } from "./mark.ts";
import { digestFromHex } from "./model/digest.ts";
import type { System } from "./system.ts";

/** What sessions that ended in a power cut left in `sessions/`. */
export function journalsOfOtherBoots(layout: Layout, bootId: string): string[] {
  return readdirSync(layout.sessions).filter((name) => {
    try {
      return beginningOf(layout.session(name))?.bootId !== bootId;
    } catch (error) {
      // One of this boot, which has ended.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
      throw error;
    }
  });
}

/**
 * A session that ended in a power cut left its journal with another boot's id. Files written since may be
 * there by name and empty or torn in content, so each pool member and record of that time is rehashed and the
 * bad ones go, with records that name one of those. A statement is written only after what it names is flushed, so
 * none names what goes here; it may be torn itself. Checkouts and outputs of that time are made again when they are
 * wanted. The caller has the store for itself.
 */
export function mendAfterPowerCut(layout: Layout, system: System, bootId: string, guard: number): void {
  const stale = journalsOfOtherBoots(layout, bootId);
  if (stale.length === 0) return;
  const first = stale.reduce((least, name) => Math.min(least, beganAt(layout.session(name))), Infinity);
  const since = first - 60_000;
  const isNew = (file: string) => statSync(file).ctimeMs >= since;
  for (const { file, name } of [...filesIn(layout.pool), ...filesIn(layout.trees)])
    if (isNew(file) && !isIntact(file, name)) unlinkSync(file);
  const blobs = new Set(filesIn(layout.pool).map(({ name }) => name.slice(0, 64)));
  for (const { file } of filesIn(layout.trees)) if (isNew(file) && !isComplete(file, blobs)) unlinkSync(file);
  for (const { file } of filesIn(layout.results)) if (isNew(file) && !isWhole(file)) unlinkSync(file);
  const profiles = readdirSync(layout.profiles).map((name) => `${layout.profiles}/${name}`);
  for (const folder of [layout.roots, ...profiles]) {
    for (const name of readdirSync(folder)) {
      const file = `${folder}/${name}`;
      if (isNew(file) && !isWhole(file)) unlinkSync(file);
    }
  }
  for (const folder of [layout.checkouts, layout.outputs]) {
    for (const name of readdirSync(folder)) {
      if (isNew(`${folder}/${name}`)) rmSync(`${folder}/${name}`, { recursive: true });
    }
  }
  system.syncFileSystem(guard);
  for (const name of stale) rmSync(`${layout.sessions}/${name}`, { force: true });
}

/**
 * When a session began, in milliseconds since 1970. A journal without a beginning was never flushed, which the kernel
 * does within a minute: then it is as old as its last change.
 */
function beganAt(journal: string): number {
  return beginningOf(journal)?.now ?? statSync(journal).mtimeMs;
}

function filesIn(folder: string): { readonly file: string; readonly name: string }[] {
  return readdirSync(folder).flatMap((fan) =>
    readdirSync(`${folder}/${fan}`).map((name) => ({ file: `${folder}/${fan}/${name}`, name })),
  );
}

function isIntact(file: string, name: string): boolean {
  const hex = /^([0-9a-f]{64})(\.|$)/.exec(name)?.[1];
  return hex !== undefined && !name.includes(".tmp") && hashFile(file).digest === digestFromHex(hex);
}

/** A tree's record may have reached the disk before the blobs that it names. */
function isComplete(file: string, blobs: ReadonlySet<string>): boolean {
  const record = readFileSync(file);
  let complete = true;
  eachBlob(record, (at) => {
    complete &&= blobs.has(record.toString("latin1", at, at + 64));
  });
  return complete;
}

/** Statements, roots and generations are lines of JSON; cut off or full of zeros they are not. */
function isWhole(file: string): boolean {
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    if (lines.pop() !== "" || lines.length === 0) return false;
    for (const line of lines) JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
