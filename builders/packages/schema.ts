// The kind `packages`: a set of packages that are built together, with one lock.
// Knows its keys; does not know how any of them is built.

import * as z from "zod";
import { type Kind, referencesIn } from "../../evaluator/kind.ts";
import { header, reference } from "../../evaluator/manifest/value.ts";
import { name } from "../workload/schema.ts";

const packages = z.strictObject({
  kind: z.literal("packages"),
  name: name.describe("What the set is called."),
  ...header,
  packages: z
    .array(reference)
    .min(1, { error: "names no package\nwrite manifests, or folders of them: [./libraries]" })
    .describe(
      "Manifests of packages, or folders, which stand for all manifests of packages in them and below.",
    ),
  ignore: z
    .array(z.string().min(1))
    .default([])
    .describe("Names of packages that are left out, with what needs them."),
});

export type PackagesManifest = z.infer<typeof packages>;

export const packagesKind: Kind<PackagesManifest> = {
  name: "packages",
  schema: packages,
  references: (manifest) =>
    referencesIn(manifest, "packages", "package").map((found) => ({ ...found, folder: true as const })),
  locals: [],
};

/** What a folder stands for where it is named in place of a manifest. */
export function folderText(name: string): string {
  const called = name
    .toLowerCase()
    .replace(/[^a-z0-9+.-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "");
  return `kind: packages\nname: ${called === "" ? "packages" : JSON.stringify(called)}\npackages: [./.]\n`;
}
