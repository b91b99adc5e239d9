// kit's first file: answers a repeated `kit realize` from a memo, and hands everything else on.
// Loads next to nothing: all of kit takes 60 ms to load, this 5.

import { existsSync, readlinkSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { recall } from "../store/memo.ts";
import { cacheFolder } from "./entry.ts";
import { memoPlace, type RealizeMemo } from "./memo.ts";

async function answer(): Promise<boolean> {
  const place = memoPlace(process.argv.slice(2), process.cwd(), process.env);
  const recalled = place === undefined ? undefined : recall<RealizeMemo>(place);
  if (recalled === undefined) return false;
  const { value: memo, doubted } = recalled;
  if (!memo.paths.every(existsSync)) return false;
  if (!Object.entries(memo.links).every(([link, target]) => leadsTo(link, target))) return false;
  if (doubted.length > 0) {
    keepCode();
    // The parser of YAML takes 30 ms to load and use: only where a manifest was written to.
    const { stillMeans } = await import("./meaning.ts");
    if (!doubted.every(({ file, meaning }) => stillMeans(file, meaning))) return false;
  }
  process.stdout.on("error", unwritten);
  process.stdout.write(memo.lines.map((line) => `${line}\n`).join(""));
  return true;
}

function leadsTo(link: string, target: string): boolean {
  try {
    return readlinkSync(link) === target;
  } catch {
    return false;
  }
}

/** Compiled code: 40 ms less to load kit. */
function keepCode(): void {
  enableCompileCache(join(cacheFolder(process.env), "code"));
}

/** Of who reads `kit realize … | head` no failure. */
async function unwritten(error: NodeJS.ErrnoException): Promise<void> {
  if (error.code === "EPIPE") process.exit(0);
  const { noOutput, tellOutright } = await import("./outright.ts");
  process.exit(tellOutright(noOutput(error)));
}

try {
  if (!(await answer())) {
    keepCode();
    const { startEarly } = await import("./early.ts");
    startEarly(process.argv.slice(2), process.cwd(), process.env);
    await import("./main.ts");
  }
} catch (error) {
  const { tellOutright } = await import("./outright.ts");
  process.exitCode = tellOutright(error);
}
