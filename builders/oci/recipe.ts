// How a container image is planned.
// Pure: makes derivations; does not know the layout's bytes.

import * as z from "zod/mini";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";

export const ociVersions = { oci: "1" } as const;

export interface OciParameters {
  readonly architecture: string;
  readonly epoch: number;
  readonly entrypoint: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

/** Output `image`: the layout's folder. */
export function ociDerivation(label: string, root: Input, parameters: OciParameters): Derivation {
  return derivation({
    builder: "oci",
    label,
    parameters: { ...parameters },
    inputs: { root },
    system: parameters.architecture,
    outputs: ["image"],
  });
}

const shape = z.object({
  architecture: z.string(),
  epoch: z.number(),
  entrypoint: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
  labels: z.record(z.string(), z.string()),
});

export function ociParameters(parameters: unknown): OciParameters {
  return z.parse(shape, parameters);
}
