// dnf itself, asked what it would install on an empty root.
// Knows how its answers are got; does not know what kit answers.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

export interface DnfUniverse {
  readonly architecture: string;
  readonly repositories: readonly {
    readonly name: string;
    readonly folder: string;
    readonly priority?: number;
    readonly exclude?: readonly string[];
  }[];
  readonly questions: readonly {
    readonly requests: readonly string[];
    readonly groups?: readonly string[];
    readonly recommends: boolean;
  }[];
}

/**
 * For each universe and question the packages as `name-version-release.architecture`, sorted; null where there is no way.
 *
 * @param scratch a folder for its caches
 */
export function askDnf(universes: readonly DnfUniverse[], scratch: string): (string[] | null)[][] {
  const { status, stdout, stderr } = spawnSync("/usr/bin/python3", [join(import.meta.dirname, "oracle.py")], {
    input: JSON.stringify(universes),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, SCRATCH: scratch },
  });
  if (status !== 0) throw new Error(`dnf: ${stderr}`);
  return JSON.parse(stdout) as (string[] | null)[][];
}
