// Planning images: the root, what is laid over it, and what it becomes.
// Pure. Knows the recipes; does not run any.

import type { PlannedOutput, Planning } from "../../evaluator/evaluate.ts";
import type { Assembled } from "../../evaluator/manifest/assembly.ts";
import { type ResolvedLocal, settle } from "../../evaluator/manifest/settle.ts";
import { bytesOf } from "../../evaluator/manifest/value.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import type { Closure } from "../../evaluator/question.ts";
import {
  type BuildType,
  type Content,
  type Derivation,
  type Input,
  placed,
} from "../../store/model/derivation.ts";
import { Fault, type Place, unreachable } from "../../store/model/fault.ts";
import {
  customizeDerivation,
  customizeParameters,
  needsCustomizing,
  scriptParameters,
} from "../customize/recipe.ts";
import { nativeName } from "../distro/source.ts";
import { ext4Derivation } from "../ext4/recipe.ts";
import { ociDerivation } from "../oci/recipe.ts";
import { withLocalModes } from "../package/file.ts";
import { checkOutputs } from "../package/outputs.ts";
import { type LocalPackage, planPackages } from "../package/plan.ts";
import { squashfsDerivation } from "../squashfs/recipe.ts";
import { tarDerivation } from "../tar/recipe.ts";
import { assembled, planLauncher, planTools, settleDistro } from "../tools/plan.ts";
import { machineOf, withMachine } from "./machine.ts";
import { type Output, outputName } from "./output.ts";
import { epochOf, type ImageRoot, planRoot, type RootWish, resolveRoots } from "./root.ts";
import { planRpmImage } from "./rpmroot.ts";
import { type ImageManifest, imageKind } from "./schema.ts";
import { wantedIn } from "./workloads.ts";

/** Every output of the image in `file` that the wish asks for, for every architecture it asks for. */
export function planImage(planning: Planning, file: string): readonly PlannedOutput[] {
  return architecturesOf(planning, file).flatMap((architecture) => planFor(planning, file, architecture));
}

/** What settling needs of planning. */
export interface Settling {
  readonly world: Pick<Planning["world"], "assembly" | "host">;
  readonly wish: Planning["wish"];
}

/** @throws {Fault} `manifest/unsupported-architecture` */
export function architecturesOf(planning: Settling, file: string): readonly string[] {
  const { world, wish } = planning;
  const { manifest, distro, machine, own } = settleImage(planning, file, wish.architecture ?? world.host);
  const made = machine && [machine.manifest.architecture];
  const asked = manifest.architectures ?? made ?? [nativeName(distro, world.host)];
  const wanted = wish.architecture === undefined ? asked : [wish.architecture];
  const offers = [
    { key: "architectures", what: "this image", offered: manifest.architectures },
    { key: "machine", what: `the machine ${machine?.manifest.name}`, offered: made },
    { key: "distro", what: distro.name, offered: distro.architectures },
  ];
  for (const architecture of wanted) {
    for (const { key, what, offered } of offers) {
      if (offered === undefined || (offered as readonly string[]).includes(architecture)) continue;
      const written = manifest.architectures && key === "distro" ? "architectures" : key;
      throw new Fault("manifest/unsupported-architecture", `${what} is not made for ${architecture}`, {
        place: own.document.place([written]),
        hint: `it is made for ${offered.join(", ")}`,
      });
    }
  }
  return wanted;
}

/** The image, its machine and its distribution as they stand for an architecture. */
function settleImage(planning: Settling, file: string, architecture: string) {
  const { world, wish } = planning;
  const own = assembled(world.assembly, file);
  const buildType = wish.buildType ?? writtenBuildType(own.document.value);
  const distroTarget = { arch: architecture, buildType, distro: "" };
  const { manifest: distro, locals: distroLocals } = settleDistro(world.assembly, file, distroTarget);
  const plain: Target = { ...distroTarget, distro: distro.name };
  const machine = machineOf(world.assembly, own, plain);
  const target: Target = { ...plain, ...(machine && { machine: machine.manifest.name }) };
  const settled = settle(own, imageKind, target);
  const manifest = withMachine(settled.manifest, machine);
  return { ...settled, manifest, distro, distroLocals, machine, target, own };
}

/** The same, with what its workloads want of it and the manifests of packages of all of them. */
export function openImage(planning: Settling, file: string, architecture: string) {
  const settled = settleImage(planning, file, architecture);
  const { own, machine, target } = settled;
  const wanted = wantedIn(planning.world.assembly, own, target);
  const named = [own, ...(machine ? [machine.own] : [])].flatMap(packageFilesIn);
  return { ...settled, wanted, packageFiles: [...named, ...wanted.files] };
}

