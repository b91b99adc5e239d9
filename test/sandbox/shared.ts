// The tools, made once a run and shared between test files, each with a store of its own.
// Knows who is first; does not know how they are made.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inject } from "vitest";
import { bundleKeeper, makeTools, type Tools } from "./tools.ts";

/** Made by whichever test file asks first; the others wait. 6 s with a near mirror, and 200 MB. */
export async function openTools(): Promise<Tools> {
  const folder = join(inject("scratch"), "tools");
  const [ready, failed] = [join(folder, "ready"), join(folder, "failed")];
  if (isFirst(folder)) {
    try {
      const [made, keeper] = await Promise.all([makeTools(folder), bundleKeeper(join(folder, "bundle"))]);
      writeFileSync(`${ready}.new`, JSON.stringify({ ...made, keeper }));
      renameSync(`${ready}.new`, ready);
    } catch (error) {
      writeFileSync(failed, String((error as Error).stack));
      throw error;
    }
  }
  while (!existsSync(ready)) {
    if (existsSync(failed)) throw new Error(readFileSync(failed, "utf8"));
    await sleep(50);
  }
  return JSON.parse(readFileSync(ready, "utf8")) as Tools;
}

/** A store of a test's own that has the tools: the inodes are shared, everything else is not. */
export function storeWithTools(tools: Tools): string {
  const folder = mkdtempSync(join(inject("scratch"), "kept-"));
  execFileSync("cp", ["-al", tools.store, `${folder}/store`]);
  return `${folder}/store`;
}

function isFirst(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
