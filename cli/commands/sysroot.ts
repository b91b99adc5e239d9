// kit sysroot: packages and all they depend on as folders that other tools build against.
// Knows what is printed; does not know how packages are built, nor how a folder is written.

import { Command, Option } from "clipanion";
import { planSysroot } from "../../builders/package/plan.ts";
import { packageKind } from "../../builders/package/schema.ts";
import { isTreeManifest } from "../../builders/package/tree.ts";
import { locatedError } from "../../builders/realizer/blame.ts";
import { planLine } from "../../builders/realizer/line.ts";
import { realizeLine } from "../../builders/realizer/make.ts";
import { targetsOf } from "../../builders/realizer/targets.ts";
import {
  type ExportedSysroot,
  type ExportForm,
  exportPlace,
  exportSysroots,
} from "../../builders/sysroot/export.ts";
import { mergeSysroot, type NamedTree } from "../../builders/sysroot/merge.ts";
import { sysrootPlaces, type TreePackage } from "../../builders/sysroot/plan.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { type BuildType, splitContent } from "../../store/model/derivation.ts";
import { Fault, faultsOf } from "../../store/model/fault.ts";
import type { FileEntry, Tree } from "../../store/model/tree.ts";
import { findMember } from "../../store/pool.ts";
import { debianArchitecture, type Parts } from "../composition.ts";
import { plural } from "../render/text.ts";
import { BuildCommand } from "./command.ts";
import { registerLock } from "./lockroot.ts";

export class SysrootCommand extends BuildCommand {
  static override paths = [["sysroot"]];
  static override usage = Command.Usage({
    category: "Building",
    description: "packages and what they depend on as folders to build against, release and debug apart",
    details: `
      Builds the packages of these manifests, and those they depend on, as release and as debug, and writes \`release/\`
      and \`debug/\` into the folder: \`bin\`, \`lib\`, \`include\` and what else they install. \`sysroot.json\` tells what
      is in it, and which packages of the distribution it takes to run. The folder has to be empty. \`--build-type\` writes
      one of the two. Two packages that install other things at one place are refused.

      Files that name their own place (.pc files) name \`/usr/local\`, where they are built: pkg-config finds them elsewhere
      with \`--define-prefix\`.
    `,
    examples: [
      ["To build against without kit", "kit sysroot app.yaml -o sysroot"],
      ["As archives", "kit sysroot one.yaml two.yaml -o sysroot --zip"],
    ],
  });

  manifests = Option.Rest({ name: "MANIFEST", required: 1 });
  output = Option.String("-o,--output", {
    description: "the folder to write, empty or not there",
    required: true,
  });
  tar = Option.Boolean("--tar", false, { description: "write release.tar and debug.tar" });
  zip = Option.Boolean("--zip", false, { description: "write release.zip and debug.zip" });

  override async work(parts: Parts): Promise<number> {
    if (this.tar && this.zip)
      throw new Fault("usage/bad-option", "--tar and --zip are two forms: choose one");
    const form: ExportForm = this.tar ? "tar" : this.zip ? "zip" : "folder";
    const folder = exportPlace(this.absolute(this.output));
    parts.warm();
    const { buildType } = this.wish([]);
    const sysroots: ExportedSysroot[] = [];
    for (const type of buildType === undefined ? (["release", "debug"] as const) : [buildType]) {
      const built = await this.build(type, parts).catch((error: unknown) => {
        const [fault] = faultsOf(error);
        const isOther = fault?.code === "manifest/unsupported-build-type" && buildType === undefined;
        if (!isOther || (type === "debug" && sysroots.length === 0)) throw error;
        this.warn(`no ${type}: ${fault.message}`);
      });
      if (built !== undefined) sysroots.push(built);
    }
    const { uid, gid } = this.host.user;
    const owner = { uid, gid };
    await exportSysroots(sysroots, folder, { form, owner, fileOf: (entry) => fileOf(entry, parts) });
    this.done();
    if (this.json) {
      const told = sysroots.map(({ tree: _, ...about }) => about);
      this.print(JSON.stringify({ folder, form, sysroots: told }));
    } else
      for (const { buildType, packages } of sysroots)
        this.print(`${buildType}: ${plural(packages.length, "package")}`);
    return 0;
  }

