// How a package list's compact form is planned.
// Pure: makes derivations; does not read lists.

import * as z from "zod/mini";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import type { Compression } from "../archive/decompress.ts";

/** Raise it when the same list gives other bytes. */
export const indexVersions = { index: "2" } as const;

export interface IndexParameters {
  /** `deb`: a Packages file; `deb-sources`: a Sources file. */
  readonly format: "deb" | "deb-sources";
  readonly compression: Compression;
}

export interface IndexHints {
  /** Bytes of the list uncompressed, where somebody said. */
  readonly plainSize?: number;
}

/** Output `index`, a blob of `kit/index/1` (evaluator/compact.ts). */
export function indexDerivation(
  label: string,
  list: Input,
  { format, compression }: IndexParameters,
  hints: IndexHints,
): Derivation {
  const parameters = { format, compression };
  return derivation({
    builder: "index",
    label,
    parameters,
    inputs: { list },
    outputs: ["index"],
    hints: { ...hints },
  });
}

const parametersShape = z.object({
  format: z.enum(["deb", "deb-sources"]),
  compression: z.enum(["none", "gz", "xz", "zst"]),
});
const hintsShape = z.object({ plainSize: z.optional(z.number()) });

export function indexParameters(parameters: unknown): IndexParameters {
  return z.parse(parametersShape, parameters);
}

export function indexHints(hints: unknown): IndexHints {
  const { plainSize } = z.parse(hintsShape, hints);
  return plainSize === undefined ? {} : { plainSize };
}
