// Planning packages that kit builds or takes as they are.
// Pure. Knows the builders of packages; does not know images.

import { parseRelations } from "../../evaluator/deb/relation.ts";
import { fieldOf, parseStanza, type Stanza } from "../../evaluator/deb/stanza.ts";
import { withoutEpoch } from "../../evaluator/deb/version.ts";
import type { PlannedOutput, Planning } from "../../evaluator/evaluate.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { poolTime } from "../../store/layout.ts";
import { type BuildType, type Input, splitContent } from "../../store/model/derivation.ts";
import { parseSha256 } from "../../store/model/digest.ts";
import { Fault, faultsOf, type Place, unreachable } from "../../store/model/fault.ts";
import { copyDerivation } from "../copy/recipe.ts";
import { controlFields, debFilesDerivation } from "../deb-files/recipe.ts";
import { planDsc } from "../deb-source/dsc.ts";
import { planDebSource } from "../deb-source/plan.ts";
import { distroNamed } from "../distro/named.ts";
import type { MadeDeb } from "../distro/package.ts";
import { requireDeb } from "../distro/source.ts";
import { fetchDerivation } from "../fetch/recipe.ts";
import { assembled, planTools } from "../tools/plan.ts";
import { unpackDerivation } from "../unpack/recipe.ts";
import type { DebFilesManifest } from "./deb-files.ts";
import type { DebPrebuiltManifest } from "./deb-prebuilt.ts";
import type { DebSourceManifest } from "./deb-source.ts";
import { isManifest } from "./debian.ts";
import { withLocalModes } from "./file.ts";
import { architectureFor, packageFiles, packageReferences, refuseClashes, withLocalNames } from "./local.ts";
import { packageKind } from "./schema.ts";

/** A package kit makes, for who asks for some: what the resolver needs to know, and where its .deb comes from. */
export interface LocalPackage extends MadePackage {
  /**
   * `brought`: there for another of them alone, which depends on it. `offered`: made of the same source as one that is
   * asked for, and taken where something needs it.
   */
  readonly standing: "asked" | "brought" | "offered";
}

interface MadePackage {
  /** Its manifest. */
  readonly file: string;
  readonly stanza: Stanza;
  readonly deb: Input;
  readonly label: string;
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
  refuseClashes(planning.world.assembly, met, target);
  const planned = met.map((file) => planPackage(planning, file, target));
  if (planned.includes(undefined)) return undefined;
  const packages = planned.flatMap((items) => items ?? []);
  const brought = new Set(packages.flatMap((item) => broughtBy(item, packages, planning.world.assembly)));
  const isBrought = (file: string): boolean => [...brought].some((item) => item.file === file);
  return packages.map((item) => {
    const isAsked = item.isMain && (files.includes(item.file) || !isBrought(item.file));
    return { ...item, standing: isAsked ? "asked" : brought.has(item) ? "brought" : "offered" };
  });
}

/** What its .deb itself depends on, of what its manifest names: one that somebody else built need not. */
function broughtBy(
  { file, stanza }: MadePackage,
  all: readonly MadePackage[],
  assembly: Assembly,
): MadePackage[] {
  const relations = ["Pre-Depends", "Depends"].flatMap((field) =>
    parseRelations(fieldOf(stanza, field) ?? ""),
  );
  const needed = new Set(
    relations.flatMap(([one, ...others]) => (one && others.length === 0 ? [one.name] : [])),
  );
  const named = new Set(packageReferences(assembly, file).map((reference) => reference.file));
  return all.filter((item) => named.has(item.file) && needed.has(item.stanza["Package"] ?? ""));
}

/** By name those that are asked for, and those that others of them bring. */
export function packageRequests(packages: readonly LocalPackage[]) {
  const names = (wanted: LocalPackage["standing"]) =>
    packages.filter(({ standing }) => standing === wanted).map(({ stanza }) => stanza["Package"] ?? "");
  return { asked: names("asked"), brought: names("brought") };
}

