// Goldens: texts that must not change while the version that stands above them stays.
// Knows files and the rule; does not know what the texts mean.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";

const folder = import.meta.dirname;

/**
 * Asserts a text, recorded as `NAME.txt` with its version. After a change that is meant, raise the version in the
 * code and record it with `KIT_GOLDEN=write`; a text that changed under an old version is not recorded.
 */
export function expectGolden(name: string, version: string, text: string): void {
  const file = join(folder, `${name}.txt`);
  const known = existsSync(file) ? readFileSync(file, "utf8") : undefined;
  const now = `version ${version}\n${text}`;
  if (process.env["KIT_GOLDEN"] === "write" && known !== now) {
    refuseSilentChange(name, known, now);
    writeFileSync(file, now);
    return;
  }
  expect(now, `the golden ${name}; meant? raise its version, then KIT_GOLDEN=write`).toBe(known);
}

/** @throws {Error} where the text differs and the version does not */
export function refuseSilentChange(name: string, known: string | undefined, now: string): void {
  const version = (text: string) => text.slice(0, text.indexOf("\n"));
  if (known === undefined || known === now || version(known) !== version(now)) return;
  throw new Error(
    `${name} changed, and its ${version(now)} did not: results made before would be taken for new ones`,
  );
}
