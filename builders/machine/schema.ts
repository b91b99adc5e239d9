// The manifest of a machine: what images are made for.
// Knows its keys; does not know how an image is made, nor how it is booted.

import * as z from "zod";
import { type Kind, referencesIn } from "../../evaluator/kind.ts";
import { header, text } from "../../evaluator/manifest/value.ts";
import { architecture, isManifest, packageName, packageOrManifest } from "../package/debian.ts";

export const commandLine = text(/^[^\n\0]*$/, "a command line", "it is one line").describe(
  "What the kernel is started with.",
);

const machine = z.strictObject({
  kind: z.literal("machine"),
  name: text(
    /^[a-z0-9][a-z0-9._-]*$/,
    "a machine's name",
    "lower-case letters, digits, . _ and -, a letter or digit first",
  ).describe("What it is called: the value of ${machine} in all that is made for it."),
  ...header,
  architecture: architecture.describe("What its programs are built for, as the distribution calls it."),
  kernel: z
    .strictObject({
      package: packageName.optional().describe("The package that its kernel is in."),
      commandLine: commandLine.optional().describe("What it is started with, before what an image says."),
    })
    .prefault({})
    .describe("Its kernel."),
  packages: z
    .array(packageOrManifest)
    .default([])
    .describe("What every image for it holds beside its own: names and manifests of packages."),
});

export type MachineManifest = z.infer<typeof machine>;

export const machineKind: Kind<MachineManifest> = {
  name: "machine",
  schema: machine,
  references: (manifest) => referencesIn(manifest, "packages", "package", isManifest),
  locals: [],
};
