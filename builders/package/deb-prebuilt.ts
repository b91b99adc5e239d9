// The builder `deb-prebuilt` in a package's manifest: a .deb that somebody else built.
// Knows its keys; does not know how it is fetched.

import * as z from "zod";
import { localPath, sha256, url } from "../../evaluator/manifest/value.ts";
import { packageName, packageVersion } from "./debian.ts";
import { packageShape } from "./shape.ts";
import { variants } from "./variant.ts";

const remote = z.strictObject({
  url: url.describe("Where it is."),
  sha256: sha256.describe("What it must be."),
  mirrors: z.array(url).default([]).describe("Where else it is."),
});

const local = z.strictObject({ file: localPath.describe("A .deb beside the manifest.") });

const sources = z
  .array(z.union([remote, local]))
  .length(1, { error: "must be one .deb\nwrite a manifest for each package" })
  .describe("The .deb: {url, sha256} or {file}.");

export const debPrebuilt = z.strictObject({
  ...packageShape,
  builder: z.literal("deb-prebuilt"),
  name: packageName.describe("The package's name."),
  version: packageVersion.optional().describe("The package's version; ${version} in this manifest."),
  sources,
  variants: variants({ sources }),
});

export type DebPrebuiltManifest = z.infer<typeof debPrebuilt>;
