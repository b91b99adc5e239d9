// Planning packages that become part of sysroots: their sources, what each is built with, and in what.
// Pure. Knows that each sees what it declares, with what that needs, and nothing else.

import type { Planning } from "../../evaluator/evaluate.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { poolTime } from "../../store/layout.ts";
import { type Derivation, type Places, placed } from "../../store/model/derivation.ts";
import type { Place } from "../../store/model/fault.ts";
import { isCrossed } from "../buildroot/cross.ts";
import { planBuildRoot, type ToolchainFor } from "../buildroot/root.ts";
import { checksDerivation } from "../checks/recipe.ts";
import { distroNamed } from "../distro/named.ts";
import type { MadeSet } from "../distro/package.ts";
import { requireDeb } from "../distro/source.ts";
import { isManifest, writtenNames } from "../package/debian.ts";
import { packageReferences, refuseSameName } from "../package/local.ts";
import { packageKind } from "../package/schema.ts";
import { settledPackage } from "../package/settled.ts";
import { withSecrets } from "../package/shape.ts";
import { isTreeManifest, type TreeManifest } from "../package/tree.ts";
import { planSource } from "../source/plan.ts";
import { assembled, planLauncher } from "../tools/plan.ts";
import { filesInput, stepsOf, sysrootDerivation, treeDerivation } from "./recipe.ts";

/** A package that is built into a tree. */
export interface TreePackage {
  readonly file: string;
  readonly name: string;
  readonly version: string | undefined;
  /** Where its manifest names it. */
  readonly place: Place;
  /** Its output `files`. */
  readonly derivation: Derivation;
  /** Those that its manifest wants to be run. */
  readonly checks?: Derivation;
  /** Packages of the distribution that it needs to run. */
  readonly runtime: readonly string[];
}

export interface TreesMeans {
  /** Packages of manifests that a root is built with, of those named there. */
  readonly planDebs: (files: readonly string[]) => MadeSet | undefined;
  /** Packages that take the place of the distribution's own in every root that something is built in. */
  readonly toolchain: ToolchainFor;
}

/**
 * The packages of these files and those they depend on, dependencies first, each once; undefined while a question is
 * open.
 *
 * @throws {Fault} `manifest/unsupported-architecture`, `manifest/unsupported-build-type`, `manifest/name-clash`
 */
export function planTrees(
  planning: Planning,
  files: readonly string[],
  target: Target,
  means: TreesMeans,
): readonly TreePackage[] | undefined {
  const planned = plannedFor(planning, target);
  const plan = (file: string): readonly TreePackage[] | undefined => {
    if (planned.has(file)) return planned.get(file);
    const needed = dependenciesOf(planning, file, target, "dependencies").trees;
    const below = withAll(needed, plan);
    const own = planTree(planning, file, target, { ...means, plan });
    const all = own === undefined || below === undefined ? undefined : [...below, own];
    planned.set(file, all);
    return all;
  };
  const all = withAll(files, plan);
  if (all !== undefined) refuseSameName(planning.world.assembly, filesOf(all), target);
  return all;
}

type Planned = Map<string, readonly TreePackage[] | undefined>;

/** Of one planning each is planned once: a set of 24 in a chain takes 0.7 s to plan where it took 3.0. */
function plannedFor(planning: Planning, { arch, buildType, distro, machine, stage }: Target): Planned {
  const known = plannings.get(planning) ?? new Map<string, Planned>();
  plannings.set(planning, known);
  const key = [distro, arch, buildType, machine, stage].join(" ");
  const planned: Planned = known.get(key) ?? new Map();
  known.set(key, planned);
  return planned;
}

const plannings = new WeakMap<Planning, Map<string, Planned>>();

/** What each of them gives, every package once. */
function withAll(
  files: readonly string[],
  plan: (file: string) => readonly TreePackage[] | undefined,
): readonly TreePackage[] | undefined {
  const found = new Map<string, TreePackage>();
  // All are planned before any is waited for, so that their questions are asked at once.
  const each = files.map(plan);
  for (const packages of each) {
    if (packages === undefined) return undefined;
    for (const item of packages) found.set(item.file, item);
  }
  return [...found.values()];
}

function filesOf(packages: readonly TreePackage[]): string[] {
  return packages.map(({ file }) => file);
}

interface TreeMeans extends TreesMeans {
  readonly plan: (file: string) => readonly TreePackage[] | undefined;
}

