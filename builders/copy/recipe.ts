// How a local file, or a file of another build's tree, becomes an output as it is.
// Pure: makes derivations; does not read files.

import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";

export const copyVersions = { copy: "1" } as const;

/** Output `file`, the very blob. @param path of the file where the input is a tree */
export function copyDerivation(label: string, file: Input, path?: string): Derivation {
  const parameters = path === undefined ? {} : { path };
  return derivation({ builder: "copy", label, parameters, inputs: { file }, outputs: ["file"] });
}

export function copyParameters(parameters: unknown): { readonly path?: string } {
  return parameters as { path?: string };
}
