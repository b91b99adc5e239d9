// What a workload wants on one architecture: names, manifests of packages, and packages that nobody has made yet.
// Pure. Knows its manifest; does not know which view or image has it, nor which packages exist.

import type { Assembled } from "../../evaluator/manifest/assembly.ts";
import { isManifest } from "../package/debian.ts";
import type { Placeholder, WorkloadManifest } from "./schema.ts";

export interface Wants {
  readonly names: readonly string[];
  /** Manifests of packages, by canonical path. */
  readonly files: readonly string[];
  readonly placeholders: readonly Placeholder[];
}

export function wantsOf(
  { references }: Assembled,
  { packages, archPackages, placeholders }: WorkloadManifest,
  architecture: string,
): Wants {
  const further = Object.entries(archPackages).find(([name]) => name === architecture)?.[1] ?? [];
  return {
    names: [...packages, ...further].filter((written) => !isManifest(written)),
    files: references
      .filter(({ path }) => path[0] === "packages" || path[1] === architecture)
      .map(({ file }) => file),
    placeholders: placeholders.filter((item) => isOn(item, architecture)),
  };
}

export function isOn({ architectures }: Placeholder, architecture: string): boolean {
  return architectures === undefined || (architectures as readonly string[]).includes(architecture);
}