/** `kit realize` of a package's own manifest: its .deb. @throws {Fault} `usage/unknown-output` */
export function planPackageOutput(
  planning: Planning,
  file: string,
  target: Target,
): readonly PlannedOutput[] {
  const items = planPackage(planning, file, target);
  if (items === undefined) return [];
  const outputs = items.map(packageOutput);
  const known = ["deb", ...outputs.map(({ name }) => name)];
  const { outputs: wished = [] } = planning.wish;
  const unknown = wished.find((output) => !known.includes(output));
  if (unknown !== undefined) {
    throw new Fault("usage/unknown-output", `the package has no output ${unknown}`, {
      hint: `it has ${outputs.length === 1 ? "deb" : known.join(", ")}`,
    });
  }
  const isWished = ({ name }: PlannedOutput) => wished.includes("deb") || wished.includes(name);
  return wished.length === 0 ? outputs : outputs.filter(isWished);
}

function packageOutput({ stanza, deb, label }: MadePackage): PlannedOutput {
  const { Package: name = "", Version: version = "", Architecture: architecture = "" } = stanza;
  const built = "derivation" in deb ? deb : { derivation: copyDerivation(label, deb), output: "file" };
  return {
    type: "deb",
    name,
    architecture,
    // As archives call it: without the epoch, whose colon not every file system takes.
    file: `${name}_${withoutEpoch(version)}_${architecture}.deb`,
    ...built,
  };
}

/** What a manifest makes; undefined while a question is open. */
function planPackage(planning: Planning, file: string, target: Target): readonly MadePackage[] | undefined {
  const own = assembled(planning.world.assembly, file);
  const { manifest, locals, variables } = settle(own, packageKind, target);
  const local = (written: string) => {
    const found = locals.find((local) => local.file === written);
    const content = found && planning.world.locals.get(found.at);
    if (content === undefined) throw new Error(`${written} was not read`);
    return content;
  };
  const architecture = architectureFor(manifest.architectures, target.arch, () =>
    own.document.place(["architectures"]),
  );
  switch (manifest.builder) {
    case "deb-files": {
      const contents = new Map(locals.map(({ file: written }) => [written, local(written)]));
      const isExecutable = (written: string) =>
        locals.some((local) => local.file === written && planning.world.executables.has(local.at));
      const complete = {
        ...withLocalNames(planning.world.assembly, file, manifest, target),
        files: withLocalModes(manifest.files, isExecutable),
      };
      return alone(
        planDebFiles(planning, complete, {
          file,
          architecture,
          contents,
          variables,
          buildType: target.buildType,
          distro: target.distro,
        }),
      );
    }
    case "deb-prebuilt":
      return alone(
        planDebPrebuilt(planning, manifest, {
          file,
          local,
          architecture: target.arch,
          place: own.document.place(["sources", 0]),
        }),
      );
    case "deb-source": {
      const [source] = manifest.sources;
      if (source === undefined) throw new Error("the schema asks for a source");
      const distro = requireDeb(distroNamed(target.distro, target.arch, planning.world.assembly).manifest);
      const tree =
        "dir" in source
          ? { content: local(source.dir) }
          : planDsc(planning, { distro, name: source.dsc, version: manifest.version });
      const built = planBuildDependencies(planning, file, manifest, target);
      if (tree === undefined || built === undefined) return undefined;
      const items = planDebSource(planning, {
        ...{ manifest, target, distro, ...built, source: tree },
        place: (key) => own.document.place([key]),
      });
      return items && withMain(manifest.name, file, items);
    }
    default:
      return unreachable(manifest);
  }
}

function alone(item: Omit<MadePackage, "isMain"> | undefined): readonly MadePackage[] | undefined {
  return item && [{ ...item, isMain: true }];
}

/** The package that is called as its source is; where there is none, all but those with debug symbols. */
function withMain(name: string, file: string, items: readonly MadeDeb[]): MadePackage[] {
  const isNamed = ({ stanza }: MadeDeb) => stanza["Package"] === name;
  const isMain = items.some(isNamed)
    ? isNamed
    : ({ stanza }: MadeDeb) => !(stanza["Package"] ?? "").endsWith("-dbgsym");
  return items.map((item) => ({ ...item, file, isMain: isMain(item) }));
}

/** What a source is built with beside its own Build-Depends: names, and packages of manifests. */
function planBuildDependencies(
  planning: Planning,
  file: string,
  { buildDependencies }: Pick<DebSourceManifest, "buildDependencies">,
  target: Target,
): { readonly locals: readonly LocalPackage[]; readonly needs: readonly string[] } | undefined {
  const references = packageReferences(planning.world.assembly, file, "buildDependencies");
  const locals = planPackages(
    planning,
    references.map((reference) => reference.file),
    target,
  );
  if (locals === undefined) return undefined;
  const names = buildDependencies.filter((name) => !isManifest(name));
  return { locals, needs: [...names, ...packageRequests(locals).asked] };
}

