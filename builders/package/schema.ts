// The manifest of a package: one schema for each builder.
// Knows which builders there are; does not know how they build.

import * as z from "zod";
import { type Kind, type Reference, referencesIn } from "../../evaluator/kind.ts";
import { defaultDistro } from "../../evaluator/manifest/variables.ts";
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
    ...distroOf(manifest),
    ...referencesIn(manifest, "dependencies", "package", isManifest),
    ...referencesIn(manifest, "buildDependencies", "package", isManifest),
    ...referencesOfFiles(manifest),
  ],
  locals: [...localsOfDebFiles, ...localsOfSources, ...localsOfRpms, ...localsOfTrees],
  circleHint: "write the package's name in place of its manifest: packages may need each other to run",
};

/** The one that is meant where none is named, as by images. */
function distroOf(manifest: PackageManifest): Reference[] {
  if (manifest.distro === undefined) return [{ path: ["distro"], to: defaultDistro, kind: "distro" }];
  return referencesIn(manifest, "distro", "distro");
}
