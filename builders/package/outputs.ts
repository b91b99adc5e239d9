// What `kit realize` of packages' own manifests gives out: packages to install, and trees.
// Pure. Knows how files are called; does not know how anything is made.

import { withoutEpoch } from "../../evaluator/deb/version.ts";
import type { PlannedOutput, Planning } from "../../evaluator/evaluate.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { type Lost, lost } from "../../evaluator/refusals.ts";
import type { Derivation } from "../../store/model/derivation.ts";
import { Fault } from "../../store/model/fault.ts";
import { resultFile } from "../checks/recipe.ts";
import { copyDerivation } from "../copy/recipe.ts";
import { rpmRepositoryDerivation } from "../rpm/recipe.ts";
import { sysrootOf } from "../sysroot/plan.ts";
import { assembled, planTools } from "../tools/plan.ts";
import { type MadePackage, planEach, planSysroot } from "./plan.ts";
import { isRpmManifest } from "./rpm.ts";
import { packageKind } from "./schema.ts";
import type { Plannable } from "./set.ts";
import { isTreeManifest } from "./tree.ts";

/** `kit realize` of packages' own manifests, which are some of a set: their .debs, and trees. @throws {Fault} `usage/unknown-output` */
export function planPackageOutputs(
  planning: Planning,
  packages: readonly Plannable[],
  all: readonly Plannable[] = packages,
): readonly PlannedOutput[] {
  const builderOf = ({ file, target }: Plannable) =>
    settle(assembled(planning.world.assembly, file), packageKind, target).manifest;
  const isTree = (item: Plannable) => isTreeManifest(builderOf(item));
  const trees = packages.filter(isTree);
  const others = packages.filter((item) => !isTree(item));
  const together = all.filter((item) => !isTree(item));
  const made = planEach(planning, others, together).map((items, i) => {
    const other = others[i];
    const isRpm = other !== undefined && isRpmManifest(builderOf(other));
    if (items === undefined || items === lost) return [other, items] as const;
    const packages = isRpm ? rpmOutputs(items) : items.map(debOutput);
    const { name = "" } = other ? builderOf(other) : {};
    return [other, [...packages, ...checkOutputs(items, name, other?.target.arch ?? "")]] as const;
  });
  const planned = new Map<Plannable | undefined, readonly PlannedOutput[] | undefined | Lost>([
    ...trees.map((item) => {
      const outputs = planning.attempt(item.file, () => planTreeOutputs(planning, item.file, item.target));
      return [item, outputs] as const;
    }),
    ...made,
  ]);
  const each = packages.map((item) => planned.get(item));
  const outputs = each.flatMap((items) => (items === lost ? [] : (items ?? [])));
  if (each.includes(undefined)) return outputs;
  const repository = planRepository(planning, outputs, packages[0]);
  if (repository === undefined) return outputs;
  const offered = [...outputs, ...repository];
  // What is asked for may be of one that is not there.
  if (!each.includes(lost)) refuseUnknown(offered, planning);
  return wishedOf(offered, planning);
}

/** Given out where somebody asks for them. */
const onlyWished: readonly string[] = ["sysroot", "srpm", "repository"];

/** @throws {Fault} `usage/unknown-output` */
function refuseUnknown(outputs: readonly PlannedOutput[], { wish }: Planning): void {
  const isAny = (output: string) => outputs.some(({ type, name }) => [type, name].includes(output));
  const unknown = wish.outputs?.find((output) => !isAny(output));
  if (unknown === undefined) return;
  const types = [...new Set(outputs.flatMap(({ type }) => (type === "rpm" ? [type, "repository"] : [type])))];
  const known = [...types, ...(outputs.length === types.length ? [] : outputs.map(({ name }) => name))];
  throw new Fault("usage/unknown-output", `there is no output ${unknown}`, {
    hint: `it has ${known.join(", ")}`,
  });
}

