// Mending after a power cut: what may be torn is looked at, and goes where it is.
// Knows what a journal of another boot means; does not know what is built again.

import { readdirSync, readFileSync, rmSync, statSync, unlinkSync } from "node:fs";
import { bootOf } from "./holds.ts";
import type { Layout } from "./layout.ts";
import { digestFromHex } from "./model/digest.ts";
import { hashFile } from "./pool.ts";
import type { System } from "./system.ts";

/**
 * A session that ended in a power cut left its journal with another boot's id. Files written since may be
 * there by name and empty or torn in content, so each pool member and record of that time is rehashed and the
 * bad ones go. A statement is written only after what it names is flushed, so none names what goes here; it may be
 * torn itself. Checkouts and outputs of that time are made again when they are wanted.
 */
export function mendAfterPowerCut(layout: Layout, system: System, bootId: string, guard: number): void {
  const stale = readdirSync(layout.sessions).filter(
    (name) => bootOf(`${layout.sessions}/${name}`) !== bootId,
  );
  if (stale.length === 0) return;
  const since = Math.min(...stale.map((name) => statSync(`${layout.sessions}/${name}`).mtimeMs)) - 60_000;
  for (const folder of ["pool", "trees"] as const) {
    for (const fan of readdirSync(`${layout.root}/${folder}`)) {
      for (const name of readdirSync(`${layout.root}/${folder}/${fan}`)) {
        const file = `${layout.root}/${folder}/${fan}/${name}`;
        if (statSync(file).ctimeMs >= since && !isIntact(file, name)) unlinkSync(file);
      }
    }
  }
  for (const fan of readdirSync(layout.results)) {
    for (const name of readdirSync(`${layout.results}/${fan}`)) {
      const file = `${layout.results}/${fan}/${name}`;
      if (statSync(file).ctimeMs >= since && !isWhole(file)) unlinkSync(file);
    }
  }
  const profiles = readdirSync(layout.profiles).map((name) => `${layout.profiles}/${name}`);
  for (const folder of [layout.roots, ...profiles]) {
    for (const name of readdirSync(folder)) {
      const file = `${folder}/${name}`;
      if (statSync(file).ctimeMs >= since && !isWhole(file)) unlinkSync(file);
    }
  }
  for (const folder of [layout.checkouts, layout.outputs]) {
    for (const name of readdirSync(folder)) {
      if (statSync(`${folder}/${name}`).ctimeMs >= since) rmSync(`${folder}/${name}`, { recursive: true });
    }
  }
  system.syncFileSystem(guard);
  for (const name of stale) rmSync(`${layout.sessions}/${name}`, { force: true });
}

function isIntact(file: string, name: string): boolean {
  const hex = /^([0-9a-f]{64})(\.|$)/.exec(name)?.[1];
  return hex !== undefined && !name.includes(".tmp") && hashFile(file).digest === digestFromHex(hex);
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