function planTree(
  planning: Planning,
  file: string,
  target: Target,
  { plan, planDebs, toolchain }: TreeMeans,
): TreePackage | undefined {
  const { assembly } = planning.world;
  const { manifest, local, place } = settledPackage(planning, file, target);
  if (!isTreeManifest(manifest)) throw new Error(`${file} is built into no tree`);
  const runtime = dependenciesOf(planning, file, target, "dependencies");
  const building = dependenciesOf(planning, file, target, "buildDependencies");
  const sysroot = withAll([...runtime.trees, ...building.trees], plan);
  const debs = planDebs([...runtime.debs, ...building.debs]);
  const distro = requireDeb(distroNamed(target.distro, target.arch, assembly).manifest);
  const source = planSource(planning, {
    ...{ name: manifest.name, sources: manifest.sources, patches: manifest.patches, distro, local, place },
  });
  const { host } = planning.world;
  const crossed = isCrossed(manifest, host, target.arch);
  const launcher = planLauncher(planning, crossed ? host : target.arch, target.distro);
  const tools = toolchain(crossed ? host : target.arch);
  if (sysroot === undefined || debs === undefined || launcher === undefined || tools === undefined)
    return undefined;
  const root = planBuildRoot(planning, {
    ...{ name: manifest.name, architecture: target.arch, launcher, profiles: [] },
    asked: {
      place: place(["builder"]),
      written: new Map(writtenNames(manifest.buildDependencies, place)),
    },
    ...{ distro, locals: debs.packages, toolchain: tools, ...(crossed && { crossedOn: host }) },
    // Not by its own name: those that need the same are built in the same root.
    source: { Source: "kit", "Build-Depends": toolsOf[manifest.builder], "Rules-Requires-Root": "no" },
    more: [
      ...building.names,
      ...runtime.names,
      ...debs.asked,
      // What a library of the sysroot is linked against has to be there for who links against it.
      ...sysroot.flatMap((item) => item.runtime),
    ],
  });
  if (source === undefined || root === undefined) return undefined;
  refuseSameName(assembly, filesOf(sysroot), target);
  const build = treeDerivation({
    ...{ label: labelOf(manifest), architecture: target.arch, buildType: target.buildType, launcher, source },
    root: { derivation: root, output: "root" },
    sysroot: sysroot.length === 0 ? undefined : sysrootOf(manifest.name, sysroot, target.arch),
    parameters: {
      steps: stepsOf(manifest),
      directory: directoryOf(manifest),
      environment: manifest.environment,
      ...withSecrets(manifest),
      ...(crossed && { cross: target.arch }),
      epoch: manifest.sourceDateEpoch ?? poolTime,
    },
  });
  const derivation = placed(build, {
    "": place(["name"]),
    directory: place([manifest.builder, "directory"]),
  });
  const { test } = manifest;
  const check = typeof test === "object" ? test : undefined;
  // Crossed or not, what is checked are the target's programs.
  const checked = test === false ? undefined : planLauncher(planning, target.arch, target.distro);
  return {
    ...{ file, name: manifest.name, version: manifest.version, place: place(["name"]) },
    ...{ runtime: runtime.names, derivation },
    ...(checked && {
      checks: checksDerivation(derivation, "files", { instead: { launcher: checked }, own: check }),
    }),
  };
}

/** All of these laid side by side. */
export function sysrootOf(label: string, packages: readonly TreePackage[], architecture: string) {
  const parts = packages.map(({ name, derivation }) => ({ name, files: { derivation, output: "files" } }));
  const derivation = placed(sysrootDerivation(label, parts, architecture), sysrootPlaces(packages));
  return { derivation, output: "root" };
}

/** Where faults of several packages side by side are told. */
export function sysrootPlaces(packages: readonly Pick<TreePackage, "name" | "place">[]): Places {
  return Object.fromEntries(packages.map(({ name, place }) => [filesInput(name), place]));
}

/** What every build by a builder takes. */
const toolsOf: Readonly<Record<TreeManifest["builder"], string>> = {
  cmake: "cmake, ninja-build, pkgconf | pkg-config",
  meson: "meson, ninja-build, pkgconf | pkg-config",
  autotools: "autoconf, automake, libtool, pkgconf | pkg-config",
  make: "pkgconf | pkg-config",
  script: "pkgconf | pkg-config",
};

function directoryOf(manifest: TreeManifest): string {
  switch (manifest.builder) {
    case "cmake":
      return manifest.cmake.directory;
    case "meson":
      return manifest.meson.directory;
    case "autotools":
      return manifest.autotools.directory;
    case "make":
      return manifest.make.directory;
    case "script":
      return manifest.script.directory;
  }
}

function labelOf({ name, version }: TreeManifest): string {
  return version === undefined ? name : `${name}_${version}`;
}

/** What a manifest names: manifests of trees, those of .debs, and packages of the distribution. */
function dependenciesOf(
  { world: { assembly } }: Planning,
  file: string,
  target: Target,
  key: "dependencies" | "buildDependencies",
) {
  const files = packageReferences(assembly, file, target.buildType, key).map((reference) => reference.file);
  const isTree = (other: string) =>
    isTreeManifest(settle(assembled(assembly, other), packageKind, target).manifest);
  const { manifest } = settle(assembled(assembly, file), packageKind, target);
  const written = isTreeManifest(manifest) ? manifest[key] : [];
  return {
    trees: files.filter(isTree),
    debs: files.filter((other) => !isTree(other)),
    names: written.filter((name) => !isManifest(name)),
  };
}
