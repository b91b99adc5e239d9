// Planning a spec: its source package, the root it is built in, the packages that come of it.
// Pure. Knows the facts that have to be built first; does not know how others name it.

import { parseStanzas } from "../../evaluator/deb/stanza.ts";
import type { Planning } from "../../evaluator/evaluate.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { poolTime } from "../../store/layout.ts";
import { type Content, type Derivation, type Input, placed } from "../../store/model/derivation.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import { checksDerivation } from "../checks/recipe.ts";
import { copyDerivation } from "../copy/recipe.ts";
import type { Made, MadeSet } from "../distro/package.ts";
import type { DistroManifest } from "../distro/schema.ts";
import { rpmName } from "../distro/source.ts";
import { writtenNames } from "../package/debian.ts";
import type { RpmManifest } from "../package/rpm.ts";
import { withSecrets } from "../package/shape.ts";
import type { Asked, GoesOn, LocalsFor, OpenedSource } from "../package/together.ts";
import { planLauncher } from "../tools/plan.ts";
import { asksWhileBuilding, readSource, type SourceAbout } from "./about.ts";
import { ofDebs } from "./macros.ts";
import {
  declaresFile,
  packagesFile,
  type RpmParameters,
  requiresFile,
  rpmAboutDerivation,
  rpmDerivation,
  rpmRequiresDerivation,
  srpmDerivation,
} from "./recipe.ts";
import { type Room, roomOfDebs, roomOfRpms } from "./room.ts";
import { type Pack, type PlannedSource, planSources } from "./sources.ts";

export interface RpmPlan {
  readonly manifest: RpmManifest;
  readonly target: Target;
  readonly distro: DistroManifest;
  /** What it asks for beside its BuildRequires. */
  readonly needs: readonly string[];
  /** Packages that take the place of the distribution's own. */
  readonly toolchain: MadeSet;
  /** A local file, as the manifest writes it. */
  readonly local: (written: string) => Content;
  readonly place: (path: readonly (string | number)[]) => Place;
}

/** Undefined while what every build takes is open. @throws {Fault} `manifest/wrong-type` */
export function packRpm(planning: Planning, plan: RpmPlan): OpenedSource | undefined {
  const { manifest, target, distro, place } = plan;
  const launcher = planLauncher(planning, target.arch, distro.name);
  const room = launcher && roomFor(planning, plan, launcher);
  const base = room?.rootFor([], []);
  if (launcher === undefined || room === undefined || base === undefined) return undefined;
  const told = {
    ...toldTo(plan, manifest.sourceDateEpoch ?? poolTime),
    ...(!room.isKnownToRpm && { nodeps: true as const }),
  };
  const common = { architecture: rpmName(target.arch), launcher, parameters: told };
  const pack: Pack = (spec, sources) => {
    const root = { derivation: base, output: "root" };
    const label = `${manifest.name}.src.rpm`;
    return placed(srpmDerivation({ ...common, ...{ label, spec, sources, root } }), {
      "": place(["rpm", "spec"]),
    });
  };
  const planned = planSources({ ...plan, planning, distro: distro.name }, pack);
  if (planned === undefined) return undefined;
  const { packing } = planned;
  const declares = packing ? planning.fact(packing, "declares", declaresFile) : "";
  const build: Building = {
    ...{ ...plan, planning, source: planned, launcher, told, rootFor: room.rootFor },
  };
  return {
    declares: declares?.split("\n").filter((line) => line !== ""),
    asks: () => asksOf(build),
    isWhole: false,
    metOf: room.metOf,
    plan: (localsFor) => planBuild(build, localsFor),
  };
}

function roomFor(planning: Planning, plan: RpmPlan, launcher: Input): Room | undefined {
  const { manifest, target, distro, needs, toolchain, place } = plan;
  const asked = {
    place: place(manifest.rpm.spec === undefined ? ["sources"] : ["rpm", "spec"]),
    written: new Map(writtenNames(manifest.buildDependencies, place)),
  };
  const wish = { name: manifest.name, architecture: target.arch, launcher, toolchain, asked };
  if (distro.format === "rpm") return roomOfRpms(planning, distro, wish);
  const mapping = { table: manifest.rpm.debian, named: needs, place: place(["rpm"]) };
  return roomOfDebs(planning, distro, wish, mapping);
}