/** Those that are asked for by type or name; without a word all but what is only given out where it is asked for. */
function wishedOf(outputs: readonly PlannedOutput[], { wish }: Planning): readonly PlannedOutput[] {
  const { outputs: wished = [], requireTests = false } = wish;
  const isWished = ({ type, name }: PlannedOutput) =>
    wished.includes(type) || wished.includes(name) || (requireTests && type === checksType);
  return outputs.filter(wished.length === 0 ? ({ type }) => !onlyWished.includes(type) : isWished);
}

/** What it installs alone: `tree`; with all that it depends on, as `kit sysroot` gives it out: `sysroot`. */
function planTreeOutputs(
  planning: Planning,
  file: string,
  target: Target,
): readonly PlannedOutput[] | undefined {
  const trees = planSysroot(planning, file, target);
  const own = trees?.at(-1);
  if (trees === undefined || own === undefined) return undefined;
  const common = { name: own.name, architecture: target.arch };
  return [
    { ...common, type: "tree", derivation: own.derivation, output: "files" },
    ...checkOutputs([own], own.name, target.arch),
    { ...common, type: "sysroot", ...sysrootOf(own.name, trees, target.arch) },
  ];
}

/** How the checks of what is made of one source ended, in the file `result`: `passed` or `failed`. */
export function checkOutputs(
  items: readonly { readonly checks?: Derivation }[],
  name: string,
  architecture: string,
): PlannedOutput[] {
  const all = new Set(items.flatMap(({ checks }) => checks ?? []));
  return [...all].map((derivation) => ({
    ...{ type: checksType, name: `${name}-checks`, architecture, derivation, output: "result" },
    file: resultFile,
  }));
}

/** The type of outputs that tell how checks ended. */
export const checksType = "checks";

// As archives call packages: without the epoch, whose colon not every file system takes.

function debOutput(item: MadePackage): PlannedOutput {
  const { Package: name = "", Version: version = "", Architecture: architecture = "" } = item.stanza;
  const file = `${name}_${withoutEpoch(version)}_${architecture}.deb`;
  return { type: "deb", name, architecture, file, ...builtOf(item) };
}

/** The packages of one source, and it. */
function rpmOutputs(items: readonly MadePackage[]): PlannedOutput[] {
  const packages = items.map((item): PlannedOutput => {
    const { Package: name = "", Version: version = "", Architecture: architecture = "" } = item.stanza;
    const file = `${name}-${withoutEpoch(version)}.${architecture}.rpm`;
    return { type: "rpm", name, architecture, file, ...builtOf(item) };
  });
  const [first] = items;
  const file = first?.stanza["Source"] ?? "";
  if (first?.source === undefined || file === "") return packages;
  const built = builtOf({ archive: first.source, label: file });
  return [
    ...packages,
    { type: "srpm", name: file.replace(/-[^-]*-[^-]*$/, ""), architecture: "src", file, ...built },
  ];
}

function builtOf({ archive, label }: Pick<MadePackage, "archive" | "label">) {
  return "derivation" in archive ? archive : { derivation: copyDerivation(label, archive), output: "file" };
}

/** All .rpms as a folder that dnf reads; undefined while what makes one is open. */
function planRepository(
  planning: Planning,
  outputs: readonly PlannedOutput[],
  first: Plannable | undefined,
): readonly PlannedOutput[] | undefined {
  const rpms = outputs.filter(({ type }) => type === "rpm");
  if (rpms.length === 0 || first === undefined || !(planning.wish.outputs ?? []).includes("repository"))
    return [];
  const { distro, arch: architecture } = first.target;
  const tools = planTools(planning, "rpm", distro);
  const launcher = planTools(planning, "launcher", distro);
  if (tools === undefined || launcher === undefined) return undefined;
  const { name } = assembled(planning.world.assembly, planning.world.assembly.root);
  const files = rpms.map(({ file = "", derivation, output }) => ({
    name: file,
    rpm: { derivation, output },
  }));
  const made = rpmRepositoryDerivation(`${name} repository`, files, { tools, launcher });
  return [{ type: "repository", name, architecture, derivation: made, output: "repository" }];
}
