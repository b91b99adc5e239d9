// Planning packages that kit builds or takes as they are.
// Pure. Knows the builders of packages; does not know images.

import { parseRelations } from "../../evaluator/deb/relation.ts";
import { fieldOf, type Stanza } from "../../evaluator/deb/stanza.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { linesOf } from "../../evaluator/rpm/listing.ts";
import { poolTime } from "../../store/layout.ts";
import type { BuildType, Input } from "../../store/model/derivation.ts";
import { Fault, unreachable } from "../../store/model/fault.ts";
import { controlFields, debFilesDerivation } from "../deb-files/recipe.ts";
import { planDebPrebuilt } from "../deb-prebuilt/plan.ts";
import { planDebSource } from "../deb-source/plan.ts";
import { distroNamed } from "../distro/named.ts";
import type { Made } from "../distro/package.ts";
import { requireDeb, requireRpm } from "../distro/source.ts";
import { planRpmPrebuilt } from "../rpm/prebuilt.ts";
import { planSource } from "../source/plan.ts";
import { planTrees, type TreePackage } from "../sysroot/plan.ts";
import { assembled, planTools } from "../tools/plan.ts";
import type { DebFilesManifest } from "./deb-files.ts";
import type { DebSourceManifest } from "./deb-source.ts";
import { isManifest } from "./debian.ts";
import { withLocalModes } from "./file.ts";
import { packageFiles, packageReferences, refuseSameName, withLocalNames } from "./local.ts";
import { mainOf } from "./main.ts";
import { packageKind } from "./schema.ts";
import { settledPackage } from "./settled.ts";
import { planSpecs } from "./specs.ts";

/** A package kit makes, for who asks for some: what the resolver needs to know, and where its file comes from. */
export interface LocalPackage extends MadePackage {
  /**
   * `brought`: there for another of them alone, which depends on it. `offered`: made of the same source as one that is
   * asked for, and taken where something needs it.
   */
  readonly standing: "asked" | "brought" | "offered";
}

export interface MadePackage extends Made {
  /** Its manifest. */
  readonly file: string;
  /** Whether it is what the manifest is named for, and not one that its source makes beside. */
  readonly isMain: boolean;
}

/**
 * The packages in these files and those they depend on, by file. Undefined while a question is open.
 *
 * @throws {Fault} `manifest/unsupported-architecture`, `manifest/name-clash`
 */
export function planPackages(
  planning: Planning,
  files: readonly string[],
  target: Target,
): readonly LocalPackage[] | undefined {
  const met = packageFiles(planning.world.assembly, files);
  refuseSameName(planning.world.assembly, met, target);
  const items = met.map((file) => ({ file, target }));
  // What is built of a spec in a root of debs is no package of theirs.
  if (items.some(isSpec(planning)))
    requireRpm(distroNamed(target.distro, target.arch, planning.world.assembly).manifest);
  const planned = planEach(planning, items);
  if (planned.includes(undefined)) return undefined;
  const packages = planned.flatMap((items) => items ?? []);
  const brought = new Set(packages.flatMap((item) => broughtBy(item, packages, planning.world.assembly)));
  const isBrought = (file: string): boolean => [...brought].some((item) => item.file === file);
  return packages.map((item) => {
    const isAsked = item.isMain && (files.includes(item.file) || !isBrought(item.file));
    return { ...item, standing: isAsked ? "asked" : brought.has(item) ? "brought" : "offered" };
  });
}

export interface Plannable {
  readonly file: string;
  readonly target: Target;
}

/** What each of these makes, specs of one distribution, architecture and build type with each other's packages. */
export function planEach(
  planning: Planning,
  items: readonly Plannable[],
): readonly (readonly MadePackage[] | undefined)[] {
  const specs = Map.groupBy(items.filter(isSpec(planning)), ({ target }) => Object.values(target).join(" "));
  const together = [...specs.values()].map((each) =>
    planSpecs(planning, each, (files, target) => debsOf(planning, target)(files)),
  );
  return items.map(({ file, target }) => {
    const own = together.find((planned) => planned.has(file));
    if (own === undefined) return planPackage(planning, file, target);
    const { name } = assembled(planning.world.assembly, file);
    const packages = own.get(file);
    return packages && withMain(name, file, packages);
  });
}

