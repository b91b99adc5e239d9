// Planning a debianised tree: what it says of itself, the root it is built in, the packages that come of it.
// Pure. Knows the two facts that have to be built first; does not know how others name it.

import { coversArchitecture } from "../../evaluator/deb/architecture.ts";
import { parseStanzas, type Stanza } from "../../evaluator/deb/stanza.ts";
import { withoutEpoch } from "../../evaluator/deb/version.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { closureQuestion, type Source, type WrittenAt } from "../../evaluator/question.ts";
import { type Input, placed } from "../../store/model/derivation.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import { isCrossed } from "../buildroot/cross.ts";
import { buildNeeds, planBuildRoot, type ToolchainFor } from "../buildroot/root.ts";
import { checksDerivation } from "../checks/recipe.ts";
import { copyDerivation } from "../copy/recipe.ts";
import type { Made } from "../distro/package.ts";
import type { DebDistro } from "../distro/schema.ts";
import { sourceOf } from "../distro/source.ts";
import type { DebSourceManifest } from "../package/deb-source.ts";
import { writtenNames } from "../package/debian.ts";
import { debLanguage } from "../package/language.ts";
import { withSecrets } from "../package/shape.ts";
import type { LocalsFor, OpenedSource } from "../package/together.ts";
import { planLauncher } from "../tools/plan.ts";
import { type About, readAbout, writtenNeeds } from "./about.ts";
import {
  aboutFile,
  type DebSourceParameters,
  debAboutDerivation,
  debSourceDerivation,
  packagesFile,
} from "./recipe.ts";

export interface DebSourcePlan {
  readonly manifest: DebSourceManifest;
  readonly source: Input;
  readonly target: Target;
  readonly distro: DebDistro;
  /** Relations beside its own Build-Depends. */
  readonly needs: readonly string[];
  /** Packages that take the place of the distribution's own. */
  readonly toolchain: ToolchainFor;
  /** Where the manifest says so. */
  readonly place: (path: readonly (string | number)[]) => Place;
}

/**
 * A tree that can be asked and built; undefined while a question is open, or a fact has to be built.
 *
 * @throws {Fault} `manifest/wrong-package`, `manifest/unsupported-architecture`, `manifest/no-crossed-checks`
 */
export function openDebSource(planning: Planning, plan: DebSourcePlan): OpenedSource | undefined {
  const { manifest, source, target, distro, place } = plan;
  const asking = placed(debAboutDerivation(manifest.name, source), { "": place(["sources"]) });
  const text = planning.fact(asking, "about", aboutFile);
  const { host } = planning.world;
  const crossed = isCrossed(manifest, host, target.arch);
  const launcher = planLauncher(planning, crossed ? host : target.arch, target.distro);
  if (text === undefined || launcher === undefined) return undefined;
  const about = readAbout(text);
  refuseOther(about, plan);
  refuseElsewhere(about, plan);
  if (crossed && manifest.test) throw uncheckable(plan);
  const building = { ...plan, about, launcher, crossed };
  return {
    declares: about.declares,
    isWhole: about.isWhole,
    asks: () => ({ texts: [...buildNeeds(wishOf(building)).depends, ...plan.needs] }),
    metOf: (requires) => metBy(planning, sourceOf(distro, target.arch), requires),
    plan: (localsFor) => planBuild(planning, building, localsFor),
  };
}

interface Building extends DebSourcePlan {
  readonly about: About;
  readonly launcher: Input;
  readonly crossed: boolean;
}

/** Which of these a distribution has something for, whatever its version; undefined while a question is open. */
function metBy(
  planning: Planning,
  source: Source,
  requires: readonly string[],
): ReadonlySet<string> | undefined {
  const nameOf = (text: string) => debLanguage.namesIn(text)[0] ?? text;
  const closure = planning.closure(
    closureQuestion({
      ...{ source, base: [], exclude: [], requests: [], locals: [], build: true },
      optional: requires.map(nameOf),
    }),
  );
  const reasons = closure?.packages.flatMap((item) => item.reasons);
  const met = reasons?.flatMap(({ by, relation }) => (by === "request" ? relation : []));
  return met && new Set(requires.filter((text) => met.includes(nameOf(text))));
}

/** What its root is for. */
function wishOf({ about, crossed, manifest, target }: Building) {
  const { profiles } = parametersOf(about, { manifest, target }, crossed);
  return { source: about.stanza, architecture: target.arch, profiles };
}

