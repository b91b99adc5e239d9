// A package's manifest as it stands for a target.
// Pure. Refuses targets that it is not made for; does not know how it is built.

import type { Planning } from "../../evaluator/evaluate.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { assembled } from "../tools/plan.ts";
import { architectureFor, refuseBuildType } from "./local.ts";
import { packageKind } from "./schema.ts";

/** `local` gives local files as the manifest writes them. @throws {Fault} `manifest/unsupported-architecture`, `manifest/unsupported-build-type` */
export function settledPackage(planning: Planning, file: string, target: Target) {
  const own = assembled(planning.world.assembly, file);
  const { manifest, locals, variables, place } = settle(own, packageKind, target);
  const local = (written: string) => {
    const found = locals.find((local) => local.file === written);
    const content = found && planning.world.locals.get(found.at);
    if (content === undefined) throw new Error(`${written} was not read`);
    return content;
  };
  const architecture = architectureFor(manifest.architectures, target.arch, () => place(["architectures"]));
  refuseBuildType(manifest, target.buildType, () => place(["buildTypes"]));
  return { manifest, locals, variables, local, architecture, place };
}
