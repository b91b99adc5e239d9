// The keys of a package's manifest that every builder takes.
// Knows their form; does not know any builder.

import * as z from "zod";
import { header, reference, text } from "../../evaluator/manifest/value.ts";
import { architecture, packageOrManifest } from "./debian.ts";

/** Of what is built from source. */
export const test = z
  .boolean()
  .default(false)
  .describe(
    "Whether the checks that its source has are run, apart from the build: kit realize --require-tests.",
  );

/** Of what is built into a tree, which can be tried where it was installed. */
export const treeTest = z
  .union([
    z.boolean(),
    z.strictObject({
      run: z
        .string()
        .min(1)
        .describe("Run by sh in the source once it is built and installed into $OUT, below $PREFIX there."),
    }),
  ])
  .default(false)
  .describe(
    "Whether the checks that its source has are run, apart from the build, or what is run in their place.",
  );

/** Of what is built from source by compilers that there are crossing ones of. */
export const crossCompile = z
  .boolean()
  .default(false)
  .describe(
    "Where this machine does not run the target's programs: built by a cross toolchain, in a root of this machine's architecture with libraries of the target's. Without, it is built by the target's own programs, emulated. On the architecture itself both are the same.",
  );

/** Of what is built from source. */
export const secrets = z
  .array(text(/^[A-Z][A-Z0-9_]{0,63}$/, "a secret's name", "capital letters, digits and _: SIGNING_KEY"))
  .default([])
  .describe(
    "Secrets that the build is given as files of $KIT_SECRETS: KIT_SECRET_NAME of who builds, part of no key, log or result.",
  );

/** The part of a build's parameters that they are; none where there are none. */
export function withSecrets(manifest: { readonly secrets: readonly string[] }): {
  readonly secrets?: readonly string[];
} {
  return manifest.secrets.length === 0 ? {} : { secrets: [...new Set(manifest.secrets)].sort() };
}

export const packageShape = {
  kind: z.literal("package"),
  ...header,
  distro: reference.optional().describe("What it is built for where nobody who asks says otherwise."),
  architectures: z
    .array(z.enum(["any", "all", "noarch", ...architecture.options]))
    .min(1, { error: "names no architecture\nwrite [any], [all] or names" })
    .default(["any"])
    .describe("any: built for each; all or noarch: the same for each; or names."),
  buildTypes: z
    .array(z.enum(["debug", "release"]))
    .min(1, { error: "names no build type\nwrite [debug, release], or one of them" })
    .default(["debug", "release"])
    .describe("What it is built as; who depends on it is built as the same."),
  dependencies: z
    .array(packageOrManifest)
    .default([])
    .describe("What it needs at run time: names and manifests of packages."),
};
