// The machine that an image is made for: what it adds to the image.
// Pure. Knows how the two are put together; does not know how packages are chosen.

import type { Assembled, Assembly } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { type MachineManifest, machineKind } from "../machine/schema.ts";
import { isManifest } from "../package/debian.ts";
import { assembled } from "../tools/plan.ts";
import type { ImageManifest } from "./schema.ts";

export interface Machine {
  readonly own: Assembled;
  readonly manifest: MachineManifest;
}

/** The one that a manifest names, as it stands for a target. */
export function machineOf(
  assembly: Assembly,
  { references }: Assembled,
  target: Target,
): Machine | undefined {
  const reference = references.find(({ kind }) => kind === machineKind.name);
  if (reference === undefined) return undefined;
  const own = assembled(assembly, reference.file);
  return { own, manifest: settle(own, machineKind, { ...target, machine: own.name }).manifest };
}

/** The image with the packages by name that the machine has, and its command line before the image's own, which so has the last word. */
export function withMachine(image: ImageManifest, machine: Machine | undefined): ImageManifest {
  if (machine === undefined) return image;
  const { kernel, packages } = machine.manifest;
  const { package: kernelPackage, commandLine } = kernel;
  const names = [...packages.filter((name) => !isManifest(name)), ...(kernelPackage ? [kernelPackage] : [])];
  const lines = [commandLine, image.kernel.commandLine].filter((line) => line !== undefined);
  return {
    ...image,
    packages: [...image.packages, ...names],
    kernel: { ...image.kernel, ...(lines.length > 0 && { commandLine: lines.join(" ") }) },
  };
}
