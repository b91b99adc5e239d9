// Planning an image's root of rpm packages.
// Pure. Knows closures; does not know what is laid over the root or made of it.

import type { Planning } from "../../evaluator/evaluate.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { type ClosureQuestion, closureQuestion } from "../../evaluator/question.ts";
import { poolTime } from "../../store/layout.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import type { RpmDistro } from "../distro/schema.ts";
import { refuseLeftOut, sourceOf } from "../distro/source.ts";
import { isManifest } from "../package/debian.ts";
import { type LocalPackage, packageRequests } from "../package/plan.ts";
import { planRepackaged } from "../repackage/plan.ts";
import { before } from "../rootfs/layers.ts";
import { planRpmRoot } from "../rpmroot/plan.ts";
import { planLauncher, planTools } from "../tools/plan.ts";
import type { ImageRoot } from "./root.ts";
import type { ImageManifest } from "./schema.ts";
import type { Wanted } from "./workloads.ts";

export interface RpmImageWish {
  readonly manifest: ImageManifest;
  readonly distro: RpmDistro;
  readonly target: Target;
  readonly wanted: Wanted;
  readonly packages: readonly LocalPackage[];
  /** Where the manifest has a key. */
  readonly place: (path: readonly (string | number)[]) => Place;
}

/** Undefined while a question is open. @throws {Fault} `manifest/left-out-tier`, `manifest/unsupported-format` */
export function planRpmImage(planning: Planning, wish: RpmImageWish): ImageRoot | undefined {
  const { manifest, distro, target, wanted, packages } = wish;
  refuseDebs(wish);
  refuseLeftOut(
    distro,
    packages.map(({ file }) => file),
  );
  const repackaged = planRepackaged(planning, distro, target.arch);
  const tools = planTools(planning, "rpm", distro.name);
  const launcher = planLauncher(planning, target.arch, distro.name);
  if (repackaged === undefined) return undefined;
  const made = before(packages, repackaged);
  const { optional, groups, recommends } = wanted;
  const requests = packageRequests(packages);
  const names = [...manifest.packages.filter((name) => !isManifest(name)), ...wanted.names];
  const common: Omit<ClosureQuestion, "requests" | "locals"> = {
    ...{ source: sourceOf(distro, target.arch), base: distro.base, exclude: manifest.exclude },
    root: true,
  };
  const joint = planning.closure(
    closureQuestion({
      ...{ ...common, groups, optional, brought: requests.brought, ...(recommends && { recommends }) },
      requests: [...names, ...requests.asked],
      locals: made.map(({ stanza }) => stanza),
    }),
  );
  const base = planning.closure(
    closureQuestion({ ...common, requests: [], locals: repackaged.map(({ stanza }) => stanza) }),
  );
  if (joint === undefined || base === undefined || tools === undefined || launcher === undefined)
    return undefined;
  // One that is made of no index is of no date.
  const epoch = manifest.sourceDateEpoch ?? (joint.date || poolTime);
  const root = planRpmRoot({
    ...{
      distro,
      architecture: target.arch,
      epoch,
      tools,
      launcher,
      repackaged,
      locals: packages,
      joint,
      base,
    },
    labels: { joint: `${manifest.name} root`, base: `${distro.name} base` },
  });
  return { root, joint, epoch };
}

/** What only debs have. */
function refuseDebs({ manifest, distro, place }: RpmImageWish): void {
  const refuse = (path: readonly string[], what: string) => {
    throw new Fault(
      "manifest/unsupported-format",
      `${what} is of debs, and ${distro.name} has rpm packages`,
      {
        place: place(path),
        hint: "leave it out, or name a distribution of debs",
      },
    );
  };
  if (manifest.debconf.length > 0) refuse(["debconf"], "debconf");
  if (manifest.scripts.preInstall.length > 0)
    refuse(["scripts", "preInstall"], "a script between the base and the rest");
}
