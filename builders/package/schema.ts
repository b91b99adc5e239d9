// The manifest of a package: one schema for each builder.
// Knows which builders there are; does not know how they build.

import * as z from "zod";
import { type Kind, type LocalFile, referencesIn } from "../../evaluator/kind.ts";
import { unreachable } from "../../store/model/fault.ts";
import { debFiles, localsOfDebFiles } from "./deb-files.ts";
import { debPrebuilt, localsOfDebPrebuilt } from "./deb-prebuilt.ts";
import { isManifest } from "./debian.ts";

const packageManifest = z.discriminatedUnion("builder", [debFiles, debPrebuilt]);

export type PackageManifest = z.infer<typeof packageManifest>;

export const packageKind: Kind<PackageManifest> = {
  name: "package",
  schema: packageManifest,
  references: (manifest) => [
    ...referencesIn(manifest, "distro", "distro"),
    ...referencesIn(manifest, "dependencies", "package", isManifest),
  ],
  locals: localsOf,
};

function localsOf(manifest: PackageManifest): LocalFile[] {
  switch (manifest.builder) {
    case "deb-files":
      return localsOfDebFiles(manifest);
    case "deb-prebuilt":
      return localsOfDebPrebuilt(manifest);
    default:
      return unreachable(manifest);
  }
}
