// The manifest of a package: one schema for each builder.
// Knows which builders there are; does not know how they build.

import * as z from "zod";
import { type Kind, type Pattern, type Reference, referencesIn } from "../../evaluator/kind.ts";
import { variantsIn } from "../../evaluator/manifest/variant.ts";
import { debFiles, localsOfDebFiles, referencesOfFiles } from "./deb-files.ts";
import { debPrebuilt } from "./deb-prebuilt.ts";
import { debSource } from "./deb-source.ts";
import { isManifest } from "./debian.ts";
import { localsOfRpms, rpmPackage, rpmPrebuilt } from "./rpm.ts";
import { localsOfSources } from "./source.ts";
import { treePackages } from "./tree.ts";

const packageManifest = z.discriminatedUnion("builder", [
  debFiles,
  debPrebuilt,
  debSource,
  rpmPackage,
  rpmPrebuilt,
  ...treePackages,
]);

export type PackageManifest = z.infer<typeof packageManifest>;

const locals: readonly Pattern[] = [...localsOfDebFiles, ...localsOfSources, ...localsOfRpms];

export const packageKind: Kind<PackageManifest> = {
  name: "package",
  schema: packageManifest,
  references: (manifest) => [
    ...referencesIn(manifest, "distro", "distro"),
    ...packagesIn(manifest),
    ...variantsIn(manifest).flatMap(([at, variant]) =>
      packagesIn(variant).map((one) => ({ ...one, path: [...at, ...one.path] })),
    ),
  ],
  locals: [...locals, ...locals.map(inVariants)],
  circleHint: "write the package's name in place of its manifest: packages may need each other to run",
};

/** Manifests of packages that one, or a variant of it, names. */
function packagesIn(part: unknown): Reference[] {
  return [
    ...referencesIn(part, "dependencies", "package", isManifest),
    ...referencesIn(part, "buildDependencies", "package", isManifest),
    ...referencesOfFiles(part),
  ];
}

function inVariants(pattern: Pattern): Pattern {
  const variant = ["variants", "*"];
  return "steps" in pattern
    ? { ...pattern, steps: [...variant, ...pattern.steps] }
    : [...variant, ...pattern];
}
