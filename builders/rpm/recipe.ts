// How a spec is planned to be packed, asked and built.
// Pure: makes derivations; does not run rpmbuild.

import * as z from "zod/mini";
import type { Canonical } from "../../store/model/canonical.ts";
import { type BuildType, type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import { sandboxVersion } from "../sandbox/spec.ts";

export const rpmAboutVersions = { "rpm-about": "2" } as const;
export const rpmRepositoryVersions = { "rpm-repository": "1", sandbox: sandboxVersion } as const;
export const srpmVersions = { srpm: "2", sandbox: sandboxVersion } as const;
export const rpmRequiresVersions = { "rpm-requires": "2", sandbox: sandboxVersion } as const;
export const rpmVersions = { rpm: "1", sandbox: sandboxVersion } as const;

/** Where the stanzas are, in the output `packages` of {@link rpmAboutDerivation} and {@link rpmDerivation}. */
export const packagesFile = "Packages";
/** Where the output `declares` of {@link srpmDerivation} has one a line. */
export const declaresFile = "declares";
/** Where the output `requires` of {@link rpmRequiresDerivation} has one relation a line. */
export const requiresFile = "requires";

/** Output `packages`: what .rpm files say of themselves, in the order of these names, which stand in `Filename`. */
export function rpmAboutDerivation(
  label: string,
  files: readonly { readonly name: string; readonly rpm: Input }[],
): Derivation {
  return derivation({
    builder: "rpm-about",
    label: `${label} about`,
    parameters: { files: files.map(({ name }) => name) },
    inputs: Object.fromEntries(files.map(({ name, rpm }) => [`rpm ${name}`, rpm])),
    outputs: ["packages"],
  });
}

export function rpmAboutParameters(parameters: unknown): { readonly files: readonly string[] } {
  return z.parse(z.object({ files: z.array(z.string()) }), parameters);
}

/** Output `repository`: a folder with these .rpms, by name, and with repodata/, as dnf reads it. */
export function rpmRepositoryDerivation(
  label: string,
  files: readonly { readonly name: string; readonly rpm: Input }[],
  { tools, launcher }: { readonly tools: Input; readonly launcher: Input },
): Derivation {
  return derivation({
    builder: "rpm-repository",
    label,
    parameters: { files: files.map(({ name }) => name) },
    inputs: { tools, launcher, ...Object.fromEntries(files.map(({ name, rpm }) => [`rpm ${name}`, rpm])) },
    outputs: ["repository"],
  });
}

/** What every run of rpmbuild is told. */
export interface RpmParameters {
  readonly macros: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string>>;
  /** Where rpm's database does not know what is there; absent where it does. */
  readonly nodeps?: true | undefined;
  /** Names of secrets; absent where there are none. */
  readonly secrets?: readonly string[] | undefined;
  /** Seconds since 1970. */
  readonly epoch: number;
}

interface RpmPlan {
  readonly label: string;
  readonly architecture: string;
  readonly root: Input;
  readonly launcher: Input;
  readonly parameters: RpmParameters;
}

/**
 * Outputs `srpm`, a blob; `unchecked`, one that builds the same and does not change with `%check`, where rpm finds that
 * it does; and `declares`: what the spec says that its packages provide.
 *
 * @param sources by the names that the spec has for them
 */
export function srpmDerivation({
  label,
  architecture,
  root,
  launcher,
  parameters,
  spec,
  sources,
}: RpmPlan & {
  /** Its name is told where it cannot be read. */
  readonly spec: { readonly name: string; readonly input: Input };
  readonly sources: readonly { readonly name: string; readonly input: Input }[];
}): Derivation {
  return derivation({
    builder: "srpm",
    label,
    parameters: {
      ...parameters,
      spec: spec.name,
      sources: sources.map(({ name }) => name),
    } as unknown as Canonical,
    inputs: {
      ...{ root, launcher, spec: spec.input },
      ...Object.fromEntries(sources.map(({ name, input }) => [`source ${name}`, input])),
    },
    system: architecture,
    outputs: ["srpm", "unchecked", "declares"],
  });
}

/** Output `requires`: what `%generate_buildrequires` asks for in this root. */
export function rpmRequiresDerivation(plan: RpmPlan & { readonly srpm: Input }): Derivation {
  const { label, architecture, root, launcher, parameters, srpm } = plan;
  return derivation({
    builder: "rpm-requires",
    label: `${label} build requirements`,
    parameters: parameters as unknown as Canonical,
    inputs: { root, launcher, srpm },
    system: architecture,
    outputs: ["requires"],
  });
}

/** Outputs `rpms`, a tree with the .rpm files, and `packages`, what they say of themselves. */
export function rpmDerivation(
  plan: RpmPlan & { readonly srpm: Input; readonly buildType: BuildType },
): Derivation {
  const { label, architecture, root, launcher, parameters, srpm, buildType } = plan;
  return derivation({
    builder: "rpm",
    label,
    parameters: parameters as unknown as Canonical,
    inputs: { root, launcher, srpm },
    system: architecture,
    buildType,
    outputs: ["rpms", "packages"],
  });
}

const strings = z.record(z.string(), z.string());
const shape = z.object({
  macros: strings,
  environment: strings,
  nodeps: z.optional(z.literal(true)),
  secrets: z.optional(z.array(z.string())),
  epoch: z.number(),
});

export function rpmParameters(parameters: unknown): RpmParameters {
  return z.parse(shape, parameters);
}

export function srpmParameters(
  parameters: unknown,
): RpmParameters & { readonly spec: string; readonly sources: readonly string[] } {
  return z.parse(z.extend(shape, { spec: z.string(), sources: z.array(z.string()) }), parameters);
}
