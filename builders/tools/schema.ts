// The manifest of a tool environment: programs kit runs builds with, out of a distribution's own packages.
// Knows its keys; does not know how it is composed.

import * as z from "zod";
import { type Kind, referencesIn } from "../../evaluator/kind.ts";
import { header, reference } from "../../evaluator/manifest/value.ts";
import { packageName } from "../package/debian.ts";

const tools = z.strictObject({
  kind: z.literal("tools"),
  name: z.string().describe("What it is called."),
  ...header,
  distros: z
    .array(reference)
    .min(1, { error: "names no distribution\nlike: [debian/trixie]" })
    .describe("Where its packages may come from: the distribution something is built for, else the first."),
  packages: z
    .array(packageName)
    .min(1, { error: "names no package\nlike: [e2fsprogs]" })
    .describe("What it holds, with what that needs."),
});

export type ToolsManifest = z.infer<typeof tools>;

export const toolsKind: Kind<ToolsManifest> = {
  name: "tools",
  schema: tools,
  references: (manifest) => referencesIn(manifest, "distros", "distro"),
  locals: [],
};
