// Planning packages that kit builds or takes as they are.
// Pure. Knows the builders of packages; does not know images.

import type { Planning } from "../../evaluator/evaluate.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { allOf, type Lost, lost } from "../../evaluator/refusals.ts";
import type { Input } from "../../store/model/derivation.ts";
import { Fault, unreachable } from "../../store/model/fault.ts";
import type { ToolchainFor } from "../buildroot/root.ts";
import { planDebFiles } from "../deb-files/plan.ts";
import { planDebPrebuilt } from "../deb-prebuilt/plan.ts";
import { distroNamed } from "../distro/named.ts";
import type { Made, MadeSet } from "../distro/package.ts";
import { requireDeb, requireRpm } from "../distro/source.ts";
import { planRpmPrebuilt } from "../rpm/prebuilt.ts";
import { planTrees, type TreePackage } from "../sysroot/plan.ts";
import { assembled } from "../tools/plan.ts";
import { withLocalModes } from "./file.ts";
import { debLanguage, type Language, rpmLanguage } from "./language.ts";
import { packageFiles, packageReferences, refuseSameName, withLocalNames } from "./local.ts";
import { mainOf } from "./main.ts";
import type { Needs } from "./needs.ts";
import { packageKind } from "./schema.ts";
import { needsInSet, type Plannable, planSet } from "./set.ts";
import { settledPackage } from "./settled.ts";
import { planToolchain } from "./toolchain.ts";
import { isTreeManifest } from "./tree.ts";

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
 * The packages in these files and those they depend on, by file, with those that they are built with: what was linked
 * against one of them needs it where it runs. Undefined while a question is open.
 *
 * @throws {Fault} `manifest/unsupported-architecture`, `manifest/name-clash`
 */
export function planPackages(
  planning: Planning,
  files: readonly string[],
  target: Target,
): readonly LocalPackage[] | undefined {
  const { assembly } = planning.world;
  const { buildType } = target;
  const asked = packageFiles(assembly, files, buildType);
  const met = packageFiles(assembly, asked, buildType, ["dependencies", "buildDependencies"]).filter(
    (file) => asked.includes(file) || !isTree(planning, file, target),
  );
  refuseSameName(assembly, met, target);
  const items = met.map((file) => ({ file, target }));
  const { manifest: distro } = distroNamed(target.distro, target.arch, assembly);
  // What is built of a spec in a root of debs is no package of theirs.
  if (items.some(isBuiltBy(planning, "rpm"))) requireRpm(distro);
  const planned = allOf(planEach(planning, items));
  if (planned.includes(undefined)) return undefined;
  const packages = planned.flatMap((items) => items ?? []);
  const language = distro.format === "rpm" ? rpmLanguage : debLanguage;
  const brought = new Set(
    packages.flatMap((item) => broughtBy(item, packages, { assembly, target, language })),
  );
  const isBrought = (file: string): boolean => [...brought].some((item) => item.file === file);
  return packages.map((item) => {
    const isMeant = item.isMain && asked.includes(item.file);
    const isAsked = isMeant && (files.includes(item.file) || !isBrought(item.file));
    return { ...item, standing: isAsked ? "asked" : brought.has(item) ? "brought" : "offered" };
  });
}

/**
 * What each of these makes, sources of one builder, distribution, architecture and build type with each other's packages,
 * and with those of `all`, whichever of them are asked for.
 */
export function planEach(
  planning: Planning,
  items: readonly Plannable[],
  all: readonly Plannable[] = items,
): readonly (readonly MadePackage[] | undefined | Lost)[] {
  const wanted = items.map(({ file }) => file);
  const together = setsIn(planning, all).map(({ builder, items: each, ...means }) =>
    planSet(planning, builder, each, { ...means, wanted }),
  );
  return items.map((item) => {
    const own = together.find((planned) => planned.has(item.file));
    if (own === undefined)
      return planning.attempt(item.file, () => planPackage(planning, item.file, item.target));
    const packages = own.get(item.file);
    return packages === lost || packages === undefined
      ? packages
      : withMain(assembled(planning.world.assembly, item.file).name, item.file, packages);
  });
}

/**
 * Who of `all` is built with whom of its set though no manifest may say so: as their texts tell and building them turns out
 * to ask for, and what some of them (`built`) turn out to provide, as far as that is known. Undefined while a text is open.
 */
export function sourceNeeds(
  planning: Planning,
  all: readonly Plannable[],
  {
    built,
    present,
  }: {
    readonly built: readonly Plannable[];
    /** Those that take part in that: who is ignored does not. */
    readonly present: readonly Plannable[];
  },
): Needs | undefined {
  const sources = built.filter((item) => isSource(planning, item));
  const packages = sources.length === 0 ? [] : planEach(planning, sources, present);
  const made = new Map(
    packages.flatMap((items, i) => {
      const item = sources[i];
      return item === undefined || items === undefined || items === lost ? [] : [[item.file, items] as const];
    }),
  );
  const needs = setsIn(planning, all).map(({ builder, items, ...means }) =>
    needsInSet(planning, builder, items, { ...means, made }),
  );
  if (needs.includes(undefined)) return undefined;
  const known = needs.flatMap((each) => each ?? []);
  return {
    of: new Map(known.flatMap((each) => [...each.of])),
    isOpen: known.some(({ isOpen }) => isOpen),
  };
}