function isSpec({ world }: Planning): (item: Plannable) => boolean {
  return ({ file, target }) =>
    settle(assembled(world.assembly, file), packageKind, target).manifest.builder === "rpm";
}

/** What its file itself depends on, of what its manifest names: one that somebody else built need not. */
function broughtBy(
  { file, stanza }: MadePackage,
  all: readonly MadePackage[],
  assembly: Assembly,
): MadePackage[] {
  const needed = new Set(neededBy(stanza));
  const named = new Set(packageReferences(assembly, file).map((reference) => reference.file));
  return all.filter((item) => named.has(item.file) && givenBy(item.stanza).some((name) => needed.has(name)));
}

/** Debs need packages, where no other would do as well; rpms need what packages provide. */
function neededBy(stanza: Stanza): string[] {
  const relations = ["Pre-Depends", "Depends"].flatMap((field) =>
    parseRelations(fieldOf(stanza, field) ?? ""),
  );
  const debs = relations.flatMap(([one, ...others]) => (one && others.length === 0 ? [one.name] : []));
  return [...debs, ...["Requires-Pre", "Requires"].flatMap((field) => capabilities(stanza, field))];
}

function givenBy(stanza: Stanza): string[] {
  return [stanza["Package"] ?? "", ...capabilities(stanza, "Provides"), ...linesOf(stanza, "Files")];
}

/** Of a field of an rpm's, one relation a line, without what versions they are of. */
function capabilities(stanza: Stanza, field: string): string[] {
  return linesOf(stanza, field).map((line) => line.split(" ", 1)[0] ?? "");
}

/** By name those that are asked for, and those that others of them bring. */
export function packageRequests(packages: readonly LocalPackage[]) {
  const names = (wanted: LocalPackage["standing"]) =>
    packages.filter(({ standing }) => standing === wanted).map(({ stanza }) => stanza["Package"] ?? "");
  return { asked: names("asked"), brought: names("brought") };
}

/** What is built into the sysroot of a manifest: what it depends on, then it; undefined while a question is open. */
export function planSysroot(
  planning: Planning,
  file: string,
  target: Target,
): readonly TreePackage[] | undefined {
  return planTrees(planning, [file], target, debsOf(planning, target));
}

/** Packages of manifests for the root that something is built in. */
function debsOf(planning: Planning, target: Target) {
  return (files: readonly string[]) => {
    const locals = planPackages(planning, files, target);
    return locals && { locals, asked: packageRequests(locals).asked };
  };
}

/** What a manifest makes that is planned by itself; undefined while a question is open. */
function planPackage(planning: Planning, file: string, target: Target): readonly MadePackage[] | undefined {
  const { own, manifest, locals, variables, local, architecture } = settledPackage(planning, file, target);
  switch (manifest.builder) {
    case "deb-files": {
      const packages = planTakenTrees(planning, file, target);
      if (packages === undefined) return undefined;
      const contents = new Map(locals.map(({ file: written }) => [written, local(written)]));
      const isExecutable = (written: string) =>
        locals.some((local) => local.file === written && planning.world.executables.has(local.at));
      const complete = {
        ...withLocalNames(planning.world.assembly, file, manifest, target),
        files: withLocalModes(manifest.files, isExecutable),
      };
      return alone(
        file,
        planDebFiles(planning, complete, {
          architecture,
          contents,
          packages,
          variables,
          buildType: target.buildType,
          distro: target.distro,
        }),
      );
    }
    case "deb-prebuilt":
      return alone(
        file,
        planDebPrebuilt(planning, manifest, {
          local,
          architecture: target.arch,
          place: own.document.place(["sources", 0]),
        }),
      );
    case "deb-source": {
      const distro = requireDeb(distroNamed(target.distro, target.arch, planning.world.assembly).manifest);
      // Its own version is that of the source package it is made of.
      const sources = manifest.sources.map((source) =>
        "dsc" in source && source.version === undefined && manifest.version !== undefined
          ? { ...source, version: manifest.version }
          : source,
      );
      const tree = planSource(planning, {
        ...{ name: manifest.name, sources, patches: manifest.patches, distro, local },
        place: (path) => own.document.place([...path]),
      });
      const built = planBuildDependencies(planning, file, manifest, target);
      if (tree === undefined || built === undefined) return undefined;
      const items = planDebSource(planning, {
        ...{ manifest, target, distro, ...built, source: tree },
        place: (key) => own.document.place([key]),
      });
      return items && withMain(manifest.name, file, items);
    }
    case "rpm":
      throw new Error(`${file} is planned with the other specs`);
    case "rpm-prebuilt":
      return alone(
        file,
        planRpmPrebuilt(planning, manifest, {
          local,
          architecture: target.arch,
          place: own.document.place(["sources", 0]),
        }),
      );
    case "cmake":
    case "meson":
    case "autotools":
    case "make":
    case "script":
      throw new Fault(
        "manifest/not-installable",
        `${manifest.name} is built into a sysroot and is no package to install`,
        {
          place: own.document.place(["builder"]),
          hint: "a package of files takes what it made: builder: deb-files, files: [{path: /usr/lib/x, from: ./x.yaml, subpath: /lib}]",
        },
      );
    default:
      return unreachable(manifest);
  }
}

