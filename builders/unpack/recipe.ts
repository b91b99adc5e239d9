// How a .deb's unpacking is planned.
// Pure: makes derivations; does not read archives.

import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";

/** Raise it when the same .deb gives other trees: what is normalised on import is part of the key. */
export const unpackVersions = { unpack: "1" } as const;

/** Outputs `control` and `data`, trees, and `list`, a blob: the data member's paths in its own order. */
export function unpackDerivation(label: string, deb: Input): Derivation {
  return derivation({
    builder: "unpack",
    label,
    parameters: {},
    inputs: { deb },
    outputs: ["control", "data", "list"],
  });
}
