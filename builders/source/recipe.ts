// How a source is planned: archives unpacked, several laid over each other, patches applied.
// Pure: makes derivations; does not unpack or patch.

import * as z from "zod/mini";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import { sandboxVersion } from "../sandbox/spec.ts";

export const archiveVersions = { archive: "2", sandbox: sandboxVersion } as const;
export const sourceVersions = { source: "2", sandbox: sandboxVersion } as const;

export interface SourceTools {
  readonly tools: Input;
  readonly launcher: Input;
}

/** Output `tree`: what is in an archive, without a single folder around all of it. */
export function archiveDerivation(
  label: string,
  archive: Input,
  { tools, launcher }: SourceTools,
): Derivation {
  return derivation({
    builder: "archive",
    label: `${label} unpacked`,
    parameters: {},
    inputs: { archive, tools, launcher },
    outputs: ["tree"],
  });
}

export interface SourceParameters {
  /** Where each of the inputs `part N` goes; empty for the top. */
  readonly parts: readonly string[];
  /** The patches' names, for people; the inputs `patch N`. */
  readonly patches: readonly string[];
}

/** What a patch is called among the inputs, and by faults. */
export function patchInput(index: number): string {
  return `patch ${index}`;
}

/** What a source is called among the inputs, and by faults. */
export function partInput(index: number): string {
  return `part ${index}`;
}

export interface SourcePart {
  readonly into: string;
  readonly input: Input;
}

/** Output `tree`: the parts over each other, later ones over earlier ones, and patched. */
export function sourceDerivation(
  name: string,
  parts: readonly SourcePart[],
  patches: readonly { readonly name: string; readonly input: Input }[],
  { tools, launcher }: SourceTools,
): Derivation {
  const parameters: SourceParameters = {
    parts: parts.map(({ into }) => into),
    patches: patches.map((patch) => patch.name),
  };
  return derivation({
    builder: "source",
    label: `${name} source`,
    parameters: { ...parameters },
    inputs: {
      tools,
      launcher,
      ...Object.fromEntries(parts.map(({ input }, index) => [partInput(index), input])),
      ...Object.fromEntries(patches.map(({ input }, index) => [patchInput(index), input])),
    },
    outputs: ["tree"],
  });
}

const shape = z.object({ parts: z.array(z.string()), patches: z.array(z.string()) });

export function sourceParameters(parameters: unknown): SourceParameters {
  return z.parse(shape, parameters);
}
