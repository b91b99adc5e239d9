// The manifest of a distribution.
// Knows its keys; does not know how packages are chosen or roots are made.

import * as z from "zod";
import type { Kind, Reference } from "../../evaluator/kind.ts";
import { header, localPath, reference, text, unique } from "../../evaluator/manifest/value.ts";
import { type Tier, tiers } from "../../evaluator/question.ts";
import {
  architectures,
  isManifest,
  packageAnywhere,
  packageName,
  packageOrManifest,
} from "../package/debian.ts";
import { macros } from "./macros.ts";
import { debPattern, priority, repository, rpmPattern, rpmRepository } from "./repository.ts";

const pin = z.strictObject({
  package: debPattern.describe("Which packages: a name, with * and ?."),
  from: z
    .string()
    .min(1, { error: "names no suite\nlike: trixie-updates" })
    .describe("The suite or the repository's name."),
  priority,
});

const namesEachOnce = z.superRefine<Tier[]>((names, context) => {
  names.forEach((name, index) => {
    if (names.indexOf(name) < index)
      context.addIssue({ code: "custom", path: [index], message: `is named before\nname each tier once` });
  });
});

const name = text(
  /^[a-z0-9][a-z0-9.+-]*(?:\/[a-z0-9][a-z0-9.+-]*)*$/,
  "a distribution's name",
  "lower-case letters, digits, . + and -, with / between parts: debian/trixie",
).describe("What it is called: debian/trixie.");

const search = z
  .array(z.enum(tiers))
  .min(1, { error: `names no tier\nwrite at least one of ${tiers.join(", ")}` })
  .check(namesEachOnce)
  .optional()
  .describe(
    "Where packages are chosen from, in order: the first tier that has one of a name wins, newer or not. local: what other manifests make; it is always what is meant where one is named. store: what is in the store, and known through the locks that were used with it. repositories: what the archives list. A tier that is left out is not chosen from; without repositories nothing is fetched from them either, and what is pinned comes out of the store or a cache. Without this key repositories alone decide, so that what lies in a store shapes nothing; in any case a file that the store or a cache has is not fetched.",
  );

/** The keys that a distribution has whatever its packages are. */
const keysOf = <F extends "deb" | "rpm", R extends z.ZodType<{ readonly name: string }>>(
  format: F,
  repository: R,
) => ({
  kind: z.literal("distro"),
  name,
  ...header,
  format: z.literal(format).describe("The format of its packages."),
  architectures: architectures.describe("What it is there for."),
  repositories: unique<z.output<R>>(
    z.array(repository).min(1, { error: "names no repository\na distribution has at least one" }),
    "the name",
    (item) => item.name,
  ).describe("Where its packages come from."),
  search,
});

const rebuilt = <N extends z.ZodType<string>>(name: N, what: string) =>
  z.strictObject({
    rebuild: z.array(name).min(1, { error: "names nothing\nlike: [make]" }).describe(what),
  });

const buildRoot = (name: ReturnType<typeof text>, usual: string[]) =>
  z.array(name).default(usual).describe("What every build root holds beside the base.");

const debDistro = z.strictObject({
  ...keysOf("deb", repository),
  pins: z.array(pin).default([]).describe("Priorities of single packages, as in apt_preferences(5)."),
  base: z
    .array(packageName)
    .default(["essential", "required", "apt"])
    .describe(
      "What every root holds: sets by dpkg priority (essential, required, important, standard) or names.",
    ),
  build: buildRoot(packageName, ["build-essential"]),
  toolchain: z
    .union([
      z.literal("rebuild"),
      rebuilt(
        packageOrManifest,
        "Packages of the build set, or manifests of packages that take their place.",
      ),
    ])
    .optional()
    .describe(
      "Tools that are built from source, with what the repositories have, before anything is built with them: rebuild, for all that build roots hold beside the base, or {rebuild: [make, ./binutils.yaml]}.",
    ),
  cross: z
    .array(packageAnywhere)
    .optional()
    .describe(
      "What every root holds beside in which something is crossed, by default [crossbuild-essential-${arch}, libc6-dev:${arch}, libstdc++6:${arch}].",
    ),
});

const rpmName = text(
  /^[A-Za-z0-9][A-Za-z0-9+._-]*$/,
  "a package name",
  "letters, digits, + . _ and -, a letter or digit first",
);

const repackaged = z.strictObject({
  distro: reference.describe("Whose packages: a distribution of debs."),
  packages: z
    .array(packageName)
    .min(1, { error: "names no package\nlike: [bash, coreutils]" })
    .describe("Which of them, with its base and all that they need."),
});

const rpmKeys = keysOf("rpm", rpmRepository);

const rpmDistro = z
  .strictObject({
    ...rpmKeys,
    repositories: unique<z.output<typeof rpmRepository>>(
      z.array(rpmRepository),
      "the name",
      (item) => item.name,
    )
      .default([])
      .describe("Where its packages come from."),
    repackaged: repackaged
      .optional()
      .describe(
        "Packages of a distribution of debs, of which kit makes rpms: it has these beside its repositories.",
      ),
    macros: macros.default({}).describe("Macros of every build for it: {dist: .kit1}."),
    pins: z
      .array(
        z.strictObject({ package: rpmPattern, from: z.string().min(1), priority: z.int().min(1).max(9999) }),
      )
      .default([])
      .describe("Priorities of single packages, in place of their repository's."),
    base: z.array(rpmName).default([]).describe("What every root holds."),
    build: buildRoot(rpmName, ["gcc", "make", "rpm-build"]),
    toolchain: rebuilt(localPath, "Manifests of packages that take the place of the distribution's own.")
      .optional()
      .describe(
        "Tools that are built from source, with what the distribution has, before anything is built with them.",
      ),
  })
  .check((context) => {
    const { repositories, repackaged } = context.value;
    if (repositories.length > 0 || repackaged !== undefined) return;
    const message = "names no repository\na distribution has at least one, or is made of another's packages";
    context.issues.push({ code: "custom", input: context.value, message, path: [] });
  });

export type DebDistro = z.infer<typeof debDistro>;
export type RpmDistro = z.infer<typeof rpmDistro>;
export type DistroManifest = DebDistro | RpmDistro;

export const distroKind: Kind<DistroManifest> = {
  name: "distro",
  schema: z.discriminatedUnion("format", [debDistro, rpmDistro]),
  references: (manifest) => [...repackagedFrom(manifest), ...rebuiltBy(manifest)],
  locals: [["repositories", "*", "signedBy"]],
};

function repackagedFrom(manifest: DistroManifest): Reference[] {
  const to: unknown = (manifest as Partial<RpmDistro>).repackaged?.distro;
  return typeof to === "string" ? [{ path: ["repackaged", "distro"], to, kind: "distro" }] : [];
}

function rebuiltBy(manifest: DistroManifest): Reference[] {
  const { toolchain } = manifest as { readonly toolchain?: { readonly rebuild?: unknown } | string | null };
  const rebuild = typeof toolchain === "object" ? toolchain?.rebuild : undefined;
  if (!Array.isArray(rebuild)) return [];
  return rebuild.flatMap((to: unknown, index) =>
    typeof to === "string" && isManifest(to)
      ? [{ path: ["toolchain", "rebuild", index], to, kind: "package" }]
      : [],
  );
}
