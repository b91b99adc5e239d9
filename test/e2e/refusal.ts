// A command that must fail: with which code and status, and what it must not leave behind.
// Knows what a refusal looks like from outside; does not know why it came.

import { readdirSync } from "node:fs";
import { expect } from "vitest";
import { codes, type KitOptions, kit, told } from "./kit.ts";
import { flawsOf } from "./sound.ts";

export interface Refusal {
  /** Everything a person would read: messages, hints and details of all faults. */
  readonly text: string;
  readonly places: readonly string[];
  /** The same with the columns. */
  readonly spots: readonly string[];
}

export interface RefusalOptions extends KitOptions {
  readonly store: string;
  /** A lock is written before anything is built, so what fails in building leaves a sound one. */
  readonly keepsLock?: boolean;
}

/**
 * Runs the command and asserts its exit status and the codes of its faults (each once, in any order), that it printed no output,
 * and that folder and store are as they were or sound.
 */
export async function refuses(
  argv: readonly string[],
  options: RefusalOptions,
  status: number,
  ...wanted: readonly string[]
): Promise<Refusal> {
  const before = filesIn(options.cwd, options.store);
  const outcome = await kit([...argv, "--json"], options);
  const said = outcome.stderr.split("\n").filter((line) => !line.includes('"type":"progress"'));
  expect(
    { status: outcome.status, codes: [...new Set(codes(outcome))].sort() },
    said.slice(-4).join("\n"),
  ).toEqual({
    status,
    codes: [...wanted].sort(),
  });
  expect(outcome.stdout).toBe("");
  const locked = (name: string) => options.keepsLock === true && name.endsWith(".lock");
  expect(filesIn(options.cwd, options.store).filter((name) => !locked(name))).toEqual(
    before.filter((name) => !locked(name)),
  );
  expect(flawsOf(options.store)).toEqual([]);
  const faults = told(outcome).flatMap(({ faults = [] }) => faults);
  const placed = faults.flatMap(({ place }) =>
    place === undefined ? [] : [{ ...place, file: place.file.slice(place.file.lastIndexOf("/") + 1) }],
  );
  return {
    text: faults.flatMap(({ message, hint, details = [] }) => [message, hint ?? "", ...details]).join("\n"),
    places: placed.map(({ file, line }) => `${file}:${line}`),
    spots: placed.map(({ file, line, column }) => `${file}:${line}:${column}`),
  };
}

/** Paths below a folder, the store and caches aside; no link is followed. */
function filesIn(folder: string, store: string): string[] {
  const below = (path: string): string[] =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
      const at = `${path}/${entry.name}`;
      if (at === store || entry.name.startsWith(".cache")) return [];
      return [at.slice(folder.length + 1), ...(entry.isDirectory() ? below(at) : [])];
    });
  return below(folder).sort();
}
