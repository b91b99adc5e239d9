// Debian's words: package names, versions, architectures, relations.
// Knows how Debian Policy has them written; does not know which exist.

import * as z from "zod";
import { text } from "../../evaluator/manifest/value.ts";
import type { Place } from "../../store/model/fault.ts";

const name = "[a-z0-9][a-z0-9+.-]+";
const version = "(?:\\d+:)?\\d[A-Za-z0-9.+~-]*";
const alternative = `${name}(?::[a-z0-9-]+)? ?(?:\\((?:<<|<=|=|>=|>>) ?${version}\\))?`;

/** Debian Policy 5.6.1. */
export const packageName = text(
  new RegExp(`^${name}$`),
  "a package name",
  "two or more of a-z, 0-9, + - and . with a letter or digit first (Debian Policy 5.6.1)",
);

/** One of another architecture with it. */
export const packageAnywhere = text(
  new RegExp(`^${name}(?::[a-z0-9-]+)?$`),
  "a package name",
  "two or more of a-z, 0-9, + - and . (Debian Policy 5.6.1), and of another architecture with that: libc6-dev:arm64",
);

/** Debian Policy 5.6.12: `[epoch:]upstream[-revision]`. */
export const packageVersion = text(
  new RegExp(`^${version}$`),
  "a package version",
  "it begins with a digit and holds letters, digits, . + ~ and -: 1.2.0-1 (Debian Policy 5.6.12)",
);

/** A package by name, one of another architecture with it, or a manifest of one. */
export const packageOrManifest = text(
  new RegExp(`^(?:\\.\\.?/[^\\0]+|${name}(?::[a-z0-9-]+)?)$`),
  "a package name or the path of a manifest",
  "a name is two or more of a-z, 0-9, + - and . (Debian Policy 5.6.1), and may be of another architecture: libc6:i386; a path begins with ./ or ../",
);

/** A source package of the distribution by name, or one's own by its .dsc. */
export const sourcePackage = text(
  new RegExp(`^(?:\\.\\.?/[^\\0]*|https?://[^\\s/?#]+[^\\s]*|${name})$`),
  "a source package",
  "a name is two or more of a-z, 0-9, + - and . (Debian Policy 5.6.1); one of your own is the path of its .dsc, which begins with ./ or ../, or its address",
);

/** One member of a relation field, Debian Policy 7.1. */
export const relation = text(
  new RegExp(`^${alternative}(?: ?\\| ?${alternative})*$`),
  "a relation to packages",
  "like: libc6, libc6 (>= 2.36), default-mta | mail-transport-agent (Debian Policy 7.1)",
);

/** Debian Policy 7.5: a provided package may have a version, with = alone. */
export const provision = text(
  new RegExp(`^${name}(?: ?\\(= ?${version}\\))?$`),
  "something a package can provide",
  "a package name, alone or with a version: mail-transport-agent, libfoo (= 1.2) (Debian Policy 7.5)",
);

/** Those of Debian and of Fedora. */
export const architecture = z.enum([
  "amd64",
  "arm64",
  "armel",
  "armhf",
  "i386",
  "loong64",
  "mips64el",
  "ppc64el",
  "riscv64",
  "s390x",
  "x86_64",
  "aarch64",
  "ppc64le",
]);

/** Of what is there for some of them, or made for some. */
export const architectures = z
  .array(architecture)
  .min(1, { error: "names no architecture\nwrite at least one: [amd64]" });

/** Where a manifest names packages to build with, by their names. */
export function writtenNames(
  names: readonly string[],
  place: (path: (string | number)[]) => Place,
): [string, Place][] {
  return names.flatMap((name, index) =>
    isManifest(name) ? [] : [[name, place(["buildDependencies", index])]],
  );
}

/** A manifest's path, as against a package's name. */
export function isManifest(written: string): boolean {
  return /^\.\.?\//.test(written);
}
