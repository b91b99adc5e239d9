// Planning images: the root in layers, what is laid over it, and what it becomes.
// Pure. Knows the recipes; does not run any.

import { compareVersions } from "../../evaluator/deb/version.ts";
import type { PlannedOutput, Planning } from "../../evaluator/evaluate.ts";
import { type ResolvedLocal, settle } from "../../evaluator/manifest/settle.ts";
import { bytesOf } from "../../evaluator/manifest/value.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import {
  type ChosenPackage,
  type Closure,
  type ClosureQuestion,
  closureQuestion,
} from "../../evaluator/question.ts";
import type { BuildType, Derivation, Input } from "../../store/model/derivation.ts";
import { Fault, unreachable } from "../../store/model/fault.ts";
import { customizeDerivation, customizeParameters, needsCustomizing } from "../customize/recipe.ts";
import type { DistroManifest } from "../distro/schema.ts";
import { keyOf, sourceOf } from "../distro/source.ts";
import { ext4Derivation } from "../ext4/recipe.ts";
import { ociDerivation } from "../oci/recipe.ts";
import { isManifest } from "../package/debian.ts";
import { withLocalModes } from "../package/file.ts";
import { type LocalPackage, planPackages } from "../package/plan.ts";
import { type PackageInput, rootfsDerivation } from "../rootfs/recipe.ts";
import { squashfsDerivation } from "../squashfs/recipe.ts";
import { tarDerivation } from "../tar/recipe.ts";
import { assembled, debPackage, planTools, repositoryPackage, settleDistro } from "../tools/plan.ts";
import { type Output, outputName } from "./output.ts";
import { type ImageManifest, imageKind } from "./schema.ts";

/** Every output of the image in `file` that the wish asks for, for every architecture it asks for. */
export function planImage(planning: Planning, file: string): readonly PlannedOutput[] {
  return architecturesOf(planning, file).flatMap((architecture) => planFor(planning, file, architecture));
}

function architecturesOf(planning: Planning, file: string): readonly string[] {
  const { world, wish } = planning;
  const first = settleImage(planning, file, wish.architecture ?? world.host);
  const own = first.manifest.architectures;
  const wanted = wish.architecture === undefined ? (own ?? [world.host]) : [wish.architecture];
  for (const architecture of wanted) {
    for (const [offered, what] of [
      [own, "this image"],
      [first.distro.architectures, first.distro.name],
    ] as const) {
      if (offered === undefined || (offered as readonly string[]).includes(architecture)) continue;
      const place = assembled(world.assembly, file).document.place(own ? ["architectures"] : ["distro"]);
      throw new Fault("manifest/unsupported-architecture", `${what} is not made for ${architecture}`, {
        place,
        hint: `it is made for ${offered.join(", ")}`,
      });
    }
  }
  return wanted;
}

function settleImage(planning: Planning, file: string, architecture: string) {
  const { world, wish } = planning;
  const own = assembled(world.assembly, file);
  const buildType = wish.buildType ?? writtenBuildType(own.document.value);
  const distroTarget = { arch: architecture, buildType, distro: "" };
  const { manifest: distro, locals: distroLocals } = settleDistro(world.assembly, file, distroTarget);
  const target: Target = { ...distroTarget, distro: distro.name };
  return { ...settle(own, imageKind, target), distro, distroLocals, target, own };
}

/** Needed before variables can be replaced, which may use it. */
function writtenBuildType(value: unknown): BuildType {
  return (value as { buildType?: unknown }).buildType === "debug" ? "debug" : "release";
}

function planFor(planning: Planning, file: string, architecture: string): readonly PlannedOutput[] {
  const { manifest, distro, distroLocals, target, own, locals } = settleImage(planning, file, architecture);
  checkRunnable(architecture, planning.world.host);
  const references = own.references.filter(({ kind }) => kind === "package");
  const packages = planPackages(
    planning,
    references.map((reference) => reference.file),
    target,
  );
  const launcher = planTools(planning, "launcher");
  const wanted = wantedOutputs(manifest.outputs, planning.wish.outputs);
  const tools = new Map(toolsFor(wanted).map((name) => [name, planTools(planning, name)]));
  if (packages === undefined) return [];
  const closures = resolveRoots(planning, manifest, distro, target, packages);
  if (closures === undefined || launcher === undefined || [...tools.values()].includes(undefined)) return [];

  const root = planRoot({ manifest, distro, architecture, packages, launcher, ...closures });
  const isExecutable = (written: string) =>
    locals.some((local) => local.file === written && planning.world.executables.has(local.at));
  const complete = { ...manifest, files: withLocalModes(manifest.files, isExecutable) };
  const contents = (files: readonly ResolvedLocal[]) =>
    new Map(files.map(({ file: written, at }) => [written, contentAt(planning, at)]));
  const finished = needsCustomizing(manifest, distro, closures.joint)
    ? customizeDerivation({
        label: `${manifest.name} customized`,
        root: { derivation: root, output: "root" },
        launcher,
        parameters: customizeParameters(complete, distro, {
          architecture,
          epoch: epochOf(manifest, closures.joint),
        }),
        locals: contents(locals),
        distroLocals: contents(distroLocals),
      })
    : root;
  const input: Input = { derivation: finished, output: "root" };
  return wanted.map((output) =>
    planOutput(output, {
      manifest,
      architecture,
      epoch: epochOf(manifest, closures.joint),
      root: input,
      launcher,
      tools,
    }),
  );
}

