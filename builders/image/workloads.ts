// The workloads of an image: what they want of it, beside its own packages.
// Pure. Knows how they are put together; does not know which packages exist, nor how any is installed.

import type { Assembled, Assembly } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { Fault } from "../../store/model/fault.ts";
import { assembled } from "../tools/plan.ts";
import { type WorkloadManifest, workloadKind } from "../workload/schema.ts";
import { type Wants, wantsOf } from "../workload/wants.ts";

/** Of all of an image's workloads together. */
export interface Wanted {
  readonly names: readonly string[];
  /** Names that it does without where they are not there: those of workloads that are not strict. */
  readonly optional: readonly string[];
  readonly groups: readonly string[];
  /** Manifests of packages, by canonical path. */
  readonly files: readonly string[];
  /** Whether one of them wants what packages recommend: all share one root, so then it is so for all of it. */
  readonly recommends: boolean;
}

/** @throws {Fault} `manifest/placeholder` */
export function wantedIn(assembly: Assembly, image: Assembled, target: Target): Wanted {
  const files = new Set(image.references.filter(({ kind }) => kind === "workload").map(({ file }) => file));
  const all = [...files].map((file) => {
    const own = assembled(assembly, file);
    const { manifest } = settle(own, workloadKind, target);
    const wants = wantsOf(own, manifest, target.arch);
    refusePlaceholders(own, manifest, wants, image);
    return { ...manifest, wants };
  });
  const names = (isStrict: boolean) =>
    all.filter(({ options }) => options.strict === isStrict).flatMap(({ wants }) => wants.names);
  return {
    names: names(true),
    optional: names(false),
    groups: [...new Set(all.flatMap(({ groups }) => groups))],
    files: [...new Set(all.flatMap(({ wants }) => wants.files))],
    recommends: all.some(({ options }) => options.recommends),
  };
}

function refusePlaceholders(
  own: Assembled,
  { name, placeholders }: WorkloadManifest,
  { placeholders: [first] }: Wants,
  image: Assembled,
): void {
  if (first === undefined) return;
  const index = placeholders.indexOf(first);
  const named = image.references.find(({ file }) => file === own.file);
  throw new Fault(
    "manifest/placeholder",
    `${first.source} is a placeholder of the workload ${name}: nobody has made it yet, so no image can hold it`,
    {
      place: own.document.place(["placeholders", index]),
      ...(named && {
        related: [{ place: image.document.place(named.path), message: "the image that has it" }],
      }),
      hint: "leave the workload out of the image, or name a manifest that makes the package: packages: [./it.yaml]",
    },
  );
}