/** Needed before variables can be replaced, which may use it. */
function writtenBuildType(value: unknown): BuildType {
  return (value as { buildType?: unknown }).buildType === "debug" ? "debug" : "release";
}

function planFor(planning: Planning, file: string, architecture: string): readonly PlannedOutput[] {
  const opened = openImage(planning, file, architecture);
  const { manifest, wanted, packageFiles, distro, distroLocals, target, own, locals, variables } = opened;
  const packages = planPackages(planning, packageFiles, target);
  const launcher = planLauncher(planning, target.arch, distro.name);
  const writing = planTools(planning, "launcher", distro.name);
  const outputs = wantedOutputs(manifest.outputs, planning.wish.outputs);
  const tools = new Map(toolsFor(outputs).map((name) => [name, planTools(planning, name, distro.name)]));
  if (packages === undefined) return [];
  const contents = (files: readonly ResolvedLocal[]) =>
    new Map(files.map(({ file: written, at }) => [written, contentAt(planning, at)]));
  const common = { manifest, target, wanted, packages, place: placesIn(own) };
  const planned =
    distro.format === "rpm"
      ? planRpmImage(planning, { ...common, distro })
      : planDebImage(planning, { ...common, distro, locals: contents(locals), launcher });
  if (planned === undefined || launcher === undefined || writing === undefined) return [];
  if ([...tools.values()].includes(undefined)) return [];
  const { root, joint, epoch } = planned;
  const isExecutable = (written: string) =>
    locals.some((local) => local.file === written && planning.world.executables.has(local.at));
  const complete = { ...manifest, files: withLocalModes(manifest.files, isExecutable) };
  const customized = () =>
    customizeDerivation({
      label: `${manifest.name} customized`,
      root: { derivation: root, output: "root" },
      launcher,
      parameters: customizeParameters(complete, distro, { architecture, epoch, variables }),
      locals: contents(locals),
      distroLocals: contents(distroLocals),
    });
  const finished = needsCustomizing(manifest, distro, joint)
    ? placed(customized(), { "": own.document.place(["name"]) })
    : root;
  const input: Input = { derivation: finished, output: "root" };
  return [
    ...outputs.map((output) =>
      planOutput(output, { manifest, architecture, epoch, root: input, launcher: writing, tools }),
    ),
    ...(planning.wish.requireTests ? checksOf(planning, packages, joint) : []),
  ];
}

/** How the checks of the packages that are in the image end. */
function checksOf(
  { world }: Planning,
  packages: readonly LocalPackage[],
  { packages: chosen }: Closure,
): readonly PlannedOutput[] {
  const names = new Set(chosen.flatMap(({ name, origin }) => (origin === "local" ? [name] : [])));
  const installed = packages.filter(({ stanza }) => names.has(stanza["Package"] ?? ""));
  return [...Map.groupBy(installed, ({ file }) => file)].flatMap(([file, items]) =>
    checkOutputs(items, assembled(world.assembly, file).name, items[0]?.stanza["Architecture"] ?? ""),
  );
}

/** The root of an image of debs; undefined while a question is open. */
function planDebImage(
  planning: Planning,
  wish: RootWish & {
    readonly locals: ReadonlyMap<string, Content>;
    readonly launcher: Input | undefined;
    readonly place: ReturnType<typeof placesIn>;
  },
): ImageRoot | undefined {
  const { manifest, distro, target, packages, locals, launcher, place } = wish;
  const closures = resolveRoots(planning, wish);
  if (closures === undefined || launcher === undefined) return undefined;
  const { arch: architecture } = target;
  const epoch = epochOf(manifest, closures.joint);
  const prepare = (base: Derivation) =>
    customizeDerivation({
      label: `${manifest.name} prepared`,
      root: { derivation: base, output: "root" },
      launcher,
      parameters: scriptParameters(manifest.scripts.preInstall, { architecture, epoch }),
      locals,
      distroLocals: new Map(),
    });
  const root = planRoot({
    ...{ manifest, distro, architecture, packages, launcher, prepare, ...closures },
    place: place(["scripts", "preInstall"]),
  });
  return { root, joint: closures.joint, epoch };
}

function placesIn({ document }: Assembled): (path: readonly (string | number)[]) => Place {
  return (path) => document.place([...path]);
}

/** Manifests of packages that the image itself names. */
function packageFilesIn({ references }: Assembled): string[] {
  return references.filter(({ kind }) => kind === "package").map(({ file }) => file);
}

function contentAt(planning: Planning, at: string) {
  const content = planning.world.locals.get(at);
  if (content === undefined) throw new Error(`${at} was not read`);
  return content;
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