function contentAt(planning: Planning, at: string) {
  const content = planning.world.locals.get(at);
  if (content === undefined) throw new Error(`${at} was not read`);
  return content;
}

/** Maintainer scripts have to run: on a machine of that architecture. */
function checkRunnable(architecture: string, host: string): void {
  if (
    architecture === host ||
    (host === "amd64" && architecture === "i386") ||
    (host === "arm64" && architecture === "armhf")
  )
    return;
  throw new Fault("host/foreign-architecture", `a root for ${architecture} cannot be configured on ${host}`, {
    hint: `run kit on a machine of ${architecture}, or ask for another one: --arch ${host}`,
  });
}

interface Closures {
  readonly joint: Closure;
  readonly base: Closure;
}

/** The image's closure and that of its base alone, which says whether the base can be a layer. */
function resolveRoots(
  planning: Planning,
  manifest: ImageManifest,
  distro: DistroManifest,
  target: Target,
  packages: readonly LocalPackage[],
): Closures | undefined {
  const names = manifest.packages.filter((name) => !isManifest(name));
  const common: Omit<ClosureQuestion, "source" | "requests" | "locals"> = {
    base: distro.base,
    exclude: manifest.exclude,
  };
  const joint = planning.closure(
    closureQuestion({
      ...common,
      source: sourceOf(distro, target.arch, names),
      requests: [...names, ...packages.map(({ stanza }) => stanza["Package"] ?? "")],
      locals: packages.map(({ stanza }) => stanza),
    }),
  );
  const source = sourceOf(distro, target.arch);
  const base = planning.closure(closureQuestion({ ...common, source, requests: [], locals: [] }));
  return joint && base && { joint, base };
}

interface RootPlan extends Closures {
  readonly manifest: ImageManifest;
  readonly distro: DistroManifest;
  readonly architecture: string;
  readonly packages: readonly LocalPackage[];
  readonly launcher: Input;
}

/**
 * The root in layers, a function of the manifest alone: the distro's base where the closure contains it whole,
 * then the rest in one configure; everything in one where ids or answers have to be set before the base configures.
 */
function planRoot({ manifest, distro, architecture, packages, launcher, joint, base }: RootPlan): Derivation {
  const epoch = epochOf(manifest, joint);
  const pins = pinnedIds(manifest);
  const inputs = (items: readonly ChosenPackage[]) =>
    items.map((item) => packageInput(item, distro, packages));
  const identity = (item: ChosenPackage) =>
    `${item.name} ${item.version} ${item.architecture} ${item.origin === "local"}`;
  const joined = new Set(joint.packages.map(identity));
  const free = pins.passwd.length === 0 && pins.group.length === 0 && manifest.debconf.length === 0;
  const layered =
    free && base.packages.length > 0 && base.packages.every((item) => joined.has(identity(item)));
  const parameters = {
    architecture,
    epoch,
    debconf: manifest.debconf,
    ...pins,
    mergedUsr: needsLinks(joint),
  };
  const common = { launcher, parameters };
  if (!layered)
    return rootfsDerivation({
      ...common,
      label: `${manifest.name} root`,
      packages: inputs(joint.packages),
      base: undefined,
    });
  const bottom = rootfsDerivation({
    ...common,
    label: `${distro.name} base`,
    packages: inputs(base.packages),
    base: undefined,
  });
  const below = new Set(base.packages.map(identity));
  const rest = joint.packages.filter((item) => !below.has(identity(item)));
  if (rest.length === 0) return bottom;
  return rootfsDerivation({
    ...common,
    label: `${manifest.name} root`,
    packages: inputs(rest),
    base: bottom,
  });
}

