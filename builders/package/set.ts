// Planning packages of sources that are built together: those of one distribution, architecture and build type.
// Pure. Knows which manifests name each other; does not know how a source is built.

import type { Planning } from "../../evaluator/evaluate.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import type { Place } from "../../store/model/fault.ts";
import type { ToolchainFor } from "../buildroot/root.ts";
import { openDebSource } from "../deb-source/plan.ts";
import { distroNamed } from "../distro/named.ts";
import type { Made, MadeSet } from "../distro/package.ts";
import { requireDeb } from "../distro/source.ts";
import { packRpm } from "../rpm/plan.ts";
import { planSource } from "../source/plan.ts";
import type { DebSourceManifest } from "./deb-source.ts";
import { isManifest } from "./debian.ts";
import { debLanguage, rpmLanguage } from "./language.ts";
import { packageReferences } from "./local.ts";
import type { RpmManifest } from "./rpm.ts";
import { settledPackage } from "./settled.ts";
import { type Member, type OpenedSource, planTogether } from "./together.ts";

export interface Plannable {
  readonly file: string;
  readonly target: Target;
}

/** Packages of manifests; undefined while a question is open. */
type PlanBeside = (files: readonly string[], target: Target) => MadeSet | undefined;

export interface SetMeans {
  readonly planBeside: PlanBeside;
  /** Packages that take the place of the distribution's own in every root that something is built in. */
  readonly toolchain: ToolchainFor;
  /** Files of those that are asked for. */
  readonly wanted: readonly string[];
}

/**
 * What each makes, by its manifest: specs, or debianised trees.
 *
 * @throws {Fault} `manifest/cycle`, `unresolved/nobody-provides`
 */
export function planSet(
  planning: Planning,
  builder: "rpm" | "deb-source",
  items: readonly Plannable[],
  { planBeside, toolchain, wanted }: SetMeans,
): ReadonlyMap<string, readonly Made[] | undefined> {
  const files = new Set(items.map(({ file }) => file));
  const members = items.map((item): Member => {
    const { file, target } = item;
    const references = packageReferences(planning.world.assembly, file, "buildDependencies").map(
      (one) => one.file,
    );
    // Others of these are found as they are by what they provide.
    const names = references.filter((other) => files.has(other));
    const beside = planBeside(
      references.filter((other) => !files.has(other)),
      target,
    );
    const { manifest, place, opened } = openSource(planning, item, { asked: beside?.asked ?? [], toolchain });
    const titled = { file, name: manifest.name, place: place(["name"]), names };
    return beside === undefined || opened === undefined
      ? { ...titled, ...unknown }
      : { ...titled, beside: beside.packages, ...opened };
  });
  return planTogether(members, builder === "rpm" ? rpmLanguage : debLanguage, wanted);
}

const unknown: OpenedSource & Pick<Member, "beside"> = {
  beside: [],
  declares: undefined,
  isWhole: false,
  metOf: () => undefined,
  plan: () => undefined,
};

function openSource(
  planning: Planning,
  { file, target }: Plannable,
  {
    asked,
    toolchain,
  }: {
    /** Names of packages of other manifests that it is built with. */
    readonly asked: readonly string[];
    readonly toolchain: ToolchainFor;
  },
): {
  readonly manifest: DebSourceManifest | RpmManifest;
  readonly place: (path: readonly string[]) => Place;
  readonly opened: OpenedSource | undefined;
} {
  const { own, manifest, local } = settledPackage(planning, file, target);
  const { manifest: distro } = distroNamed(target.distro, target.arch, planning.world.assembly);
  const place = (path: readonly (string | number)[]) => own.document.place([...path]);
  if (manifest.builder === "rpm") {
    const tools = toolchain(target.arch);
    const plan = tools && { manifest, target, distro, local, place, needs: needsOf(manifest, asked) };
    return { manifest, place, opened: plan && packRpm(planning, { ...plan, toolchain: tools }) };
  }
  if (manifest.builder !== "deb-source") throw new Error(`${file} is built by itself`);
  const debian = requireDeb(distro);
  const { name, patches } = manifest;
  // Its own version is that of the source package it is made of.
  const sources = manifest.sources.map((source) =>
    "dsc" in source && source.version === undefined && manifest.version !== undefined
      ? { ...source, version: manifest.version }
      : source,
  );
  const source = planSource(planning, { name, sources, patches, distro: debian, local, place });
  const needs = needsOf(manifest, asked);
  const plan = source && { manifest, target, distro: debian, source, needs, toolchain, place };
  return { manifest, place, opened: plan && openDebSource(planning, plan) };
}

/** Beside what the source itself says. */
function needsOf(
  { buildDependencies }: Pick<DebSourceManifest, "buildDependencies">,
  asked: readonly string[],
): string[] {
  return [...buildDependencies.filter((one) => !isManifest(one)), ...asked];
}
