// How a .deb of plain files is planned: its control paragraph, its files, its scripts.
// Pure: makes derivations and text; does not write archives.

import * as z from "zod/mini";
import type { Stanza } from "../../evaluator/deb/stanza.ts";
import { withoutEpoch } from "../../evaluator/deb/version.ts";
import type { Canonical } from "../../store/model/canonical.ts";
import {
  type BuildType,
  type Content,
  type Derivation,
  derivation,
  type Input,
} from "../../store/model/derivation.ts";
import type { DebFilesManifest } from "../package/deb-files.ts";
import { localInput, type PlacedFile } from "../package/place.ts";
import { sandboxVersion } from "../sandbox/spec.ts";

export const debFilesVersions = { "deb-files": "5", sandbox: sandboxVersion } as const;

export interface DebFile extends PlacedFile {
  readonly template: boolean;
  readonly conffile: boolean;
}

export interface DebFilesParameters {
  readonly control: Readonly<Record<string, string>>;
  readonly files: readonly DebFile[];
  /** Maintainer script name → input. */
  readonly scripts: Readonly<Record<string, string>>;
  /** Unit file name → input. */
  readonly units: Readonly<Record<string, string>>;
  readonly triggers: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
  readonly epoch: number;
}

export interface DebFilesPlan {
  readonly manifest: DebFilesManifest;
  /** The package's own architecture: `all`, or the target's. */
  readonly architecture: string;
  readonly buildType: BuildType;
  /** By the manifest's own writing of the path. */
  readonly locals: ReadonlyMap<string, Content>;
  /** Trees of packages, by the manifest's own writing of theirs. */
  readonly packages: ReadonlyMap<string, Input>;
  readonly variables: ReadonlyMap<string, string>;
  readonly epoch: number;
  readonly tools: Input;
  readonly launcher: Input;
}

/** Output `deb`: a blob. */
export function debFilesDerivation(plan: DebFilesPlan): Derivation {
  const { manifest, architecture } = plan;
  const inputs: Record<string, Input> = { tools: plan.tools, launcher: plan.launcher };
  const local = (written: string): string => {
    const content = plan.locals.get(written);
    if (content === undefined) throw new Error(`${written} was not read`);
    inputs[localInput(written)] = { content };
    return localInput(written);
  };
  const made = (written: string): string => {
    const input = plan.packages.get(written);
    if (input === undefined) throw new Error(`${written} was not planned`);
    inputs[`package ${written}`] = input;
    return `package ${written}`;
  };
  const parameters: DebFilesParameters = {
    control: controlFields(manifest, architecture),
    files: manifest.files.map(({ path, mode, owner, content, from, subpath, template, conffile }) => ({
      path,
      ...(mode !== undefined && { mode }),
      ...(owner !== undefined && { owner }),
      ...(content !== undefined && { content }),
      ...(from !== undefined && { input: subpath === undefined ? local(from) : made(from) }),
      ...(subpath !== undefined && { subpath }),
      template,
      conffile,
    })),
    scripts: Object.fromEntries(
      Object.entries(manifest.deb.scripts).flatMap(([name, from]) =>
        from === undefined ? [] : [[name, local(from)]],
      ),
    ),
    units: Object.fromEntries(
      manifest.deb.units.map((from) => [from.slice(from.lastIndexOf("/") + 1), local(from)]),
    ),
    triggers: manifest.deb.triggers,
    // Where there is a template, since which of them it uses is known when it is read; else a further one changes nothing.
    variables: manifest.files.some(({ template }) => template) ? Object.fromEntries(plan.variables) : {},
    epoch: plan.epoch,
  };
  return derivation({
    builder: "deb-files",
    label: `${manifest.name}_${withoutEpoch(manifest.version)}_${architecture}.deb`,
    parameters: parameters as unknown as Canonical,
    inputs,
    system: architecture,
    buildType: plan.buildType,
    outputs: ["deb"],
  });
}

/**
 * The package's control fields in dpkg's order, but for Installed-Size, which only the build knows
 * (deb-control(5)).
 */
export function controlFields(manifest: DebFilesManifest, architecture: string): Stanza {
  const { deb } = manifest;
  const relations = (own: readonly string[], dependencies: readonly string[] = []) =>
    [...dependencies, ...own].join(", ");
  const fields: Record<string, string> = {
    Package: manifest.name,
    Version: manifest.version,
    Architecture: architecture,
    Maintainer: deb.maintainer ?? "Nobody in particular <nobody@localhost>",
    "Pre-Depends": relations(deb.preDepends),
    Depends: relations(
      deb.depends,
      manifest.dependencies.filter((dependency) => !/^\.\.?\//.test(dependency)),
    ),
    Provides: relations(deb.provides),
    Conflicts: relations(deb.conflicts),
    Breaks: relations(deb.breaks),
    Replaces: relations(deb.replaces),
    Section: deb.section,
    Priority: deb.priority,
    Description: descriptionOf(deb.summary ?? manifest.name, manifest.description),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
}

/** A summary line and the long text, its empty lines as ` .` (Debian policy 5.6.13). */
function descriptionOf(summary: string, long: string | undefined): string {
  const lines = (long ?? "")
    .trim()
    .split("\n")
    .map((line) => line.trimEnd());
  return [summary, ...(long?.trim() ? lines.map((line) => (line === "" ? " ." : ` ${line}`)) : [])].join(
    "\n",
  );
}

const shape = z.object({
  control: z.record(z.string(), z.string()),
  files: z.array(
    z.object({
      path: z.string(),
      mode: z.optional(z.string()),
      owner: z.optional(z.string()),
      content: z.optional(z.string()),
      input: z.optional(z.string()),
      subpath: z.optional(z.string()),
      template: z.boolean(),
      conffile: z.boolean(),
    }),
  ),
  scripts: z.record(z.string(), z.string()),
  units: z.record(z.string(), z.string()),
  triggers: z.array(z.string()),
  variables: z.record(z.string(), z.string()),
  epoch: z.number(),
});

export function debFilesParameters(parameters: unknown): DebFilesParameters {
  return z.parse(shape, parameters) as DebFilesParameters;
}
