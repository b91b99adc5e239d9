// How a debianised tree is planned to be read and built.
// Pure: makes derivations; does not run dpkg-buildpackage.

import * as z from "zod/mini";
import type { Canonical } from "../../store/model/canonical.ts";
import { type BuildType, type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import { sandboxVersion } from "../sandbox/spec.ts";

export const dscVersions = { dsc: "1" } as const;
export const debAboutVersions = { "deb-about": "4" } as const;
export const debUnpackVersions = { "deb-unpack": "1", sandbox: sandboxVersion } as const;
export const debSourceVersions = { "deb-source": "2", sandbox: sandboxVersion } as const;

/** Where {@link debAboutDerivation}'s output has what it says. */
export const aboutFile = "about";
/** Where the list of what was built is, in the output `packages` of {@link debSourceDerivation}. */
export const packagesFile = "Packages";

/** Where {@link dscDerivation}'s output has what is to be thought of it. */
export const verdictFile = "verdict";

/** Output `verdict`: a tree with one file, as verdict.ts writes it. @param keys of whom one signed it; nobody need have without */
export function dscDerivation(label: string, dsc: Input, keys: Input | undefined): Derivation {
  return derivation({
    builder: "dsc",
    label: `${label} read`,
    parameters: {},
    inputs: { dsc, ...(keys && { keys }) },
    outputs: ["verdict"],
  });
}

/** Output `about`: a tree with one file, as about.ts writes it. */
export function debAboutDerivation(label: string, source: Input): Derivation {
  return derivation({
    builder: "deb-about",
    label: `${label} about`,
    parameters: {},
    inputs: { source },
    outputs: ["about"],
  });
}

/** Output `source`: a source package's tree as `dpkg-source --extract` makes it. @param files its .dsc first */
export function debUnpackDerivation(
  name: string,
  files: readonly { readonly name: string; readonly input: Input }[],
  { tools, launcher }: { readonly tools: Input; readonly launcher: Input },
): Derivation {
  return derivation({
    builder: "deb-unpack",
    label: `${name} source`,
    parameters: { files: files.map((file) => file.name) },
    inputs: {
      tools,
      launcher,
      ...Object.fromEntries(files.map((file) => [`file ${file.name}`, file.input])),
    },
    outputs: ["source"],
  });
}

export function debUnpackParameters(parameters: unknown): { readonly files: readonly string[] } {
  return z.parse(z.object({ files: z.array(z.string()) }), parameters);
}

export interface DebSourceParameters {
  /** The source package's name and upstream version, which its folder is called by. */
  readonly folder: string;
  /** Seconds since 1970. */
  readonly epoch: number;
  readonly profiles: readonly string[];
  /** Of DEB_BUILD_OPTIONS, sorted. */
  readonly options: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Names of secrets; absent where there are none. */
  readonly secrets?: readonly string[] | undefined;
  /** The architecture it is crossed for, as Debian calls it; absent where it is built by programs of its own. */
  readonly cross?: string | undefined;
}

/** Outputs `debs`, a tree with the .debs, and `packages`, one with their control paragraphs, as in a Packages file. */
export function debSourceDerivation(plan: {
  readonly label: string;
  readonly architecture: string;
  readonly buildType: BuildType;
  readonly root: Input;
  readonly source: Input;
  readonly launcher: Input;
  readonly parameters: DebSourceParameters;
}): Derivation {
  const { label, architecture, buildType, root, source, launcher, parameters } = plan;
  return derivation({
    builder: "deb-source",
    label,
    parameters: parameters as unknown as Canonical,
    inputs: { root, source, launcher },
    system: architecture,
    buildType,
    outputs: ["debs", "packages"],
  });
}

const shape = z.object({
  folder: z.string(),
  epoch: z.number(),
  profiles: z.array(z.string()),
  options: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  secrets: z.optional(z.array(z.string())),
  cross: z.optional(z.string()),
});

export function debSourceParameters(parameters: unknown): DebSourceParameters {
  return z.parse(shape, parameters) as DebSourceParameters;
}
