// Planning packages of sources that are built together: those of one distribution, architecture and build type.
// Pure. Knows which manifests name each other; does not know how a source is built.

import type { Planning } from "../../evaluator/evaluate.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { type Lost, lost } from "../../evaluator/refusals.ts";
import type { ToolchainFor } from "../buildroot/root.ts";
import { openDebSource } from "../deb-source/plan.ts";
import { distroNamed } from "../distro/named.ts";
import type { Made, MadeSet } from "../distro/package.ts";
import { requireDeb } from "../distro/source.ts";
import { packRpm } from "../rpm/plan.ts";
import { planSource } from "../source/plan.ts";
import { assembled } from "../tools/plan.ts";
import type { DebSourceManifest } from "./deb-source.ts";
import { isManifest } from "./debian.ts";
import { debLanguage, type Language, rpmLanguage } from "./language.ts";
import { packageReferences } from "./local.ts";
import { type Needs, needsAmong } from "./needs.ts";
import { settledPackage } from "./settled.ts";
import { type Asked, type Member, type OpenedSource, planTogether } from "./together.ts";

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

/** What each makes, by its manifest: specs, or debianised trees. */
export function planSet(
  planning: Planning,
  builder: "rpm" | "deb-source",
  items: readonly Plannable[],
  means: SetMeans,
): ReadonlyMap<string, readonly Made[] | undefined | Lost> {
  const members = membersOf(planning, items, means);
  const { planned, refused, blocked } = planTogether(members, languageOf(builder), means.wanted);
  for (const [file, fault] of refused) planning.refuse(file, fault);
  for (const [file, kept] of blocked) planning.block(file, kept);
  const isThere = ({ file }: Plannable) => planned.has(file) || !means.wanted.includes(file);
  return new Map(items.map((item) => [item.file, isThere(item) ? planned.get(item.file) : lost]));
}

/** Who of them is built with whom, as far as that can be told with those that are `made`; undefined while texts are open. */
export function needsInSet(
  planning: Planning,
  builder: "rpm" | "deb-source",
  items: readonly Plannable[],
  { made, ...means }: Omit<SetMeans, "wanted"> & { readonly made: ReadonlyMap<string, readonly Made[]> },
): Needs | undefined {
  return needsAmong(membersOf(planning, items, means), languageOf(builder), made);
}

function languageOf(builder: "rpm" | "deb-source"): Language {
  return builder === "rpm" ? rpmLanguage : debLanguage;
}

function membersOf(
  planning: Planning,
  items: readonly Plannable[],
  means: Omit<SetMeans, "wanted">,
): readonly Member[] {
  const files = new Set(items.map(({ file }) => file));
  return items.map((item) => planMember(planning, item, files, means));
}

/** With others of these it is built as it turns out by what they provide. */
function planMember(
  planning: Planning,
  item: Plannable,
  files: ReadonlySet<string>,
  { planBeside, toolchain }: Omit<SetMeans, "wanted">,
): Member {
  const { file, target } = item;
  const own = assembled(planning.world.assembly, file);
  const references = packageReferences(
    planning.world.assembly,
    file,
    target.buildType,
    "buildDependencies",
  ).map((one) => one.file);
  const titled = {
    file,
    name: own.name,
    place: own.document.place(["name"]),
    names: references.filter((other) => files.has(other)),
  };
  const opened = planning.attempt(file, () => {
    const beside = planBeside(
      references.filter((other) => !files.has(other)),
      target,
    );
    const source = openSource(planning, item, { asked: beside?.asked ?? [], toolchain });
    return beside && source && { ...source, beside: beside.packages, isLost: false };
  });
  if (opened === lost) return { ...titled, ...unknown, declares: [], isLost: true };
  if (opened === undefined) return { ...titled, ...unknown };
  return {
    ...{ ...titled, ...opened },
    asks: () => tried(planning, file, opened),
    plan: (localsFor) => planning.attempt(file, () => opened.plan(localsFor)),
  };
}

function tried(planning: Planning, file: string, { asks }: OpenedSource): Asked | undefined {
  const asked = planning.attempt(file, asks);
  if (asked === lost) return { texts: [] };
  const more = asked?.more;
  return more ? { ...asked, more: (...means) => planning.attempt(file, () => more(...means)) } : asked;
}

const unknown: OpenedSource & Pick<Member, "beside" | "isLost"> = {
  beside: [],
  declares: undefined,
  asks: () => undefined,
  isWhole: false,
  isLost: false,
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
): OpenedSource | undefined {
  const { manifest, local, place } = settledPackage(planning, file, target);
  const { manifest: distro } = distroNamed(target.distro, target.arch, planning.world.assembly);
  if (manifest.builder === "rpm") {
    const tools = toolchain(target.arch);
    const plan = tools && { manifest, target, distro, local, place, needs: needsOf(manifest, asked) };
    return plan && packRpm(planning, { ...plan, toolchain: tools });
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
  return plan && openDebSource(planning, plan);
}

/** Beside what the source itself says. */
function needsOf(
  { buildDependencies }: Pick<DebSourceManifest, "buildDependencies">,
  asked: readonly string[],
): string[] {
  return [...buildDependencies.filter((one) => !isManifest(one)), ...asked];
}