/** Its packages; undefined while something is open. */
function planBuild(
  planning: Planning,
  building: Building,
  localsFor: LocalsFor,
): readonly Made[] | undefined {
  const { about, launcher, crossed, manifest, source, target, distro, needs, toolchain, place } = building;
  const { host } = planning.world;
  const wish = wishOf(building);
  const locals = localsFor([...buildNeeds(wish).depends, ...needs]);
  const tools = toolchain(crossed ? host : target.arch);
  const written = new Map<string, WrittenAt>([
    ...writtenNames(manifest.buildDependencies, place),
    ...writtenNeeds(about, wish),
  ]);
  const root =
    locals &&
    tools &&
    planBuildRoot(planning, {
      ...{ ...wish, distro, launcher, name: about.source, ...(crossed && { crossedOn: host }) },
      more: [...needs, ...locals.asked],
      asked: { place: place(["sources"]), written },
      ...{ locals: locals.packages, toolchain: tools },
    });
  if (root === undefined) return undefined;
  const parameters = {
    ...parametersOf(about, { manifest, target }, crossed),
    ...(crossed && { cross: target.arch }),
  };
  const build = placed(
    debSourceDerivation({
      label: `${about.source}_${withoutEpoch(about.version)}`,
      ...{ architecture: target.arch, buildType: target.buildType, launcher, source },
      root: { derivation: root, output: "root" },
      parameters,
    }),
    { "": place(["name"]), source: place(["sources"]) },
  );
  const list = planning.fact(build, "packages", packagesFile);
  const checks = manifest.test ? { checks: checksDerivation(build, "packages") } : {};
  return list === undefined
    ? undefined
    : parseStanzas(list).map((stanza) => ({ ...builtPackage(stanza, build), ...checks }));
}

function builtPackage(
  { Filename: file = "", ...stanza }: Stanza,
  build: ReturnType<typeof debSourceDerivation>,
) {
  const copied = copyDerivation(file, { derivation: build, output: "debs" }, file);
  return { stanza, label: file, archive: { derivation: copied, output: "file" } };
}

function parametersOf(
  { source, version, date }: About,
  { manifest, target }: Pick<DebSourcePlan, "manifest" | "target">,
  crossed: boolean,
): DebSourceParameters {
  const { profiles, options } = manifest.dpkg;
  // As for the archive's own cross builds: what a package leaves out where its programs do not run.
  const cross = crossed ? ["cross", "nocheck"] : [];
  const debug = target.buildType === "debug" ? ["noopt", "nostrip"] : [];
  return {
    folder: `${source}-${withoutEpoch(version).replace(/-[^-]*$/, "")}`,
    epoch: manifest.sourceDateEpoch ?? date,
    profiles: [...new Set([...profiles, ...cross])].sort(),
    // Checks run apart from the build: what they find changes nothing that is built.
    options: [...new Set([...options, ...debug, "nocheck"])].sort(),
    environment: manifest.environment,
    ...withSecrets(manifest),
  };
}

function uncheckable({ place }: DebSourcePlan): Fault {
  return new Fault("manifest/no-crossed-checks", "checks are left out of a debianised tree that is crossed", {
    place: place(["test"]),
    hint: "write crossCompile: false, and it is built and checked by the target's own programs, emulated; or leave test out",
  });
}

function refuseElsewhere({ source, architectures }: About, { target, place }: DebSourcePlan): void {
  const isMade = (wanted: string) => wanted === "all" || coversArchitecture(wanted, target.arch);
  if (architectures.length === 0 || architectures.some(isMade)) return;
  throw new Fault("manifest/unsupported-architecture", `${source} makes no package for ${target.arch}`, {
    place: place(["sources"]),
    hint: `its debian/control has Architecture: ${architectures.join(" ")}`,
  });
}

function refuseOther({ source, version }: About, { manifest, place }: DebSourcePlan): void {
  const [key, written, found] =
    manifest.name !== source
      ? (["name", manifest.name, source] as const)
      : (["version", manifest.version ?? version, version] as const);
  if (written === found) return;
  throw new Fault("manifest/wrong-package", `the source is of ${source} ${version}, not of ${written}`, {
    place: place([key]),
    hint: `write ${key}: ${found}${key === "version" ? ", or leave it out" : ""}`,
  });
}
