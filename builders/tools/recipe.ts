// How a tool environment is planned: packages laid side by side, none of their scripts run.
// Pure: makes derivations; does not merge trees.

import * as z from "zod/mini";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import type { PackageInput } from "../rootfs/recipe.ts";

export const toolsVersions = { tools: "1" } as const;

export interface ToolsParameters {
  readonly architecture: string;
  readonly packages: readonly string[];
}

/** Output `root`: a tree to run tools in. */
export function toolsDerivation(
  label: string,
  architecture: string,
  packages: readonly PackageInput[],
): Derivation {
  const sorted = [...packages].sort((a, b) => (a.key < b.key ? -1 : 1));
  const inputs: Record<string, Input> = {};
  for (const { key, deb, unpacked } of sorted) {
    inputs[`deb ${key}`] = deb;
    for (const output of ["control", "data", "list"])
      inputs[`${output} ${key}`] = { derivation: unpacked, output };
  }
  const parameters: ToolsParameters = { architecture, packages: sorted.map(({ key }) => key) };
  return derivation({
    builder: "tools",
    label,
    parameters: { ...parameters },
    inputs,
    system: architecture,
    outputs: ["root"],
  });
}

const shape = z.object({ architecture: z.string(), packages: z.array(z.string()) });

export function toolsParameters(parameters: unknown): ToolsParameters {
  return z.parse(shape, parameters);
}
