// The builder `deb-source` in a package's manifest: a debianised tree, built by dpkg-buildpackage.
// Knows its keys; does not know how the tree is built.

import * as z from "zod";
import { text } from "../../evaluator/manifest/value.ts";
import { packageName, packageOrManifest, packageVersion } from "./debian.ts";
import { debVariableName, variables } from "./environment.ts";
import { crossCompile, packageShape, secrets, test } from "./shape.ts";
import { patches, treeSources } from "./source.ts";
import { part, variants } from "./variant.ts";

const word = (what: string) =>
  text(/^[a-z0-9][a-z0-9+.=-]*$/, what, "lower-case letters, digits, + . = and -, a letter or digit first");

/** What kit sets itself: how many processors there are decides nothing that is built. */
const own = /^parallel(?:=|$)/;

const option = word("a build option").check(
  z.refine((value) => !own.test(value), {
    error: "is kit's to set\nparallel is what the machine has, whatever that is",
  }),
);

const dpkg = z.strictObject({
  profiles: z
    .array(word("a build profile"))
    .default([])
    .describe("Build profiles that are active, as in dpkg-buildpackage(1): [nodoc]."),
  options: z
    .array(option)
    .default([])
    .describe(
      "Of DEB_BUILD_OPTIONS (Debian Policy 4.9.1): [nodoc]. nocheck always is one, noopt and nostrip are of a debug build.",
    ),
});

const buildDependencies = z
  .array(packageOrManifest)
  .default([])
  .describe(
    "What building it takes beside its Build-Depends: names, and manifests whose packages it is built with.",
  );

const environment = variables(debVariableName).default({}).describe("Variables of the build.");

export const debSource = z.strictObject({
  ...packageShape,
  builder: z.literal("deb-source"),
  name: packageName.describe("The source package's name."),
  version: packageVersion.optional().describe("Its version, where it has to be just this one."),
  sources: treeSources,
  patches,
  buildDependencies,
  environment,
  test,
  secrets,
  crossCompile,
  dpkg: dpkg.prefault({}).describe("What only dpkg-buildpackage takes."),
  variants: variants({ patches, buildDependencies, environment, dpkg: part(dpkg.shape) }),
});

export type DebSourceManifest = z.infer<typeof debSource>;
