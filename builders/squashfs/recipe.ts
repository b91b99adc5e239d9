// How a squashfs image is planned.
// Pure: decides; does not run sqfstar.

import * as z from "zod/mini";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import type { Owned } from "../../store/model/tree.ts";
import { sandboxVersion } from "../sandbox/spec.ts";

export const squashfsVersions = { squashfs: "2", sandbox: sandboxVersion } as const;

export interface SquashfsParameters {
  readonly file: string;
  readonly epoch: number;
}

/** Output `image`: a tree of one file. `tools` holds sqfstar. */
export function squashfsDerivation(
  label: string,
  inputs: { root: Input; tools: Input; launcher: Input },
  parameters: SquashfsParameters,
): Derivation {
  return derivation({
    builder: "squashfs",
    label,
    parameters: { ...parameters },
    inputs,
    outputs: ["image"],
  });
}

const shape = z.object({ file: z.string(), epoch: z.number() });

export function squashfsParameters(parameters: unknown): SquashfsParameters {
  return z.parse(shape, parameters);
}

/**
 * sqfstar reads a tar from standard input; its dates come from SOURCE_DATE_EPOCH (sqfstar(1)). It takes no notice
 * of the tar's own entry for the root, so that is told apart.
 */
export function makeCommand(target: string, root: Owned): string[] {
  return [
    "/usr/bin/sqfstar",
    "-quiet",
    "-no-progress",
    "-reproducible",
    "-comp",
    "zstd",
    "-Xcompression-level",
    "9",
    "-exports",
    "-root-mode",
    root.mode.toString(8),
    "-root-uid",
    String(root.uid),
    "-root-gid",
    String(root.gid),
    target,
  ];
}
