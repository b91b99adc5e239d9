// Planning a set of packages: each for what its own manifest says it is built for.
// Pure. Knows which take part; does not know how they are built.

import type { PlannedOutput, Planning } from "../../evaluator/evaluate.ts";
import type { Assembled, Assembly } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { Fault } from "../../store/model/fault.ts";
import { refuseSameName } from "../package/local.ts";
import { planPackageOutputs } from "../package/outputs.ts";
import { packageKind } from "../package/schema.ts";
import { targetOf } from "../realizer/targets.ts";
import { assembled } from "../tools/plan.ts";
import { packagesKind } from "./schema.ts";
import { type Choosable, selectPackages } from "./select.ts";

/**
 * Those that are chosen and can be built for the wish: what is made for another architecture, or not as this build type,
 * is left out.
 *
 * @throws {Fault} `usage/unknown-package`, `usage/nothing-selected`, `usage/unknown-output`,
 * `manifest/name-clash`
 */
export function planPackageSet(planning: Planning, file: string): readonly PlannedOutput[] {
  const { world, wish } = planning;
  const own = assembled(world.assembly, file);
  const { manifest } = settle(own, packagesKind, targetOf(world.assembly, file, wish, world.host));
  const { only = [], ignore = [], dependents = "none" } = wish.select ?? {};
  const selection = { only, dependents, ignore: [...ignore, ...manifest.ignore] };
  const members = new Set(membersOf(own));
  // Who needs one of them may do so through another that is no member; what is named is meant wherever it is.
  const all = choosable(world.assembly, [...members]);
  const chosen = selectPackages(all, selection).filter(
    (item) => members.has(item.file) || only.includes(item.name),
  );
  const ableOf = (items: readonly Choosable[]) =>
    items
      .map((item) => ({ ...item, target: targetOf(world.assembly, item.file, wish, world.host) }))
      .filter((item) => isFor(world.assembly, item.file, item.target));
  const able = ableOf(chosen);
  if (able.length === 0)
    throw new Fault("usage/nothing-selected", `no package is left to build of ${manifest.name}`, {
      hint:
        members.size === 0
          ? "no manifest of a package is in the folder or below it"
          : "all are ignored, or made for another architecture or build type",
    });
  for (const group of Map.groupBy(able, ({ target }) => `${target.distro} ${target.arch}`).values()) {
    const [first] = group;
    if (first)
      refuseSameName(
        world.assembly,
        group.map((item) => item.file),
        first.target,
      );
  }
  // Who is built with whom is the set's to say, and not what of it is asked for today; who is ignored is not there.
  const present = selectPackages(all, { only: [], ignore: selection.ignore, dependents: "none" });
  return planPackageOutputs(planning, able, ableOf(present));
}

/** Manifests of packages that a set names, or has in its folders. */
export function membersOf({ references }: Assembled): string[] {
  return [...new Set(references.flatMap(({ kind, file }) => (kind === packageKind.name ? [file] : [])))];
}

/** These packages and those they need, each with what it needs itself, those first that others need. */
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
  return [...ordered.values()];
}

function isFor(assembly: Assembly, file: string, target: Target): boolean {
  const { architectures, buildTypes } = settle(assembled(assembly, file), packageKind, target).manifest;
  const made = ["any", "all", "noarch", target.arch].some((name) =>
    (architectures as readonly string[]).includes(name),
  );
  return made && buildTypes.includes(target.buildType);
}
