// Every builder by its name: its part of a request's key (its own version and those of what it works through), and what
// its results are to people.
// Knows names and versions; loads no builder.

import { checksVersions } from "./checks/recipe.ts";
import { copyVersions } from "./copy/recipe.ts";
import { customizeVersions } from "./customize/recipe.ts";
import { debFilesVersions } from "./deb-files/recipe.ts";
import { debAboutVersions, debSourceVersions, debUnpackVersions, dscVersions } from "./deb-source/recipe.ts";
import { ext4Versions } from "./ext4/recipe.ts";
import { fetchVersions } from "./fetch/recipe.ts";
import { gitVersions } from "./git/recipe.ts";
import { indexVersions } from "./index/recipe.ts";
import { ociVersions } from "./oci/recipe.ts";
import { leftoverVersions, repackageVersions } from "./repackage/recipe.ts";
import { rootfsVersions } from "./rootfs/recipe.ts";
import {
  rpmAboutVersions,
  rpmRepositoryVersions,
  rpmRequiresVersions,
  rpmVersions,
  srpmVersions,
} from "./rpm/recipe.ts";
import { rpmrootVersions } from "./rpmroot/recipe.ts";
import { archiveVersions, sourceVersions } from "./source/recipe.ts";
import { squashfsVersions } from "./squashfs/recipe.ts";
import { sysrootVersions, treeVersions } from "./sysroot/recipe.ts";
import { tarVersions } from "./tar/recipe.ts";
import { toolsVersions } from "./tools/recipe.ts";
import { unpackVersions } from "./unpack/recipe.ts";

export const builderVersions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  archive: archiveVersions,
  checks: checksVersions,
  copy: copyVersions,
  customize: customizeVersions,
  "deb-about": debAboutVersions,
  "deb-files": debFilesVersions,
  "deb-source": debSourceVersions,
  "deb-unpack": debUnpackVersions,
  dsc: dscVersions,
  ext4: ext4Versions,
  fetch: fetchVersions,
  git: gitVersions,
  index: indexVersions,
  leftover: leftoverVersions,
  oci: ociVersions,
  repackage: repackageVersions,
  rootfs: rootfsVersions,
  rpm: rpmVersions,
  "rpm-about": rpmAboutVersions,
  "rpm-repository": rpmRepositoryVersions,
  "rpm-requires": rpmRequiresVersions,
  rpmroot: rpmrootVersions,
  source: sourceVersions,
  squashfs: squashfsVersions,
  srpm: srpmVersions,
  sysroot: sysrootVersions,
  tar: tarVersions,
  tools: toolsVersions,
  tree: treeVersions,
  unpack: unpackVersions,
};

/** What only reads what is there already, and runs nothing of it. */
export function isReading(builder: string): boolean {
  return builder === "deb-about" || builder === "rpm-about" || builder === "dsc";
}

/** Whether a builder fetches what is fixed: it alone has a network, and there is nothing to compare in what it gives. */
export function isFetching(builder: string): boolean {
  return builder === "fetch" || builder === "git";
}

/** What results are, as people count them; in the order in which files that several share are told. */
export const resultKinds = [
  "sources",
  "SRPMs",
  "RPMs",
  "debs",
  "unpacked packages",
  "sysroots",
  "tool environments",
  "root file systems",
  "images",
  "package indexes",
  "other",
] as const;
export type ResultKind = (typeof resultKinds)[number];

const kindsByBuilder: Readonly<Record<string, ResultKind>> = {
  archive: "sources",
  customize: "root file systems",
  "deb-files": "debs",
  "deb-source": "debs",
  "deb-unpack": "sources",
  ext4: "images",
  git: "sources",
  index: "package indexes",
  oci: "images",
  repackage: "RPMs",
  rootfs: "root file systems",
  rpm: "RPMs",
  rpmroot: "root file systems",
  source: "sources",
  squashfs: "images",
  srpm: "SRPMs",
  sysroot: "sysroots",
  tar: "images",
  tools: "tool environments",
  tree: "sysroots",
  unpack: "unpacked packages",
};

/** By who made it; of what was fetched or taken as it is, by its name. */
export function resultKindOf(builder: string, label: string): ResultKind {
  const known = kindsByBuilder[builder];
  if (known !== undefined) return known;
  if (label.endsWith(".src.rpm")) return "SRPMs";
  if (label.endsWith(".rpm")) return "RPMs";
  if (label.endsWith(".deb")) return "debs";
  return builder === "fetch" || builder === "copy" ? "sources" : "other";
}
