// Planning an image's root: which packages, in which layers.
// Pure. Knows closures and layers; does not know what is laid over the root or made of it.

import type { Planning } from "../../evaluator/evaluate.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { type Closure, type ClosureQuestion, closureQuestion } from "../../evaluator/question.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import type { Derivation, Input } from "../../store/model/derivation.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import { packageInput } from "../distro/package.ts";
import type { DebDistro } from "../distro/schema.ts";
import { architecturesIn, refuseLeftOut, sourceOf } from "../distro/source.ts";
import { isManifest } from "../package/debian.ts";
import { type LocalPackage, packageRequests } from "../package/plan.ts";
import { beyond, needsLinks } from "../rootfs/layers.ts";
import { rootfsDerivation } from "../rootfs/recipe.ts";
import type { ImageManifest } from "./schema.ts";
import type { Wanted } from "./workloads.ts";

export interface Closures {
  readonly joint: Closure;
  readonly base: Closure;
}

/** What is resolved: an image, and what its workloads want of it. */
export interface RootWish {
  readonly manifest: ImageManifest;
  readonly distro: DebDistro;
  readonly target: Target;
  readonly wanted: Wanted;
  readonly packages: readonly LocalPackage[];
}

/**
 * The image's closure and that of its base alone, which says whether the base can be a layer. The base alone is
 * without what is recommended, whatever workloads want: it is the same layer for all images then.
 *
 * @throws {Fault} `manifest/left-out-tier`
 */
export function resolveRoots(
  planning: Planning,
  { manifest, distro, target, wanted, packages }: RootWish,
): Closures | undefined {
  refuseLeftOut(
    distro,
    packages.map(({ file }) => file),
  );
  const { optional, groups, recommends } = wanted;
  const names = [...manifest.packages.filter((name) => !isManifest(name)), ...wanted.names];
  const common: Omit<ClosureQuestion, "source" | "requests" | "locals"> = {
    base: distro.base,
    exclude: manifest.exclude,
    root: true,
  };
  const made = packageRequests(packages);
  const joint = planning.closure(
    closureQuestion({
      ...common,
      source: sourceOf(distro, target.arch, architecturesIn([...names, ...optional])),
      requests: [...names, ...made.asked],
      brought: made.brought,
      locals: packages.map(({ stanza }) => stanza),
      ...(recommends && { recommends }),
      groups,
      optional,
    }),
  );
  const source = sourceOf(distro, target.arch);
  const base = planning.closure(closureQuestion({ ...common, source, requests: [], locals: [] }));
  return joint && base && { joint, base };
}

interface RootPlan extends Closures {
  readonly manifest: ImageManifest;
  readonly distro: DebDistro;
  readonly architecture: string;
  readonly packages: readonly LocalPackage[];
  readonly launcher: Input;
  /** The base with the manifest's preInstall scripts run in it. */
  readonly prepare: (base: Derivation) => Derivation;
  /** Where the manifest has them. */
  readonly place: Place;
}

/** An image's root, and what was chosen for it. */
export interface ImageRoot {
  readonly root: Derivation;
  readonly joint: Closure;
  /** Seconds since 1970. */
  readonly epoch: number;
}

/**
 * The root in layers, a function of the manifest alone: the distro's base where the closure contains it whole,
 * then the rest in one configure; everything in one where ids or answers have to be set before the base configures.
 *
 * @throws {Fault} `manifest/contradiction` where scripts are to run between layers that there are not
 */
export function planRoot({
  manifest,
  distro,
  architecture,
  packages,
  launcher,
  prepare,
  place,
  joint,
  base,
}: RootPlan): Derivation {
  const epoch = epochOf(manifest, joint);
  const pins = pinnedIds(manifest);
  const inputs = (items: readonly ChosenPackage[]) =>
    items.map((item) => packageInput(item, distro, packages));
  const free = pins.passwd.length === 0 && pins.group.length === 0 && manifest.debconf.length === 0;
  const rest = free ? beyond(joint, base) : undefined;
  const parameters = {
    architecture,
    epoch,
    debconf: manifest.debconf,
    ...pins,
    mergedUsr: needsLinks(joint),
  };
  const common = { launcher, parameters };
  const prepares = manifest.scripts.preInstall.length > 0;
  if (rest === undefined && prepares) {
    throw new Fault("manifest/contradiction", "there is no base for the preInstall scripts to run in", {
      place,
      hint: "packages are configured together with the base where ids below 1000 or debconf answers are set, or the base is not all there: leave these out, or make it a script of postInstall",
    });
  }
  if (rest === undefined)
    return rootfsDerivation({
      ...common,
      label: `${manifest.name} root`,
      packages: inputs(joint.packages),
      base: undefined,
    });
  const plain = rootfsDerivation({
    ...common,
    label: `${distro.name} base`,
    packages: inputs(base.packages),
    base: undefined,
  });
  const bottom = prepares ? prepare(plain) : plain;
  if (rest.length === 0) return bottom;
  return rootfsDerivation({
    ...common,
    label: `${manifest.name} root`,
    packages: inputs(rest),
    base: bottom,
  });
}

/** Seconds since 1970: what the manifest says, else the newest index the packages were chosen from. */
export function epochOf(manifest: ImageManifest, joint: Closure): number {
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
      return `${name}:!:${uid}:${gid}::${home ?? "/nonexistent"}:${shell ?? "/usr/sbin/nologin"}`;
    }),
    group: [
      ...groups.map(({ name, gid }) => `${name}:!:${gid}:`),
      ...own.map(({ name, uid }) => `${name}:!:${uid}:`),
    ],
  };
}
