// How the packages of one distribution are planned to be packages of another format: one by one, and what is left.
// Pure: makes derivations; does not run rpmbuild.

import * as z from "zod/mini";
import type { Canonical } from "../../store/model/canonical.ts";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import { sandboxVersion } from "../sandbox/spec.ts";
import type { RpmHead } from "./head.ts";

export const repackageVersions = { repackage: "1", sandbox: sandboxVersion } as const;
export const leftoverVersions = { leftover: "1" } as const;

/** Output `rpm`, a blob. `control` is the .deb's, which says what its conffiles are. */
export function repackageDerivation(plan: {
  readonly label: string;
  readonly head: RpmHead;
  readonly files: Input;
  readonly control?: Input;
  /** Of the users and groups that own the files. */
  readonly passwd: Input;
  readonly group: Input;
  readonly tools: Input;
  readonly launcher: Input;
}): Derivation {
  const { label, head, files, control, passwd, group, tools, launcher } = plan;
  return derivation({
    builder: "repackage",
    label,
    parameters: { ...head } as unknown as Canonical,
    inputs: { files, passwd, group, tools, launcher, ...(control && { control }) },
    outputs: ["rpm"],
  });
}

const strings = z.array(z.string());
const shape = z.object({
  name: z.string(),
  epoch: z.string(),
  version: z.string(),
  release: z.string(),
  architecture: z.string(),
  summary: z.string(),
  requires: strings,
  provides: strings,
});

export function repackageParameters(parameters: unknown): RpmHead {
  return z.parse(shape, parameters);
}

/**
 * Outputs `accounts`, the users and groups of a root, and `files`: what else it has that is in none of these trees, nor
 * of its package manager's own.
 */
export function leftoverDerivation(label: string, root: Input, trees: readonly Input[]): Derivation {
  return derivation({
    builder: "leftover",
    label,
    parameters: { trees: trees.length },
    inputs: { root, ...Object.fromEntries(trees.map((tree, i) => [`tree ${i}`, tree])) },
    outputs: ["accounts", "files"],
  });
}

export function leftoverParameters(parameters: unknown): { readonly trees: number } {
  return z.parse(z.object({ trees: z.number() }), parameters);
}