function packageInput(
  item: ChosenPackage,
  distro: DistroManifest,
  packages: readonly LocalPackage[],
): PackageInput {
  if (item.origin !== "local") return repositoryPackage(distro, item);
  const local = packages.find(({ stanza }) => stanza["Package"] === item.name);
  if (local === undefined)
    throw new Error(`the closure has a local package ${item.name} that no manifest makes`);
  return debPackage(keyOf(item), local.label, local.deb);
}

/** base-files brings the links of a merged /usr from version 13 on; before, whoever makes a root does. */
function needsLinks({ packages }: Closure): boolean {
  const baseFiles = packages.find(({ name }) => name === "base-files");
  return baseFiles !== undefined && compareVersions(baseFiles.version, "13~") < 0;
}

/** Seconds since 1970: what the manifest says, else the newest index the packages were chosen from. */
function epochOf(manifest: ImageManifest, joint: Closure): number {
  return manifest.sourceDateEpoch ?? joint.date;
}

/** System users and groups whose numbers the manifest fixes, so that packages find them there. */
function pinnedIds(manifest: ImageManifest): { passwd: string[]; group: string[] } {
  const users = manifest.users.filter(({ uid }) => uid !== undefined && uid > 0 && uid < 1000);
  const groups = manifest.groups.filter(({ gid }) => gid !== undefined && gid > 0 && gid < 1000);
  const own = users.filter(({ name }) => !groups.some((group) => group.name === name));
  return {
    passwd: users.map(({ name, uid, home, shell }) => {
      const gid = groups.find((group) => group.name === name)?.gid ?? uid;
      return `${name}:x:${uid}:${gid}::${home ?? "/nonexistent"}:${shell ?? "/usr/sbin/nologin"}`;
    }),
    group: [
      ...groups.map(({ name, gid }) => `${name}:x:${gid}:`),
      ...own.map(({ name, uid }) => `${name}:x:${uid}:`),
    ],
  };
}

function wantedOutputs(outputs: readonly Output[], wish: readonly string[] | undefined): readonly Output[] {
  if (wish === undefined || wish.length === 0) return outputs;
  const known = outputs.flatMap((output) => [output.type, outputName(output)]);
  const unknown = wish.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Fault("usage/unknown-output", `the image has no output ${unknown}`, {
      hint: `it has ${[...new Set(outputs.map(outputName))].join(", ")}`,
    });
  }
  return outputs.filter((output) => wish.includes(output.type) || wish.includes(outputName(output)));
}

/** The tool environment an output's type is written with. */
const writers: Readonly<Partial<Record<Output["type"], string>>> = { ext4: "ext4", squashfs: "squashfs" };

function toolsFor(outputs: readonly Output[]): string[] {
  return [...new Set(outputs.flatMap(({ type }) => writers[type] ?? []))];
}

interface OutputContext {
  readonly manifest: ImageManifest;
  readonly architecture: string;
  readonly epoch: number;
  readonly root: Input;
  readonly launcher: Input;
  readonly tools: ReadonlyMap<string, Input | undefined>;
}

function planOutput(output: Output, context: OutputContext): PlannedOutput {
  const { manifest, architecture, epoch, root, launcher } = context;
  const name = outputName(output);
  const label = `${manifest.name}.${name}`;
  const planned = { type: output.type, name, architecture, output: "image" };
  const tools = () => {
    const found = context.tools.get(writers[output.type] ?? "");
    if (found === undefined) throw new Error(`${output.type} has no tools`);
    return found;
  };
  switch (output.type) {
    case "tar": {
      const { compression } = output;
      const file = `${manifest.name}.tar${compression === "zstd" ? ".zst" : ""}`;
      return { ...planned, file, derivation: tarDerivation(label, root, { file, epoch, compression }) };
    }
    case "oci": {
      const { entrypoint, environment, labels } = output;
      return {
        ...planned,
        derivation: ociDerivation(label, root, { architecture, epoch, entrypoint, environment, labels }),
      };
    }
    case "ext4": {
      const file = `${manifest.name}.ext4`;
      const { label: volume, size } = output;
      const parameters = {
        file,
        epoch,
        ...(volume !== undefined && { label: volume }),
        ...(size !== undefined && { size: bytesOf(size) }),
      };
      return {
        ...planned,
        file,
        derivation: ext4Derivation(label, { root, tools: tools(), launcher }, parameters),
      };
    }
    case "squashfs": {
      const file = `${manifest.name}.squashfs`;
      return {
        ...planned,
        file,
        derivation: squashfsDerivation(label, { root, tools: tools(), launcher }, { file, epoch }),
      };
    }
    default:
      return unreachable(output);
  }
}
