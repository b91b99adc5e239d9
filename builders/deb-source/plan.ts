// Planning a debianised tree: what it says of itself, the root it is built in, the packages that come of it.
// Pure. Knows the two facts that have to be built first; does not know how others name it.

import { parseStanzas, type Stanza } from "../../evaluator/deb/stanza.ts";
import { withoutEpoch } from "../../evaluator/deb/version.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import type { Input } from "../../store/model/derivation.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import { type BuildRootWish, planBuildRoot } from "../buildroot/root.ts";
import { checksDerivation } from "../checks/recipe.ts";
import { copyDerivation } from "../copy/recipe.ts";
import type { Made } from "../distro/package.ts";
import type { DebDistro } from "../distro/schema.ts";
import type { DebSourceManifest } from "../package/deb-source.ts";
import { withSecrets } from "../package/shape.ts";
import { planTools } from "../tools/plan.ts";
import { type About, readAbout } from "./about.ts";
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
  /** Packages of manifests that it is built with, and which of them it asks for. */
  readonly locals: BuildRootWish["locals"];
  /** Relations beside its own Build-Depends. */
  readonly needs: readonly string[];
  /** Where the manifest says so. */
  readonly place: (key: string) => Place;
}

/**
 * Undefined while a question is open, or a fact has to be built.
 *
 * @throws {Fault} `manifest/wrong-package`
 */
export function planDebSource(planning: Planning, plan: DebSourcePlan): readonly Made[] | undefined {
  const { manifest, source, target, distro, locals } = plan;
  const text = planning.fact(debAboutDerivation(manifest.name, source), "about", aboutFile);
  const launcher = planTools(planning, "launcher", target.distro);
  if (text === undefined || launcher === undefined) return undefined;
  const about = readAbout(text);
  refuseOther(about, plan);
  const { profiles } = manifest.dpkg;
  const root = planBuildRoot(planning, {
    ...{
      distro,
      architecture: target.arch,
      launcher,
      name: about.source,
      source: about.stanza,
      profiles,
      more: plan.needs,
      locals,
    },
  });
  if (root === undefined) return undefined;
  const build = debSourceDerivation({
    label: `${about.source}_${withoutEpoch(about.version)}`,
    ...{ architecture: target.arch, buildType: target.buildType, launcher, source },
    root: { derivation: root, output: "root" },
    parameters: parametersOf(about, plan),
  });
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
  { manifest, target }: DebSourcePlan,
): DebSourceParameters {
  const { profiles, options } = manifest.dpkg;
  const debug = target.buildType === "debug" ? ["noopt", "nostrip"] : [];
  return {
    folder: `${source}-${withoutEpoch(version).replace(/-[^-]*$/, "")}`,
    epoch: manifest.sourceDateEpoch ?? date,
    profiles: [...new Set(profiles)].sort(),
    // Checks run apart from the build: what they find changes nothing that is built.
    options: [...new Set([...options, ...debug, "nocheck"])].sort(),
    environment: manifest.environment,
    ...withSecrets(manifest),
  };
}

function refuseOther({ source, version }: About, { manifest, place }: DebSourcePlan): void {
  const [key, written, found] =
    manifest.name !== source
      ? (["name", manifest.name, source] as const)
      : (["version", manifest.version ?? version, version] as const);
  if (written === found) return;
  throw new Fault("manifest/wrong-package", `the source is of ${source} ${version}, not of ${written}`, {
    place: place(key),
    hint: `write ${key}: ${found}${key === "version" ? ", or leave it out" : ""}`,
  });
}