  /** All manifests' packages of one build type, merged. */
  private async build(buildType: BuildType, parts: Parts): Promise<ExportedSysroot> {
    const found = new Map<string, BuiltTree>();
    const runtime = new Set<string>();
    let last: Target | undefined;
    for (const manifest of new Set(this.manifests.map((written) => this.absolute(written)))) {
      const { target, trees } = await this.realize(manifest, buildType, parts);
      for (const tree of trees) {
        refuseOther(found.get(tree.name), tree);
        found.set(tree.name, tree);
        for (const name of tree.runtime) runtime.add(name);
      }
      if (last !== undefined && (last.distro !== target.distro || last.arch !== target.arch))
        throw new Fault(
          "usage/two-targets",
          `the manifests are built for ${last.distro} and ${target.distro}`,
          {
            hint: "a sysroot is of one distribution and architecture: write one for each",
          },
        );
      last = target;
    }
    const all = [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    return {
      ...{ buildType, architecture: last?.arch ?? "", distro: last?.distro ?? "", tree: merged(all) },
      packages: all.map(({ name, version }) => ({ name, version })),
      runtime: [...runtime].sort(),
    };
  }

  private async realize(manifest: string, buildType: BuildType, parts: Parts) {
    const wish = { ...this.wish([]), buildType, outputs: ["sysroot"] };
    this.given = { manifest, architecture: this.architecture, buildType };
    const means = parts.line(manifest);
    let seen: { readonly target: Target; readonly trees: readonly TreePackage[] } | undefined;
    const plan = (planning: Planning) => {
      const outputs = means.plan(planning);
      seen = treesIn(planning);
      return outputs;
    };
    const options = { manifest, wish, locking: { mode: "first" as const } };
    const { plan: planned, world } = await planLine(options, { ...means, plan }, this.buildOptions());
    if (seen === undefined) throw new Error(`${manifest} was not planned`);
    const targets = [
      ...planned.outputs.map(({ derivation }) => derivation),
      ...seen.trees.map((tree) => tree.derivation),
    ];
    const { results } = await realizeLine(targets, world, means, this.buildOptions());
    await registerLock(manifest, parts);
    const trees = seen.trees.map(({ name, version, place, runtime, derivation }): BuiltTree => {
      const content = results.get(derivation.digest)?.outputs["files"];
      if (content === undefined) throw new Error(`${name} has no result`);
      return {
        name,
        version,
        place,
        runtime,
        tree: parts.records.tree(splitContent(content).digest),
        content,
      };
    });
    return { target: seen.target, trees };
  }
}

interface BuiltTree extends NamedTree, Pick<TreePackage, "version" | "place" | "runtime"> {
  readonly content: string;
}

function merged(trees: readonly BuiltTree[]): Tree {
  try {
    return mergeSysroot(trees);
  } catch (error) {
    throw locatedError(error, sysrootPlaces(trees));
  }
}

function treesIn(planning: Planning) {
  const { assembly } = planning.world;
  const root = assembly.manifests.get(assembly.root);
  const [target] = targetsOf(assembly, planning.wish, debianArchitecture());
  const isTree =
    root?.kind.name === packageKind.name &&
    target !== undefined &&
    isTreeManifest(settle(root, packageKind, target).manifest);
  if (!isTree)
    throw new Fault("usage/no-sysroot", `${assembly.root} is no package that is built into a sysroot`, {
      hint: "its builder would be cmake, meson, autotools, make or script",
    });
  return { target, trees: planSysroot(planning, assembly.root, target) ?? [] };
}

/** One package may be in several manifests' closures, but not two of one name. */
function refuseOther(known: BuiltTree | undefined, tree: BuiltTree): void {
  if (known === undefined || known.content === tree.content) return;
  throw new Fault(
    "usage/two-packages",
    `two manifests have a package ${tree.name}, and they are not the same`,
    {
      hint: "their locks may have other versions of what it is built in: `kit lock --update` each, or export them apart",
    },
  );
}

function fileOf(entry: FileEntry, { layout }: Parts): string {
  const member = findMember(layout, entry.blob, entry);
  if (member !== undefined) return member;
  throw new Fault("store/missing-blob", `the store lacks ${entry.path}`, {
    hint: "run `kit store verify --repair`",
  });
}
