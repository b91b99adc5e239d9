// Planning a set of packages: each for what its own manifest says it is built for.
// Pure. Knows which take part; does not know how they are built.

import type { PlannedOutput, Planning } from "../../evaluator/evaluate.ts";
import type { Assembled, Assembly } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { Fault } from "../../store/model/fault.ts";
import { planPackageOutput } from "../package/plan.ts";
import { packageKind } from "../package/schema.ts";
import { targetOf } from "../realizer/targets.ts";
import { assembled } from "../tools/plan.ts";
import { packagesKind } from "./schema.ts";
import { type Choosable, selectPackages } from "./select.ts";

/**
 * Those that are chosen and can be built for the wish: what is made for another architecture, or not as this build type,
 * is left out.
 *
 * @throws {Fault} `usage/unknown-package`, `usage/nothing-selected`, `usage/unknown-output`
 */
export function planPackageSet(planning: Planning, file: string): readonly PlannedOutput[] {
  const { world, wish } = planning;
  const own = assembled(world.assembly, file);
  const { manifest } = settle(own, packagesKind, targetOf(world.assembly, file, wish, world.host));
  const { only = [], ignore = [], dependents = "none" } = wish.select ?? {};
  const selection = { only, dependents, ignore: [...ignore, ...manifest.ignore] };
  const chosen = selectPackages(choosable(world.assembly, membersOf(own)), selection);
  const targets = chosen.map((item) => ({
    ...item,
    target: targetOf(world.assembly, item.file, wish, world.host),
  }));
  const able = targets.filter((item) => isFor(world.assembly, item.file, item.target));
  if (able.length === 0)
    throw new Fault("usage/nothing-selected", `no package is left to build of ${manifest.name}`, {
      hint: "all are ignored, or made for another architecture or build type",
    });
  return able.flatMap((item) => planPackageOutput(planning, item.file, item.target));
}

/** Manifests of packages that a set names, or has in its folders. */
export function membersOf({ references }: Assembled): string[] {
  return [...new Set(references.flatMap(({ kind, file }) => (kind === packageKind.name ? [file] : [])))];
}

/** Packages with what each needs, those first that others need. */
export function choosable(assembly: Assembly, files: readonly string[]): Choosable[] {
  const ordered = new Map<string, Choosable>();
  const visit = (file: string) => {
    if (ordered.has(file)) return;
    const { name, references } = assembled(assembly, file);
    const needs = references.flatMap((one) => (one.kind === packageKind.name ? [one.file] : []));
    for (const other of needs) visit(other);
    ordered.set(file, { file, name, needs: [...new Set(needs)] });
  };
  for (const file of files) visit(file);
  const wanted = new Set(files);
  return [...ordered.values()].filter(({ file }) => wanted.has(file));
}

function isFor(assembly: Assembly, file: string, target: Target): boolean {
  const { architectures, buildTypes } = settle(assembled(assembly, file), packageKind, target).manifest;
  const made = ["any", "all", "noarch", target.arch].some((name) =>
    (architectures as readonly string[]).includes(name),
  );
  return made && buildTypes.includes(target.buildType);
}
