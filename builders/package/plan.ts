// Planning packages that kit builds or takes as they are.
// Pure. Knows the builders of packages; does not know images.

import { parseRelations } from "../../evaluator/deb/relation.ts";
import { fieldOf, parseStanza, type Stanza } from "../../evaluator/deb/stanza.ts";
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
import { fetchDerivation } from "../fetch/recipe.ts";
import { assembled, planTools } from "../tools/plan.ts";
import { unpackDerivation } from "../unpack/recipe.ts";
import type { DebFilesManifest } from "./deb-files.ts";
import type { DebPrebuiltManifest } from "./deb-prebuilt.ts";
import { withLocalModes } from "./file.ts";
import { architectureFor, packageFiles, packageReferences, refuseClashes, withLocalNames } from "./local.ts";
import { packageKind } from "./schema.ts";

/** A package kit makes, for who asks for some: what the resolver needs to know, and where its .deb comes from. */
export interface LocalPackage extends MadePackage {
  /** Not so where it is there for another of them alone, which depends on it: that brings it. */
  readonly isAsked: boolean;
}

interface MadePackage {
  /** Its manifest. */
  readonly file: string;
  readonly stanza: Stanza;
  readonly deb: Input;
  readonly label: string;
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
  const packages = planned.filter((item) => item !== undefined);
  if (packages.length < planned.length) return undefined;
  const brought = new Set(packages.flatMap((item) => broughtBy(item, packages, planning.world.assembly)));
  return packages.map((item) => ({
    ...item,
    isAsked: files.includes(item.file) || !brought.has(item.file),
  }));
}

/** What its .deb itself depends on, of what its manifest names: one that somebody else built need not. */
function broughtBy({ file, stanza }: MadePackage, all: readonly MadePackage[], assembly: Assembly): string[] {
  const relations = ["Pre-Depends", "Depends"].flatMap((field) =>
    parseRelations(fieldOf(stanza, field) ?? ""),
  );
  const needed = new Set(
    relations.flatMap(([one, ...others]) => (one && others.length === 0 ? [one.name] : [])),
  );
  const named = packageReferences(assembly, file).map((reference) => reference.file);
  return named.filter((other) =>
    all.some((item) => item.file === other && needed.has(item.stanza["Package"] ?? "")),
  );
}

/** By name those that are asked for, and those that others of them bring. */
export function packageRequests(packages: readonly LocalPackage[]) {
  const names = (asked: boolean) =>
    packages.filter(({ isAsked }) => isAsked === asked).map(({ stanza }) => stanza["Package"] ?? "");
  return { asked: names(true), brought: names(false) };
}

/** `kit realize` of a package's own manifest: its .deb. @throws {Fault} `usage/unknown-output` */
export function planPackageOutput(
  planning: Planning,
  file: string,
  target: Target,
): readonly PlannedOutput[] {
  const item = planPackage(planning, file, target);
  if (item === undefined) return [];
  const { Package: name = "", Version: version = "", Architecture: architecture = "" } = item.stanza;
  const unknown = planning.wish.outputs?.find((output) => output !== "deb" && output !== name);
  if (unknown !== undefined) {
    throw new Fault("usage/unknown-output", `the package has no output ${unknown}`, { hint: "it has deb" });
  }
  const built =
    "derivation" in item.deb
      ? item.deb
      : { derivation: copyDerivation(item.label, item.deb), output: "file" };
  return [
    {
      type: "deb",
      name,
      architecture,
      // As archives call it: without the epoch, whose colon not every file system takes.
      file: `${name}_${version.replace(/^\d+:/, "")}_${architecture}.deb`,
      ...built,
    },
  ];
}

function planPackage(planning: Planning, file: string, target: Target): MadePackage | undefined {
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
      return planDebFiles(planning, complete, {
        file,
        architecture,
        contents,
        variables,
        buildType: target.buildType,
        distro: target.distro,
      });
    }
    case "deb-prebuilt":
      return planDebPrebuilt(planning, manifest, {
        file,
        local,
        architecture: target.arch,
        place: own.document.place(["sources", 0]),
      });
    default:
      return unreachable(manifest);
  }
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
): MadePackage | undefined {
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
): MadePackage | undefined {
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
