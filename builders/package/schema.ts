// The manifest of a package: one schema for each builder.
// Knows which builders there are; does not know how they build.

import * as z from "zod";
import { type Kind, referencesIn } from "../../evaluator/kind.ts";
import { debFiles, localsOfDebFiles, referencesOfFiles } from "./deb-files.ts";
import { debPrebuilt } from "./deb-prebuilt.ts";
import { debSource } from "./deb-source.ts";
import { isManifest } from "./debian.ts";
import { localsOfRpms, rpmPackage, rpmPrebuilt } from "./rpm.ts";
import { localsOfSources } from "./source.ts";
import { localsOfTrees, treePackages } from "./tree.ts";

const packageManifest = z.discriminatedUnion("builder", [
  debFiles,
  debPrebuilt,
  debSource,
  rpmPackage,
  rpmPrebuilt,
  ...treePackages,
]);

export type PackageManifest = z.infer<typeof packageManifest>;

export const packageKind: Kind<PackageManifest> = {
  name: "package",
  schema: packageManifest,
  references: (manifest) => [
    ...referencesIn(manifest, "distro", "distro"),
    ...referencesIn(manifest, "dependencies", "package", isManifest),
    ...referencesIn(manifest, "buildDependencies", "package", isManifest),
    ...referencesOfFiles(manifest),
  ],
  locals: [...localsOfDebFiles, ...localsOfSources, ...localsOfRpms, ...localsOfTrees],
  circleHint: "write the package's name in place of its manifest: packages may need each other to run",
};
