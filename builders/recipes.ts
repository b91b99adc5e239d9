// Every builder's part of a request's key: its own version and those of what it works through.
// Knows names and versions; loads no builder.

import { copyVersions } from "./copy/recipe.ts";
import { customizeVersions } from "./customize/recipe.ts";
import { debFilesVersions } from "./deb-files/recipe.ts";
import { ext4Versions } from "./ext4/recipe.ts";
import { fetchVersions } from "./fetch/recipe.ts";
import { ociVersions } from "./oci/recipe.ts";
import { rootfsVersions } from "./rootfs/recipe.ts";
import { squashfsVersions } from "./squashfs/recipe.ts";
import { tarVersions } from "./tar/recipe.ts";
import { toolsVersions } from "./tools/recipe.ts";
import { unpackVersions } from "./unpack/recipe.ts";

export const builderVersions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  copy: copyVersions,
  customize: customizeVersions,
  "deb-files": debFilesVersions,
  ext4: ext4Versions,
  fetch: fetchVersions,
  oci: ociVersions,
  rootfs: rootfsVersions,
  squashfs: squashfsVersions,
  tar: tarVersions,
  tools: toolsVersions,
  unpack: unpackVersions,
};
