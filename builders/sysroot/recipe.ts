// How a package that becomes part of sysroots is planned, and the sysroot of several.
// Pure: makes derivations; does not build.

import * as z from "zod/mini";
import type { Canonical } from "../../store/model/canonical.ts";
import { type BuildType, type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import type { TreeManifest } from "../package/tree.ts";
import { sandboxVersion } from "../sandbox/spec.ts";

export const treeVersions = { tree: "2", sandbox: sandboxVersion } as const;
export const sysrootVersions = { sysroot: "2" } as const;

/** Where all of a sysroot is: compilers, linkers, pkg-config and cmake look there without being told. */
export const prefix = "/usr/local";

/** What is run, by builder, as its manifest has it. */
export type Steps =
  | { readonly builder: "cmake"; readonly defines: Definitions }
  | { readonly builder: "meson"; readonly options: Definitions }
  | { readonly builder: "autotools"; readonly arguments: readonly string[] }
  | {
      readonly builder: "make";
      readonly targets: readonly string[];
      readonly install: readonly string[];
      readonly variables: Definitions;
    }
  | { readonly builder: "script"; readonly build: string; readonly install: string };

type Definitions = Readonly<Record<string, string>>;

export interface TreeParameters {
  readonly steps: Steps;
  /** Where in the source its build files are. */
  readonly directory: string;
  readonly environment: Definitions;
  /** Names of secrets; absent where there are none. */
  readonly secrets?: readonly string[] | undefined;
  /** The architecture it is crossed for, as Debian calls it; absent where it is built by programs of its own. */
  readonly cross?: string | undefined;
  /** Seconds since 1970. */
  readonly epoch: number;
}

/** Output `files`: what the package installs, below {@link prefix}. `sysroot` is what it is built with beside the root. */
export function treeDerivation(plan: {
  readonly label: string;
  readonly architecture: string;
  readonly buildType: BuildType;
  readonly root: Input;
  readonly source: Input;
  readonly launcher: Input;
  readonly sysroot: Input | undefined;
  readonly parameters: TreeParameters;
}): Derivation {
  const { label, architecture, buildType, root, source, launcher, sysroot, parameters } = plan;
  return derivation({
    builder: "tree",
    label,
    parameters: parameters as unknown as Canonical,
    inputs: { root, source, launcher, ...(sysroot && { sysroot }) },
    system: architecture,
    buildType,
    outputs: ["files"],
  });
}

/** The steps of a manifest whose variant is laid over it. */
export function stepsOf(manifest: TreeManifest): Steps {
  switch (manifest.builder) {
    case "cmake":
      return { builder: "cmake", defines: texts(manifest.cmake.defines) };
    case "meson":
      return { builder: "meson", options: texts({ ...manifest.meson.options, ...manifest.meson.defines }) };
    case "autotools":
      return { builder: "autotools", arguments: manifest.autotools.arguments };
    case "make": {
      const { targets, install, variables } = manifest.make;
      return { builder: "make", targets, install, variables: texts(variables) };
    }
    case "script":
      return { builder: "script", build: manifest.script.build, install: manifest.script.install };
  }
}

function texts(values: Readonly<Record<string, string | number | boolean>>): Definitions {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));
}

const definitions = z.record(z.string(), z.string());
const words = z.array(z.string());
const shape = z.object({
  steps: z.discriminatedUnion("builder", [
    z.object({ builder: z.literal("cmake"), defines: definitions }),
    z.object({ builder: z.literal("meson"), options: definitions }),
    z.object({ builder: z.literal("autotools"), arguments: words }),
    z.object({ builder: z.literal("make"), targets: words, install: words, variables: definitions }),
    z.object({ builder: z.literal("script"), build: z.string(), install: z.string() }),
  ]),
  directory: z.string(),
  environment: definitions,
  secrets: z.optional(words),
  cross: z.optional(z.string()),
  epoch: z.number(),
});

export function treeParameters(parameters: unknown): TreeParameters {
  return z.parse(shape, parameters);
}

export interface SysrootPart {
  readonly name: string;
  readonly files: Input;
}

/** What a package's files are called among the inputs, and by faults. */
export function filesInput(name: string): string {
  return `files ${name}`;
}

/** Output `root`: all of the packages' files below {@link prefix}. */
export function sysrootDerivation(
  label: string,
  parts: readonly SysrootPart[],
  architecture: string,
): Derivation {
  const sorted = [...parts].sort((a, b) => (a.name < b.name ? -1 : 1));
  return derivation({
    builder: "sysroot",
    label: `${label} sysroot`,
    parameters: { packages: sorted.map(({ name }) => name) },
    inputs: Object.fromEntries(sorted.map(({ name, files }) => [filesInput(name), files])),
    system: architecture,
    outputs: ["root"],
  });
}

export function sysrootParameters(parameters: unknown): { readonly packages: readonly string[] } {
  return z.parse(z.object({ packages: words }), parameters);
}
