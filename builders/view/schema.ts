// The manifest of a view: workloads of some labels on one distribution, and what building them takes.
// Knows its keys; does not know how it is resolved or reported.

import * as z from "zod";
import { type Kind, referencesIn } from "../../evaluator/kind.ts";
import { header, localPath, reference } from "../../evaluator/manifest/value.ts";
import { architectures } from "../package/debian.ts";
import { name } from "../workload/schema.ts";

const names = z.array(name).default([]);

const view = z.strictObject({
  kind: z.literal("view"),
  name: name.describe("What it is called."),
  ...header,
  distro: reference.describe("Where its packages come from."),
  architectures: architectures
    .optional()
    .describe("What it is resolved for; without, all that the distro is there for."),
  labels: names.describe("Workloads with one of these labels are in it; without, all that are found."),
  workloads: z
    .array(localPath)
    .min(1, { error: "names no workload\nlike: [./workloads]" })
    .describe("Where workloads are looked for: files, and folders with all below them."),
  base: names.describe("The environment that workloads are resolved on: sets by dpkg priority, or names."),
  buildroot: z
    .strictObject({
      base: z
        .array(name)
        .optional()
        .describe("What every build root holds beside the distro's base; without, what the distro says."),
    })
    .optional()
    .describe("Asks what it takes to build all of it."),
  unwanted: z
    .strictObject({ packages: names, sources: names })
    .prefault({})
    .describe("Packages and source packages that should not be in it: told, with who brings them."),
  subtract: reference
    .optional()
    .describe(
      "The view that this one is added to: what that one has is left out, on the architectures that both have.",
    ),
});

export type ViewManifest = z.infer<typeof view>;

export const viewKind: Kind<ViewManifest> = {
  name: "view",
  schema: view,
  references: (manifest) => [
    ...referencesIn(manifest, "distro", "distro"),
    ...referencesIn(manifest, "workloads", "workload").map((found) => ({ ...found, folder: true as const })),
    ...referencesIn(manifest, "subtract", "view"),
  ],
  locals: [],
};