function alone(file: string, item: Made | undefined): readonly MadePackage[] | undefined {
  return item && [{ ...item, file, isMain: true }];
}

function withMain(name: string, file: string, items: readonly Made[]): MadePackage[] {
  const main = mainOf(name, items);
  return items.map((item) => ({ ...item, file, isMain: main.includes(item) }));
}

/** What a source is built with beside its own Build-Depends: names, and packages of manifests. */
function planBuildDependencies(
  planning: Planning,
  file: string,
  { buildDependencies }: Pick<DebSourceManifest, "buildDependencies">,
  target: Target,
): { readonly locals: readonly LocalPackage[]; readonly needs: readonly string[] } | undefined {
  const references = packageReferences(planning.world.assembly, file, "buildDependencies");
  const debs = debsOf(planning, target)(references.map((reference) => reference.file));
  const names = buildDependencies.filter((name) => !isManifest(name));
  return debs && { locals: debs.locals, needs: [...names, ...debs.asked] };
}

/** What packages that are built into trees install, by their manifests as this one writes them. */
function planTakenTrees(
  planning: Planning,
  file: string,
  target: Target,
): ReadonlyMap<string, Input> | undefined {
  const references = packageReferences(planning.world.assembly, file, "files");
  const planned = references.map((reference) => {
    const own = planSysroot(planning, reference.file, target)?.at(-1);
    return own && ([reference.to, { derivation: own.derivation, output: "files" }] as const);
  });
  const known = planned.flatMap((item) => (item === undefined ? [] : [item]));
  return known.length < planned.length ? undefined : new Map(known);
}

interface DebFilesContext {
  readonly architecture: string;
  readonly contents: ReadonlyMap<string, ReturnType<Planning["world"]["locals"]["get"]> & string>;
  readonly packages: ReadonlyMap<string, Input>;
  readonly variables: ReadonlyMap<string, string>;
  readonly buildType: BuildType;
  /** Name of the distribution it is built for. */
  readonly distro: string;
}

function planDebFiles(
  planning: Planning,
  manifest: DebFilesManifest,
  context: DebFilesContext,
): Made | undefined {
  const { architecture, contents, packages, variables, buildType, distro } = context;
  const tools = planTools(planning, "dpkg", distro);
  const launcher = planTools(planning, "launcher", distro);
  if (tools === undefined || launcher === undefined) return undefined;
  const epoch = manifest.sourceDateEpoch ?? poolTime;
  const built = debFilesDerivation({
    manifest,
    architecture,
    buildType,
    locals: contents,
    packages,
    variables,
    epoch,
    tools,
    launcher,
  });
  return {
    stanza: controlFields(manifest, architecture),
    archive: { derivation: built, output: "deb" },
    label: built.label,
  };
}
