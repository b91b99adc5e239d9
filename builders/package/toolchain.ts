// Tools that are built before anything is built with them: those of a distribution that says `toolchain: rebuild`.
// Pure. Knows which packages the tools are; does not know how one is built.

import { fieldOf } from "../../evaluator/deb/stanza.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { closureQuestion } from "../../evaluator/question.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import { openDebSource } from "../deb-source/plan.ts";
import { distroNamed } from "../distro/named.ts";
import type { Made, MadeSet } from "../distro/package.ts";
import type { DebDistro } from "../distro/schema.ts";
import { sourceOf } from "../distro/source.ts";
import { beyond } from "../rootfs/layers.ts";
import { planSource } from "../source/plan.ts";
import { debSource } from "./deb-source.ts";
import { isManifest } from "./debian.ts";
import type { Plannable } from "./set.ts";

/** What packages of manifests make. */
type PlanEach = (
  planning: Planning,
  items: readonly Plannable[],
) => readonly (readonly (Made & { readonly isMain: boolean })[] | undefined)[];

/**
 * The packages that take the place of the distribution's own in every root that something is built in; none where these
 * are taken, as they are to build the tools themselves. Undefined while a question is open.
 *
 * @throws {Fault} `manifest/no-tool`
 */
export function planToolchain(planning: Planning, target: Target, planEach: PlanEach): MadeSet | undefined {
  const { assembly } = planning.world;
  const { own, manifest: distro } = distroNamed(target.distro, target.arch, assembly);
  const { toolchain } = distro;
  if (toolchain === undefined || target.stage === "tools") return noTools;
  const { machine: _, ...alike } = target;
  const tools: Target = { ...alike, buildType: "release", stage: "tools" };
  const named = toolchain === "rebuild" ? undefined : toolchain.rebuild;
  const files = own.references.filter(({ path }) => path[0] === "toolchain").map(({ file }) => file);
  const ofManifests = planEach(
    planning,
    files.map((file) => ({ file, target: tools })),
  );
  const names = named?.filter((name) => !isManifest(name));
  const ofNames =
    distro.format === "rpm" || names?.length === 0
      ? []
      : planSources(planning, { distro, target: tools, names, place: own.document.place(["toolchain"]) });
  if (ofNames === undefined || ofManifests.includes(undefined)) return undefined;
  const packages = ofManifests.flatMap((items) => items ?? []);
  const asked = [...packages.filter(({ isMain }) => isMain), ...ofNames];
  // In just this version: nothing else may take its place, an older one of the distribution as little as a newer one.
  const request = ({ stanza: { Package: name = "", Version: version = "" } }: Made) =>
    distro.format === "deb" ? `${name}=${version}` : name;
  return { packages: [...packages, ...ofNames], asked: asked.map(request) };
}

const noTools: MadeSet = { packages: [], asked: [] };

interface SourcesWish {
  readonly distro: DebDistro;
  readonly target: Target;
  /** Of the build set; all of it where there are none. */
  readonly names: readonly string[] | undefined;
  readonly place: Place;
}

/** Out of the distribution's own source packages what a build root has of them beside its base. */
function planSources(planning: Planning, wish: SourcesWish): readonly Made[] | undefined {
  const set = buildSet(planning, wish);
  if (set === undefined) return undefined;
  refuseMissing(set.tools, wish);
  const wanted = set.tools.filter(({ name }) => wish.names?.includes(name) ?? true);
  const sources = new Map(wanted.map((item) => [sourceTitle(item).name, sourceTitle(item)]));
  const built = [...sources.values()].map((source) => planRebuilt(planning, source, wish));
  if (built.includes(undefined)) return undefined;
  // Those of the base, too: what is made of one source needs each other in just this version.
  const names = new Set(set.all.map(({ name }) => name));
  return built.flatMap((packages) =>
    (packages ?? []).filter(({ stanza }) => names.has(stanza["Package"] ?? "")),
  );
}

interface BuildSet {
  readonly all: readonly ChosenPackage[];
  /** What `build` of the distribution brings beside its base. */
  readonly tools: readonly ChosenPackage[];
}

function buildSet(planning: Planning, { distro, target }: SourcesWish): BuildSet | undefined {
  const common = {
    source: sourceOf(distro, target.arch),
    base: distro.base,
    exclude: [],
    build: true,
  } as const;
  const [whole, base] = [distro.build, []].map((requests) =>
    planning.closure(closureQuestion({ ...common, requests, locals: [] })),
  );
  if (whole === undefined || base === undefined) return undefined;
  return { all: whole.packages, tools: beyond(whole, base) ?? whole.packages };
}

function refuseMissing(tools: readonly ChosenPackage[], { distro, names = [], place }: SourcesWish): void {
  const missing = names.find((name) => !tools.some((item) => item.name === name));
  if (missing === undefined) return;
  throw new Fault("manifest/no-tool", `${missing} is no package that build roots of ${distro.name} have`, {
    place,
    hint: `beside the base they have ${tools.map(({ name }) => name).join(", ")}`,
  });
}

/** Its source package: called as it is, and of its version, where nothing else is said (policy 5.6.1). */
function sourceTitle({ name, version, stanza }: ChosenPackage): {
  readonly name: string;
  readonly version: string;
} {
  const [, source = name, other = version] =
    /^(\S+)(?: \((.+)\))?$/.exec(fieldOf(stanza, "Source") ?? "") ?? [];
  return { name: source, version: other };
}

function planRebuilt(
  planning: Planning,
  { name, version }: { readonly name: string; readonly version: string },
  { distro, target, place }: SourcesWish,
): readonly Made[] | undefined {
  const sources = [{ dsc: name, version }];
  const manifest = debSource.parse({ kind: "package", builder: "deb-source", name, sources });
  const local = () => {
    throw new Error("a source package of the archive has no local files");
  };
  const source = planSource(planning, {
    ...{ name, sources: manifest.sources, patches: [], distro, local, place: () => place },
  });
  const plan = source && {
    manifest,
    target,
    distro,
    source,
    needs: [],
    toolchain: () => noTools,
    place: () => place,
  };
  return plan && openDebSource(planning, plan)?.plan(() => noTools);
}