interface Building extends RpmPlan {
  readonly planning: Planning;
  readonly source: PlannedSource;
  readonly launcher: Input;
  readonly told: RpmParameters;
  readonly rootFor: Room["rootFor"];
}

function aboutOf({ planning, manifest, source: { srpm }, place }: Building): SourceAbout | undefined {
  const files = [{ name: `${manifest.name}.src.rpm`, rpm: srpm }];
  // A source package beside the manifest may be none.
  const asking = placed(rpmAboutDerivation(manifest.name, files), { "": place(["sources"]) });
  const text = planning.fact(asking, "packages", packagesFile);
  const about = text === undefined ? undefined : readSource(text);
  if (about?.madeFor !== undefined) throw noSource(about.name, about.madeFor, place(["sources"]));
  return about;
}

function noSource(name: string, madeFor: string, place: Place): Fault {
  return new Fault(
    "manifest/wrong-package",
    `this .rpm is ${name} made for ${madeFor}, and no source package`,
    {
      place,
      hint: "name its .src.rpm; or write builder: rpm-prebuilt and `file:` to take it as it is",
    },
  );
}

/** What it asks for before it is built; undefined while that is open. */
function asksOf(building: Building): Asked | undefined {
  const about = aboutOf(building);
  if (about === undefined) return undefined;
  const texts = writtenNeeds(about, building);
  if (!asksWhileBuilding(about)) return { texts };
  const ask = askingFor(building, commonOf(building, about));
  const more = (localsFor: LocalsFor, goesOn: GoesOn) =>
    settledNeeds(building, about, { localsFor, goesOn, ask })?.requires;
  return { texts, more };
}

function writtenNeeds({ requires }: SourceAbout, { needs }: RpmPlan): readonly string[] {
  return [...requires.filter((text) => !text.startsWith("rpmlib(")), ...needs];
}

/**
 * Its packages; undefined while something is open.
 *
 * @throws {Fault} `manifest/wrong-package`, `manifest/unsupported-architecture`, `build/endless-requirements`
 */
function planBuild(building: Building, localsFor: LocalsFor): readonly Made[] | undefined {
  const { planning, manifest, target, source } = building;
  const { srpm } = source;
  const about = aboutOf(building);
  if (about === undefined) return undefined;
  refuseOther(about, building);
  const common = commonOf(building, about);
  const asking = { localsFor, goesOn: () => true, ask: askingFor(building, common) };
  const settled = settledNeeds(building, about, asking);
  if (settled === undefined) return undefined;
  const build = placed(
    rpmDerivation({
      ...{ ...common, label: `${about.name}-${about.version}`, buildType: target.buildType },
      root: { derivation: settled.root, output: "root" },
    }),
    writtenAt(building),
  );
  const list = planning.fact(build, "packages", packagesFile);
  if (list === undefined) return undefined;
  const checks = manifest.test ? { checks: checksDerivation(build, "packages", { instead: { srpm } }) } : {};
  return parseStanzas(list).map(({ Filename: file = "", ...stanza }) => {
    const copied = copyDerivation(file, { derivation: build, output: "rpms" }, file);
    return { stanza, label: file, source: srpm, ...checks, archive: { derivation: copied, output: "file" } };
  });
}

/** What asking it and building it take alike. */
function commonOf({ manifest, target, source, launcher, told }: Building, about: SourceAbout) {
  const epoch = manifest.sourceDateEpoch ?? about.changed ?? poolTime;
  const parameters = { ...told, ...withSecrets(manifest), epoch };
  return { architecture: rpmName(target.arch), launcher, parameters, srpm: source.unchecked };
}

