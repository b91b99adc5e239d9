// The kit that tests run is built from the sources that are tested.
// Knows when a bundle is older than what it is made of; does not know what is in it.

import { execFileSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

const repository = join(import.meta.dirname, "../..");

/** `npm install` builds it; whoever edits a source afterwards would test what it was before. */
export function setup(): void {
  const sources = ["cli", "builders", "evaluator", "store"].flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(?:ts|css)$/.test(name))
      .map((name) => join(repository, folder, name)),
  );
  const timeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const built = timeOf(join(repository, "dist/keeper.mjs"));
  if (sources.every((file) => timeOf(file) <= built)) return;
  execFileSync(process.execPath, ["cli/bundle.ts"], { cwd: repository, stdio: "inherit" });
}
