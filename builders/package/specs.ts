// Planning packages of specs, those of one distribution, architecture and build type together.
// Pure. Knows which manifests name each other; does not know how a spec is built.

import type { Planning } from "../../evaluator/evaluate.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { distroNamed } from "../distro/named.ts";
import type { Made } from "../distro/package.ts";
import { packRpm } from "../rpm/plan.ts";
import { planTogether, type Spec } from "../rpm/together.ts";
import { isManifest } from "./debian.ts";
import { packageReferences } from "./local.ts";
import { settledPackage } from "./settled.ts";

/** Packages of manifests, and which of them are asked for by name; undefined while a question is open. */
type PlanBeside = (
  files: readonly string[],
  target: Target,
) => { readonly locals: readonly Made[]; readonly asked: readonly string[] } | undefined;

/** What each makes, by its manifest. @throws {Fault} `manifest/cycle`, `unresolved/nobody-provides` */
export function planSpecs(
  planning: Planning,
  items: readonly { readonly file: string; readonly target: Target }[],
  planBeside: PlanBeside,
): ReadonlyMap<string, readonly Made[] | undefined> {
  const { assembly } = planning.world;
  const files = new Set(items.map(({ file }) => file));
  const specs = items.map(({ file, target }): Spec => {
    const { own, manifest, local } = settledPackage(planning, file, target);
    if (manifest.builder !== "rpm") throw new Error(`${file} is no spec`);
    const { manifest: distro } = distroNamed(target.distro, target.arch, assembly);
    const references = packageReferences(assembly, file, "buildDependencies").map((one) => one.file);
    // Others of these are found as they are by what they provide.
    const names = references.filter((other) => files.has(other));
    const beside = planBeside(
      references.filter((other) => !files.has(other)),
      target,
    );
    const titled = { file, name: manifest.name, names };
    const packed =
      beside &&
      packRpm(planning, {
        ...{ manifest, target, distro, local, place: (path) => own.document.place([...path]) },
        needs: [...manifest.buildDependencies.filter((one) => !isManifest(one)), ...beside.asked],
      });
    if (beside === undefined || packed === undefined)
      return { ...titled, beside: [], declares: undefined, metOf: () => undefined, plan: () => undefined };
    const { declares, metOf, plan } = packed;
    return { ...titled, beside: beside.locals, declares, metOf, plan };
  });
  return planTogether(specs);
}
