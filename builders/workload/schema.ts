// The manifest of a workload: packages that are wanted together, and who wants them.
// Knows its keys; does not know which view gathers it, nor which packages exist.

import * as z from "zod";
import { type Kind, referencesIn } from "../../evaluator/kind.ts";
import { header, text, unique } from "../../evaluator/manifest/value.ts";
import { architecture, isManifest } from "../package/debian.ts";

/** Of whichever format: what dpkg calls a package, and what rpm does. */
const plainName = "[A-Za-z0-9][A-Za-z0-9+._-]*";
const relation = "(?: *\\([^()\\n]{1,200}\\)| +(?:<=?|>=?|=) *[^\\s,|()]{1,200})?";

/** As dnf writes one package: `glibc-0:2.38-16.i686`. */
const exactRpm = "[A-Za-z0-9][A-Za-z0-9+._-]*-[0-9]+:[A-Za-z0-9+._~^]+-[A-Za-z0-9+._~^]+";

/** Something to have: a package, a manifest of one, or what a package provides. */
export const wanted = text(
  new RegExp(
    `^(?:\\.\\.?/[^\\0]+|/[^\\s,|]+|${exactRpm}|${plainName}(?::[a-z0-9-]+)?(?:=[^\\s()]+)?(?:\\([^\\s()]*\\))*${relation})$`,
  ),
  "a package name or the path of a manifest",
  "like: nginx, libc6:i386, ./hello.yaml; a version may follow: nginx (>= 1.22) for dpkg, nginx >= 1.22 for rpm",
);

export const name = text(
  new RegExp(`^${plainName}$`),
  "a name",
  "letters, digits, . + _ and -, a letter or digit first",
);

const dependency = text(
  /^[^,\n\0]{1,1000}$/,
  "a dependency",
  "one relation, as the distribution's packages have it: gcc, libfoo-dev (>= 1.2), gcc >= 14",
);

const placeholder = z.strictObject({
  source: name.describe("The source package it will come from."),
  buildDependencies: z.array(dependency).default([]).describe("What that will need to be built."),
  packages: unique(
    z
      .array(
        z.strictObject({
          name: name.describe("What it will be called."),
          dependencies: z.array(dependency).default([]).describe("What it will need."),
        }),
      )
      .min(1, { error: "names no package\nlike: [{name: future-httpd}]" }),
    "the name",
    (item) => item.name,
  ).describe("Its packages."),
  architectures: z
    .array(architecture)
    .optional()
    .describe("Where it will be there; without, wherever the workload is."),
});

export type Placeholder = z.infer<typeof placeholder>;

const workload = z.strictObject({
  kind: z.literal("workload"),
  name: name.describe("What it is called."),
  ...header,
  maintainer: z.string().optional().describe("Who wants it."),
  labels: z.array(name).default([]).describe("What views gather it by."),
  packages: z.array(wanted).default([]).describe("What it wants, on every architecture."),
  archPackages: z
    .partialRecord(architecture, z.array(wanted))
    .default({})
    .describe("What it wants on single architectures beside that."),
  groups: z
    .array(name)
    .default([])
    .describe(
      "Groups of packages, as the distribution has them: tasks of Debian, comps of Fedora and their environments; what of one is not there is left out with a warning.",
    ),
  options: z
    .strictObject({
      recommends: z
        .boolean()
        .default(false)
        .describe("With what packages recommend; an image is resolved so if one of its workloads is."),
      docs: z
        .boolean()
        .default(true)
        .describe(
          "With what rpm marks as documentation, where it is installed; dpkg's packages mark nothing so.",
        ),
      strict: z
        .boolean()
        .default(true)
        .describe("Whether a package that is not there is an error, or a warning."),
    })
    .prefault({})
    .describe("How it is resolved."),
  placeholders: unique(z.array(placeholder), "the source", ({ source }) => source)
    .default([])
    .describe("Packages that nobody has made yet, as if they were there; no image can hold them."),
});

export type WorkloadManifest = z.infer<typeof workload>;

export const workloadKind: Kind<WorkloadManifest> = {
  name: "workload",
  schema: workload,
  references: (manifest) => {
    const further = (manifest as { archPackages?: unknown }).archPackages;
    const onArchitectures = typeof further === "object" && further !== null ? Object.keys(further) : [];
    return [
      ...referencesIn(manifest, "packages", "package", isManifest),
      ...onArchitectures.flatMap((key) =>
        referencesIn(further, key, "package", isManifest).map((found) => ({
          ...found,
          path: ["archPackages", ...found.path],
        })),
      ),
    ];
  },
  locals: [],
};
