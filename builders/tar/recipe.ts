// How a tar output is planned.
// Pure: makes derivations; does not write archives.

import * as z from "zod/mini";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";

/** The compressor's version shapes bytes and so belongs to the key. */
export const tarVersions = { tar: "1", zstd: process.versions.zstd ?? "none" } as const;

export interface TarParameters {
  /** The file's name in the output. */
  readonly file: string;
  readonly epoch: number;
  readonly compression: "none" | "zstd";
}

/** Output `image`: a tree of one file. */
export function tarDerivation(label: string, root: Input, parameters: TarParameters): Derivation {
  return derivation({
    builder: "tar",
    label,
    parameters: { ...parameters },
    inputs: { root },
    outputs: ["image"],
  });
}

const shape = z.object({ file: z.string(), epoch: z.number(), compression: z.enum(["none", "zstd"]) });

export function tarParameters(parameters: unknown): TarParameters {
  return z.parse(shape, parameters);
}
