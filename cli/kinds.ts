// Every kind of manifest, and how each is planned.
// Knows which there are; does not know how they are read, nor what becomes of a plan.

import { distroKind } from "../builders/distro/schema.ts";
import { planImage } from "../builders/image/plan.ts";
import { imageKind } from "../builders/image/schema.ts";
import { machineKind } from "../builders/machine/schema.ts";
import { planPackageOutputs } from "../builders/package/outputs.ts";
import { packageKind } from "../builders/package/schema.ts";
import { planPackageSet } from "../builders/packages/plan.ts";
import { packagesKind } from "../builders/packages/schema.ts";
import { targetsOf } from "../builders/realizer/targets.ts";
import { toolsKind } from "../builders/tools/schema.ts";
import { planView } from "../builders/view/plan.ts";
import { viewKind } from "../builders/view/schema.ts";
import { workloadKind } from "../builders/workload/schema.ts";
import type { PlannedOutput, Planning } from "../evaluator/evaluate.ts";
import type { Kind } from "../evaluator/kind.ts";
import { Fault } from "../store/model/fault.ts";

export const kinds: readonly Kind<unknown>[] = [
  distroKind,
  imageKind,
  machineKind,
  packageKind,
  packagesKind,
  toolsKind,
  viewKind,
  workloadKind,
] as readonly Kind<unknown>[];

/** @throws {Fault} `usage/not-realizable`, `usage/not-a-set`; what planning throws */
export function planByKind(planning: Planning): readonly PlannedOutput[] {
  const { assembly } = planning.world;
  const root = assembly.manifests.get(assembly.root);
  const [target] = targetsOf(assembly, planning.wish, planning.world.host);
  if (planning.wish.select !== undefined && root?.kind.name !== packagesKind.name)
    throw new Fault("usage/not-a-set", `${assembly.root} is no set of packages to choose from`, {
      hint: "name a folder of packages, or a manifest of kind packages",
    });
  switch (root?.kind.name) {
    case "image":
      return planImage(planning, assembly.root);
    case "package":
      if (target === undefined) return [];
      return planPackageOutputs(planning, [{ file: assembly.root, target }]);
    case "packages":
      return planPackageSet(planning, assembly.root);
    case "view":
      planView(planning, assembly.root);
      return [];
    default:
      throw new Fault("usage/not-realizable", `a ${root?.kind.name} is nothing that can be built`, {
        hint: "name the manifest of an image or of a package, or a folder of packages",
      });
  }
}
