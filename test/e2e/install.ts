// A copy of the built kit whose shipped manifests are a test's own, so that its tools come from the test's archive.
// Knows what an installed kit is made of; does not know the tests.

import { copyFileSync, cpSync, mkdirSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Archive, distroFiles } from "./archive.ts";
import { shippedManifests } from "./base.ts";
import { ownKit } from "./kit.ts";
import { writeFiles } from "./place.ts";

/**
 * The binary of a copy in this folder. Its `debian/trixie`, of which the tools are made, is the archive: nothing a
 * test does with it needs another network than the loopback.
 */
export function installKit(folder: string, archive: Pick<Archive, "uri" | "key">): string {
  const own = dirname(dirname(ownKit));
  mkdirSync(join(folder, "cli"), { recursive: true });
  copyFileSync(ownKit, join(folder, "cli/kit"));
  cpSync(join(own, "dist"), join(folder, "dist"), { recursive: true });
  for (const kind of ["tools", "distros"])
    cpSync(join(shippedManifests, kind), join(folder, "manifests", kind), { recursive: true });
  symlinkSync(join(own, "node_modules"), join(folder, "node_modules"));
  pointTo(folder, archive);
  return join(folder, "cli/kit");
}

/** Makes an installed copy's distro be this archive. */
export function pointTo(folder: string, archive: Pick<Archive, "uri" | "key">): void {
  const files = distroFiles(archive, "debian/trixie", smallBase);
  writeFiles(join(folder, "manifests/distros/debian"), {
    "trixie.yaml": files["small.yaml"] ?? "",
    "small.asc": files["small.asc"] ?? "",
  });
}

/** The least that configures: a shell, dpkg, and the accounts. */
export const smallBase = [
  "base-files",
  "base-passwd",
  "dash",
  "dpkg",
  "coreutils",
  "sed",
  "diffutils",
  "libc-bin",
  "mawk",
  "perl-base",
  "grep",
  "tar",
  "findutils",
] as const;