function askingFor(building: Building, common: ReturnType<typeof commonOf>): Asking["ask"] {
  const label = building.manifest.name;
  return (root) =>
    placed(
      rpmRequiresDerivation({ ...common, label, root: { derivation: root, output: "root" } }),
      writtenAt(building),
    );
}

function writtenAt({ place }: RpmPlan) {
  return { "": place(["name"]) };
}

interface Asking {
  readonly localsFor: LocalsFor;
  readonly goesOn: GoesOn;
  readonly ask: (root: Derivation) => Derivation;
}

interface Settled {
  readonly root: Derivation;
  readonly requires: readonly string[];
}

/**
 * What the build asks for, and the root with all of it unless it does not go on: what `%generate_buildrequires` finds may find more where that is there, so
 * it is asked again until it asks for nothing new (rpm's docs/man/rpmbuild.8, -br).
 *
 * @throws {Fault} `build/endless-requirements`
 */
function settledNeeds(
  building: Building,
  about: SourceAbout,
  { localsFor, goesOn, ask }: Asking,
): Settled | undefined {
  const { planning, rootFor } = building;
  const requires = new Set(writtenNeeds(about, building));
  const mostRounds = 16;
  for (let round = 0; round < mostRounds; round++) {
    const wanted = [...requires].sort();
    const locals = localsFor(wanted);
    const root = locals && rootFor([...wanted, ...locals.asked], locals.packages, about.conflicts);
    if (root === undefined) return undefined;
    if (!asksWhileBuilding(about)) return { root, requires: wanted };
    const asked = planning.fact(ask(root), "requires", requiresFile);
    if (asked === undefined) return undefined;
    const found = asked.split("\n").filter((text) => text !== "" && !text.startsWith("rpmlib("));
    const fresh = found.filter((text) => !requires.has(text));
    if (fresh.length === 0) return { root, requires: wanted };
    for (const text of fresh) requires.add(text);
    const isOn = goesOn(fresh);
    if (isOn === undefined) return undefined;
    if (!isOn) return { root, requires: [...requires] };
  }
  throw new Fault(
    "build/endless-requirements",
    `${about.name} asks for something else to be built with, ${mostRounds} times in a row`,
    { hint: "does its %generate_buildrequires print what changes with what is there?" },
  );
}

/** Macros of the distribution, of the build type and of the manifest, the last of them winning. */
function toldTo({ manifest, target, distro }: RpmPlan, epoch: number): RpmParameters {
  const debug = target.buildType === "debug" ? debugMacros : {};
  return {
    macros: { ...(distro.format === "rpm" ? distro.macros : ofDebs), ...debug, ...manifest.rpm.macros },
    environment: manifest.environment,
    epoch,
  };
}

/** A debugger finds what it stands at, and nothing is optimised away. */
const debugMacros: Readonly<Record<string, string>> = { optflags: "-O0 -g3" };

function refuseOther(about: SourceAbout, { manifest, target, place }: RpmPlan): void {
  const { name, version, exclusive, excluded } = about;
  const wrong = (key: "name" | "version", found: string) =>
    new Fault("manifest/wrong-package", `the spec is of ${name} ${version}, not of ${manifest[key]}`, {
      place: place([key]),
      hint: `write ${key}: ${found}${key === "version" ? ", or leave it out" : ""}`,
    });
  if (manifest.name !== name) throw wrong("name", name);
  const isMet = [undefined, version, version.replace(/-[^-]*$/, "")].includes(manifest.version);
  if (!isMet) throw wrong("version", version);
  const made = exclusive.length > 0 ? exclusive : undefined;
  const architecture = rpmName(target.arch);
  if ((made === undefined || made.includes(architecture)) && !excluded.includes(architecture)) return;
  throw new Fault("manifest/unsupported-architecture", `${name} is not built for ${target.arch}`, {
    place: place(["rpm"]),
    hint: made
      ? `its spec has ExclusiveArch: ${made.join(" ")}`
      : `its spec has ExcludeArch: ${excluded.join(" ")}`,
  });
}
