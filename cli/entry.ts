// Where kit's own files are: as sources in development, as a bundle once installed.
// Knows files and folders of kit itself; does not know the store.

import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = import.meta.url;

/** Whether this is kit as it is installed, not its sources. */
export const isBundle = !here.endsWith(".ts");

/** The entry file of one of kit's processes: beside this file, with its ending. */
export function entryFile(name: "keeper" | "thread"): URL {
  return new URL(isBundle ? `./${name}.mjs` : `./${name}.ts`, here);
}

/** The folder of kit's own code. */
export const codeFolder = dirname(fileURLToPath(here));

/** The folder of the manifests that ship. */
export const shippedManifests = join(codeFolder, "..", "manifests");

/** Where kit keeps what can be lost: memos and compiled code. */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const named = environment["XDG_CACHE_HOME"] ?? "";
  return join(isUsable(named) ? named : join(homeFolder(), ".cache"), "kit");
}

/** Relative ones are to be ignored (XDG base directories); below /proc Node tries to make a folder for ever. */
function isUsable(folder: string): boolean {
  return folder.startsWith("/") && !/^\/(proc|sys)(\/|$)/.test(folder);
}

/** Of one without a home it is where nothing can be: what can be lost is not kept. */
function homeFolder(): string {
  const nowhere = "/dev/null";
  try {
    const home = homedir();
    return isUsable(home) ? home : nowhere;
  } catch {
    return nowhere;
  }
}
