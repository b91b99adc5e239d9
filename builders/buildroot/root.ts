// The root that a source is built in: what every build has, and exactly what this one asks for.
// Pure. Knows build dependencies and layers; does not know what is built there.

import { buildRelations } from "../../evaluator/deb/builddepends.ts";
import { formatGroup, formatRelation } from "../../evaluator/deb/relation.ts";
import { fieldOf, type Stanza } from "../../evaluator/deb/stanza.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import { type Building, type ClosureQuestion, closureQuestion } from "../../evaluator/question.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import { poolTime } from "../../store/layout.ts";
import type { Derivation, Input } from "../../store/model/derivation.ts";
import { type Made, type MadeSet, packageInput } from "../distro/package.ts";
import type { DebDistro } from "../distro/schema.ts";
import { sourceOf, withLocalsFirst } from "../distro/source.ts";
import { before, beyond, isReplacedIn, needsLinks } from "../rootfs/layers.ts";
import { rootfsDerivation } from "../rootfs/recipe.ts";
import { usualCross } from "./cross.ts";

export interface BuildRootWish {
  readonly distro: DebDistro;
  readonly architecture: string;
  /** The architecture of the machine it is crossed on; absent where it is built by programs of its own. */
  readonly crossedOn?: string | undefined;
  readonly launcher: Input;
  /** What it is built for, for people. */
  readonly name: string;
  /** What the source says of itself; `Source` is what its needs are called by. */
  readonly source: Stanza;
  readonly profiles: readonly string[];
  /** Further relations, as in Build-Depends. */
  readonly more: readonly string[];
  /** Packages of other manifests, and where their .debs come from. */
  readonly locals: readonly Made[];
  /** Where the manifest names what is built, and where what it needs is written. */
  readonly asked?: Pick<Building, "place" | "written">;
  /** Tools that were built for this, which take the place of the distribution's own. */
  readonly toolchain: MadeSet;
}

/** Of build roots of an architecture; undefined while a question is open. */
export type ToolchainFor = (architecture: string) => MadeSet | undefined;

/**
 * The base with what every build has is one layer, the same for all builds of a distribution; the rest is laid over it.
 * No date of an index is in it: it changes where a package in it does.
 */
export function planBuildRoot(planning: Planning, wish: BuildRootWish): Derivation | undefined {
  const { distro, launcher, toolchain } = wish;
  const architecture = wish.crossedOn ?? wish.architecture;
  const locals = before(wish.locals, toolchain.packages);
  const built = [...distro.build, ...toolchain.asked];
  const needs = needsOf(wish);
  const source = sourceOf(distro, architecture);
  const crossing = sourceOf(distro, architecture, wish.crossedOn === undefined ? [] : [wish.architecture]);
  const common: Omit<ClosureQuestion, "source" | "requests" | "locals"> = {
    base: distro.base,
    exclude: [],
    build: true,
  };
  const joint = planning.closure(
    closureQuestion({
      ...{ ...common, source: withLocalsFirst(crossing, locals) },
      requests: [...built, ...crossToolsOf(wish), needs["Package"] ?? ""],
      locals: [needs, ...locals.map(({ stanza }) => stanza)],
      ...(wish.asked && { building: { ...wish.asked, name: wish.name, needs: needs["Package"] ?? "" } }),
    }),
  );
  const base = planning.closure(
    closureQuestion({
      ...{ ...common, source: withLocalsFirst(source, toolchain.packages) },
      ...{ requests: built, locals: toolchain.packages.map(({ stanza }) => stanza) },
    }),
  );
  if (joint === undefined || base === undefined) return undefined;
  const inputs = (items: readonly ChosenPackage[], made: readonly Made[]) =>
    items
      .filter((item) => item.origin !== "local" || item.name !== needs["Package"])
      .map((item) => packageInput(item, distro, made));
  const parameters = {
    architecture,
    epoch: poolTime,
    debconf: [],
    passwd: [],
    group: [],
    mergedUsr: needsLinks(joint),
  };
  const label = `${wish.name} build root`;
  const rest = isReplacedIn(base, wish.locals) ? undefined : beyond(joint, base);
  if (rest === undefined) {
    const packages = inputs(joint.packages, locals);
    return rootfsDerivation({ launcher, parameters, label, packages, base: undefined });
  }
  const bottom = rootfsDerivation({
    launcher,
    parameters,
    label: `${distro.name} build base`,
    packages: inputs(base.packages, toolchain.packages),
    base: undefined,
  });
  const packages = inputs(rest, locals);
  return packages.length === 0
    ? bottom
    : rootfsDerivation({ launcher, parameters, label, packages, base: bottom });
}

/** What a crossed build has beside. */
function crossToolsOf({ distro, architecture, crossedOn }: BuildRootWish): readonly string[] {
  return crossedOn === undefined ? [] : (distro.cross ?? usualCross(architecture));
}

/**
 * A package that needs, and must not meet, what the build does, as apt's `build-dep` has it; it is never installed. Of
 * a crossed build it is one of the target's architecture, as with `--host-architecture`: by the rules of Multi-Arch what
 * it names is of the target then, unless that serves others too (Multi-Arch: foreign) or `:native` is asked for.
 */
function needsOf(wish: BuildRootWish): Stanza {
  const { architecture, crossedOn } = wish;
  const { depends, conflicts } = buildNeeds(wish);
  return {
    Package: `${fieldOf(wish.source, "Source")}-build-dependencies`,
    Version: "1",
    Architecture: crossedOn === undefined ? "all" : architecture,
    Depends: [...depends, ...furtherOf(wish)].join(", "),
    ...(conflicts.length > 0 && { Conflicts: conflicts.join(", ") }),
  };
}

/** What a manifest makes for all architectures is the machine's, as dpkg has it: it is asked for there. */
function furtherOf({ more, locals, crossedOn }: BuildRootWish): readonly string[] {
  if (crossedOn === undefined) return more;
  const all = locals.flatMap(({ stanza }) => (stanza["Architecture"] === "all" ? stanza["Package"] : []));
  return more.map((name) => (all.includes(name) ? `${name}:native` : name));
}

/** What a source says that it needs and must not meet, each as a package's relations are written. */
export function buildNeeds({
  source,
  architecture,
  profiles,
}: Pick<BuildRootWish, "source" | "architecture" | "profiles">) {
  const relations = buildRelations(source, { architecture, profiles, parts: ["arch", "indep"] });
  const groups = relations.depends.map(formatGroup);
  // A rule that only works as root gets fakeroot's pretence (dpkg-buildpackage(1), rootless builds).
  const pretence = fieldOf(source, "Rules-Requires-Root") === "no" ? [] : ["fakeroot"];
  return { depends: [...groups, ...pretence], conflicts: relations.conflicts.map(formatRelation) };
}
