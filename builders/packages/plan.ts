// Planning a set of packages: each for what its own manifest says it is built for.
// Pure. Knows which take part; does not know how they are built.

import type { PlannedOutput, Planning, Wish, WishedPackages } from "../../evaluator/evaluate.ts";
import type { Assembled, Assembly } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { Fault } from "../../store/model/fault.ts";
import { packagesNamed, refuseSameName } from "../package/local.ts";
import type { Needs } from "../package/needs.ts";
import { planPackageOutputs } from "../package/outputs.ts";
import { sourceNeeds } from "../package/plan.ts";
import { packageKind } from "../package/schema.ts";
import type { Plannable } from "../package/set.ts";
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
  const choice = choose(planning, file, wish.select);
  if (choice === undefined || choice.isOpen) return [];
  const { chosen, present } = choice;
  if (chosen.length === 0) throw nothingSelected(world.assembly, file);
  for (const group of Map.groupBy(chosen, ({ target }) => `${target.distro} ${target.arch}`).values()) {
    const [first] = group;
    if (first)
      refuseSameName(
        world.assembly,
        group.map((item) => item.file),
        first.target,
      );
  }
  return planPackageOutputs(planning, chosen, present);
}

interface Choice {
  readonly chosen: readonly (Choosable & Plannable)[];
  /** All of the set that is there to be built with: who is ignored is not. */
  readonly present: readonly (Choosable & Plannable)[];
  /** Whether one may be missing, of whom it is still to be asked what building it takes. */
  readonly isOpen: boolean;
}

/**
 * Those of a set that are chosen and can be built for the wish; undefined while a text is open. Whoever turns
 * out to need one that is chosen follows, as soon as that one is built.
 *
 * @throws {Fault} `usage/unknown-package`
 */
export function choose(
  planning: Planning,
  file: string,
  { only, ignore, dependents }: WishedPackages = { only: [], ignore: [], dependents: "none" },
): Choice | undefined {
  const { world, wish } = planning;
  const own = assembled(world.assembly, file);
  const { manifest } = settle(own, packagesKind, targetOf(world.assembly, file, wish, world.host));
  const selection = { only, dependents, ignore: [...ignore, ...manifest.ignore] };
  const members = new Set(membersOf(own));
  // Who needs one of them may do so through another that is no member; what is named is meant wherever it is.
  const named = choosable(world.assembly, [...members], wish);
  const ableOf = (items: readonly Choosable[]) =>
    items
      .map((item) => ({ ...item, target: targetOf(world.assembly, item.file, wish, world.host) }))
      .filter((item) => isFor(world.assembly, item.file, item.target));
  // Who is built with whom is the set's to say, and not what of it is asked for today.
  const presentOf = (all: readonly Choosable[]) =>
    ableOf(selectPackages(all, { only: [], ignore: selection.ignore, dependents: "none" }));
  const isAsked = dependents !== "none" || selection.ignore.length > 0;
  let present = presentOf(named);
  for (let before: Choice["chosen"] = []; ; ) {
    const needs = isAsked ? sourceNeeds(planning, ableOf(named), { built: before, present }) : nobodysNeeds;
    if (needs === undefined) return undefined;
    const all = named.map((item) => ({
      ...item,
      needs: [...new Set([...item.needs, ...(needs.of.get(item.file) ?? [])])],
    }));
    const chosen = ableOf(
      selectPackages(all, selection).filter((item) => members.has(item.file) || only.includes(item.name)),
    );
    present = presentOf(all);
    if (dependents === "none" || chosen.length === before.length)
      return { chosen, present, isOpen: needs.isOpen };
    before = chosen;
  }
}

const nobodysNeeds: Needs = { of: new Map(), isOpen: false };

function nothingSelected(assembly: Assembly, file: string): Fault {
  const own = assembled(assembly, file);
  return new Fault("usage/nothing-selected", `no package is left to build of ${own.name}`, {
    hint:
      membersOf(own).length === 0
        ? "no manifest of a package is in the folder or below it"
        : "all are ignored, or made for another architecture or build type",
  });
}

/** Manifests of packages that a set names, or has in its folders. */
export function membersOf({ references }: Assembled): string[] {
  return [...new Set(references.flatMap(({ kind, file }) => (kind === packageKind.name ? [file] : [])))];
}

/** These packages and those they need, each with what it needs itself, those first that others need. */
export function choosable(
  assembly: Assembly,
  files: readonly string[],
  { buildType = "release" }: Pick<Wish, "buildType">,
): Choosable[] {
  const ordered = new Map<string, Choosable>();
  const visit = (file: string) => {
    if (ordered.has(file)) return;
    const { name } = assembled(assembly, file);
    const needs = packagesNamed(assembly, file, buildType).map((one) => one.file);
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
