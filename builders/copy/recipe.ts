// How a local file becomes an output as it is.
// Pure: makes derivations; does not read files.

import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";

export const copyVersions = { copy: "1" } as const;

/** Output `file`, the very blob. */
export function copyDerivation(label: string, file: Input): Derivation {
  return derivation({ builder: "copy", label, parameters: {}, inputs: { file }, outputs: ["file"] });
}