/** Builders of sources that are built with each other's packages. */
const ofSources = ["rpm", "deb-source"] as const;

function isSource(planning: Planning, item: Plannable): boolean {
  return ofSources.some((builder) => isBuiltBy(planning, builder)(item));
}

/** Those that are built with each other's packages. */
function setsIn(planning: Planning, all: readonly Plannable[]) {
  const planBeside = (files: readonly string[], target: Target) => debsOf(planning, target)(files);
  return ofSources.flatMap((builder) => {
    const own = all.filter(isBuiltBy(planning, builder));
    const sets = Map.groupBy(own, ({ target }) => Object.values(target).join(" "));
    return [...sets.values()].map((items) => ({
      ...{ builder, items, planBeside },
      toolchain: toolchainOf(planning, items[0]?.target),
    }));
  });
}

/** Planned once for all who are built with it. */
function toolchainOf(planning: Planning, target: Target | undefined): ToolchainFor {
  const planned = new Map<string, MadeSet | undefined>();
  return (arch) => {
    if (target && !planned.has(arch))
      planned.set(
        arch,
        planToolchain(planning, { ...target, arch }, (...asked) => allOf(planEach(...asked))),
      );
    return planned.get(arch);
  };
}

/** Whether it is built into a tree, and is no package. */
function isTree({ world }: Planning, file: string, target: Target): boolean {
  return isTreeManifest(settle(assembled(world.assembly, file), packageKind, target).manifest);
}

function isBuiltBy({ world }: Planning, builder: string): (item: Plannable) => boolean {
  return ({ file, target }) =>
    settle(assembled(world.assembly, file), packageKind, target).manifest.builder === builder;
}

/** What its file itself depends on, of what its manifest names: one that somebody else built need not. */
function broughtBy(
  { file, stanza }: MadePackage,
  all: readonly MadePackage[],
  {
    assembly,
    target,
    language,
  }: {
    readonly assembly: Assembly;
    readonly target: Target;
    readonly language: Language;
  },
): MadePackage[] {
  const { needsOf, isSimple, namesIn, givenBy } = language;
  // Where another would do as well, it is not needed.
  const needed = new Set(needsOf(stanza).filter(isSimple).flatMap(namesIn));
  const references = packageReferences(assembly, file, target.buildType, "dependencies");
  const named = new Set(references.map((reference) => reference.file));
  return all.filter((item) => named.has(item.file) && givenBy(item.stanza).some((name) => needed.has(name)));
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
  const toolchain = toolchainOf(planning, target);
  return planTrees(planning, [file], target, { planDebs: debsOf(planning, target), toolchain });
}

/** Packages of manifests for the root that something is built in. */
function debsOf(planning: Planning, target: Target) {
  return (files: readonly string[]): MadeSet | undefined => {
    const packages = planPackages(planning, files, target);
    return packages && { packages, asked: packageRequests(packages).asked };
  };
}

/** What a manifest makes that is planned by itself; undefined while a question is open. */
function planPackage(planning: Planning, file: string, target: Target): readonly MadePackage[] | undefined {
  const { manifest, locals, variables, local, architecture, place } = settledPackage(planning, file, target);
  switch (manifest.builder) {
    case "deb-files": {
      requireDeb(
        distroNamed(target.distro, target.arch, planning.world.assembly).manifest,
        place(["builder"]),
      );
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
          locals: contents,
          packages,
          variables,
          buildType: target.buildType,
          distro: target.distro,
          place,
        }),
      );
    }
    case "deb-prebuilt":
      return alone(
        file,
        planDebPrebuilt(planning, manifest, {
          local,
          architecture: target.arch,
          place: (key) => place(["sources", 0, ...(key === undefined ? [] : [key])]),
        }),
      );
    case "deb-source":
    case "rpm":
      throw new Error(`${file} is planned with the others that are built together`);
    case "rpm-prebuilt":
      return alone(
        file,
        planRpmPrebuilt(planning, manifest, {
          local,
          architecture: target.arch,
          place: (key) => place(["sources", 0, ...(key === undefined ? [] : [key])]),
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
          place: place(["builder"]),
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

/** What packages that are built into trees install, by their manifests as this one writes them. */
function planTakenTrees(
  planning: Planning,
  file: string,
  target: Target,
): ReadonlyMap<string, Input> | undefined {
  const references = packageReferences(planning.world.assembly, file, target.buildType, "files");
  const planned = references.map((reference) => {
    const own = planSysroot(planning, reference.file, target)?.at(-1);
    return own && ([reference.to, { derivation: own.derivation, output: "files" }] as const);
  });
  const known = planned.flatMap((item) => (item === undefined ? [] : [item]));
  return known.length < planned.length ? undefined : new Map(known);
}