interface DebFilesContext {
  readonly file: string;
  readonly architecture: string;
  readonly contents: ReadonlyMap<string, ReturnType<Planning["world"]["locals"]["get"]> & string>;
  readonly variables: ReadonlyMap<string, string>;
  readonly buildType: BuildType;
  /** Name of the distribution it is built for. */
  readonly distro: string;
}

function planDebFiles(
  planning: Planning,
  manifest: DebFilesManifest,
  context: DebFilesContext,
): Omit<MadePackage, "isMain"> | undefined {
  const { file, architecture, contents, variables, buildType, distro } = context;
  const tools = planTools(planning, "dpkg", distro);
  const launcher = planTools(planning, "launcher", distro);
  if (tools === undefined || launcher === undefined) return undefined;
  const epoch = manifest.sourceDateEpoch ?? poolTime;
  const built = debFilesDerivation({
    manifest,
    architecture,
    buildType,
    locals: contents,
    variables,
    epoch,
    tools,
    launcher,
  });
  return {
    file,
    stanza: controlFields(manifest, architecture),
    deb: { derivation: built, output: "deb" },
    label: built.label,
  };
}

interface DebPrebuiltContext {
  readonly file: string;
  readonly local: (written: string) => `${"blob" | "tree"}:${string}`;
  readonly architecture: string;
  /** Where the manifest names the .deb. */
  readonly place: Place;
}

/** What it depends on stands in the .deb alone: it is unpacked before anything can be resolved. */
function planDebPrebuilt(
  planning: Planning,
  manifest: DebPrebuiltManifest,
  { file, local, architecture, place }: DebPrebuiltContext,
): Omit<MadePackage, "isMain"> | undefined {
  const [source] = manifest.sources;
  if (source === undefined) throw new Error("the schema asks for a source");
  const label = "file" in source ? source.file : `${manifest.name}.deb`;
  const deb: Input =
    "file" in source
      ? { content: blobContent(local(source.file), source.file) }
      : {
          derivation: fetchDerivation(
            label,
            { sha256: parseSha256(source.sha256) },
            { urls: [source.url, ...source.mirrors] },
          ),
          output: "file",
        };
  const control = planning.fact(unpackDerivation(label, deb), "control", "control");
  if (control === undefined) return undefined;
  const stanza = controlOf(control, label, place);
  const { Package: name, Architecture: made = "" } = stanza;
  if (name !== manifest.name) {
    throw new Fault("manifest/wrong-package", `the .deb of ${manifest.name} holds the package ${name}`, {
      place,
      hint: `write name: ${name}`,
    });
  }
  const { Version: version = "" } = stanza;
  if (manifest.version !== undefined && manifest.version !== version) {
    throw new Fault(
      "manifest/wrong-package",
      `the .deb of ${name} holds the version ${version}, not ${manifest.version}`,
      { place, hint: `write version: ${version}, or leave it out` },
    );
  }
  if (made !== "all" && made !== architecture) {
    throw new Fault(
      "manifest/unsupported-architecture",
      `the .deb of ${manifest.name} is made for ${made || "no architecture"}, not for ${architecture}`,
      { place, hint: `name the one that is made for ${architecture}` },
    );
  }
  return { file, stanza, deb, label };
}

/** @throws {Fault} `digest/bad-deb` */
function controlOf(text: string, label: string, place: Place): Stanza {
  try {
    return parseStanza(text);
  } catch (error) {
    const [fault] = faultsOf(error);
    if (fault === undefined) throw error;
    throw new Fault("digest/bad-deb", `the control file of ${label}: ${fault.message}`, {
      place,
      cause: error,
      hint: "no tool of Debian makes such a package: build it again with dpkg-deb",
    });
  }
}

function blobContent(content: string, written: string): Extract<Input, { content: unknown }>["content"] {
  const { kind } = splitContent(content as never);
  if (kind === "tree") throw new Fault("manifest/wrong-type", `${written} is a folder; a .deb is expected`);
  return content as never;
}
