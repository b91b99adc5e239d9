// The builder `rpm` in a package's manifest: a spec and its sources, built by rpmbuild.
// Knows its keys; does not know how the spec is built.

import * as z from "zod";
import type { Pattern } from "../../evaluator/kind.ts";
import { localPath, sha256, text, url } from "../../evaluator/manifest/value.ts";
import { macros } from "../distro/macros.ts";
import { packageName } from "./debian.ts";
import { rpmVariableName, variables } from "./environment.ts";
import { crossCompile, packageShape, secrets, test } from "./shape.ts";
import { gitShape } from "./source.ts";
import { part, variants } from "./variant.ts";

const rpmName = text(
  /^[A-Za-z0-9_][A-Za-z0-9._+-]*$/,
  "a package name",
  "letters, digits, . _ + and -, a letter, a digit or _ first",
);

const rpmVersion = text(
  /^(?:\d+:)?[^\s:/\p{Cc}-]+(?:-[^\s:/\p{Cc}-]+)?$/u,
  "a package version",
  "like: 1.2.0, 1.2.0-1, 2:1.2.0-1",
);

/** By a name in the distribution, or a manifest's path. */
const requirement = text(
  /^[^\s,][^\0\n]*$/,
  "a build requirement",
  "a package, what one provides, a path of a file, or the path of a manifest: gcc, pkgconfig(zlib), ./libfoo.yaml",
);

const remote = z.strictObject({
  url: url.describe("Where it is; of a spec's sources its last part is what the spec calls it."),
  sha256: sha256.describe("What it must be."),
  mirrors: z.array(url).default([]).describe("Where else it is."),
});

const local = z.strictObject({
  file: localPath.describe(
    "A file beside the manifest; of a spec's sources its name is what the spec calls it.",
  ),
});

const archive = text(
  /^[A-Za-z0-9][A-Za-z0-9+._~-]*\.tar$/,
  "an archive's name",
  "as the spec calls it, ending in .tar: hello-1.0.tar, in which all is below hello-1.0/",
).describe("What the spec calls it: hello-1.0.tar, in which all is below hello-1.0/.");

const folder = z.strictObject({
  dir: localPath.describe("A folder beside the manifest, packed into one archive."),
  archive,
});

const commit = z.strictObject({ ...gitShape, archive });

const whole = z.strictObject({
  srpm: localPath.describe("A source package beside the manifest, in place of a spec."),
});

const own = {
  ...packageShape,
  name: rpmName.describe("The package's name."),
  version: rpmVersion
    .optional()
    .describe("Its version, where it has to be just this one: 1.2.0, or 1.2.0-1."),
};

const buildDependencies = z
  .array(requirement)
  .default([])
  .describe(
    "What building it takes beside its BuildRequires: names, and manifests whose packages it is built with.",
  );

const environment = variables(rpmVariableName).default({}).describe("Variables of the build.");

const rpm = z.strictObject({
  spec: localPath.optional().describe("The spec file."),
  macros: macros.default({}).describe("Macros of the build: {dist: .kit1}."),
  debian: z
    .record(z.string().min(1), packageName)
    .default({})
    .describe(
      'In a root of debs, the package that each build requirement means: {gcc-c++: g++, "pkgconfig(zlib)": zlib1g-dev}.',
    ),
});

export const rpmPackage = z
  .strictObject({
    ...own,
    builder: z.literal("rpm"),
    sources: z
      .array(z.union([remote, local, folder, commit, whole]))
      .default([])
      .describe(
        "What the spec names as its sources and patches: {url, sha256}, {file}, {dir, archive} or {git, rev, archive}; or one {srpm}.",
      ),
    buildDependencies,
    environment,
    test,
    secrets,
    crossCompile: crossCompile
      .check(
        z.refine((value) => !value, {
          error:
            "no spec is crossed: rpm finds requirements by running what it built\nwrite false, or leave it out: it is built by the target's own programs, emulated",
        }),
      )
      .describe("Specs are not crossed: false."),
    rpm: rpm.prefault({}).describe("What only rpmbuild takes."),
    variants: variants({ buildDependencies, environment, rpm: part({ macros: rpm.shape.macros }) }),
  })
  .check((context) => {
    const {
      rpm: { spec },
      sources,
    } = context.value;
    const packages = sources.filter((one) => "srpm" in one).length;
    const refuse = (path: string, message: string) =>
      context.issues.push({ code: "custom", input: context.value, message, path: [path] });
    if (spec === undefined && packages === 0)
      refuse("rpm", "names no spec\nwrite rpm: {spec: ./name.spec}, or sources: [{srpm: ./name.src.rpm}]");
    if (packages > 0 && (spec !== undefined || sources.length > 1))
      refuse(
        "sources",
        "has a source package beside other sources\na source package holds its spec and all that it names",
      );
  });

export type RpmManifest = z.infer<typeof rpmPackage>;

const prebuilt = z
  .array(z.union([remote, local]))
  .length(1, { error: "must be one .rpm\nwrite a manifest for each package" })
  .describe("The .rpm: {url, sha256} or {file}.");

export const rpmPrebuilt = z.strictObject({
  ...own,
  builder: z.literal("rpm-prebuilt"),
  sources: prebuilt,
  variants: variants({ sources: prebuilt }),
});

export type RpmPrebuiltManifest = z.infer<typeof rpmPrebuilt>;

export function isRpmManifest<M extends { readonly builder: string }>(
  manifest: M,
): manifest is Extract<M, RpmManifest | RpmPrebuiltManifest> {
  return manifest.builder === "rpm" || manifest.builder === "rpm-prebuilt";
}

export const localsOfRpms: readonly Pattern[] = [
  ["rpm", "spec"],
  ["sources", "*", "srpm"],
];
