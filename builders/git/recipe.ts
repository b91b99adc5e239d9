// How a commit of a git repository is planned: a fixed output, as the commit says what is in it.
// Pure: makes derivations; does not fetch.

import * as z from "zod/mini";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import { sandboxVersion } from "../sandbox/spec.ts";

export const gitVersions = { git: "1", sandbox: sandboxVersion } as const;

export interface GitParameters {
  readonly commit: string;
  readonly submodules: boolean;
}

/** Output `tree`: what is checked out, without `.git`. */
export function gitDerivation(
  label: string,
  parameters: GitParameters,
  url: string,
  { tools, launcher }: { readonly tools: Input; readonly launcher: Input },
): Derivation {
  return derivation({
    builder: "git",
    label,
    parameters: { ...parameters },
    inputs: { tools, launcher },
    outputs: ["tree"],
    hints: { urls: [url] },
  });
}

export function gitParameters(parameters: unknown): GitParameters {
  return z.parse(z.object({ commit: z.string(), submodules: z.boolean() }), parameters);
}

export function gitUrl(hints: unknown): string {
  const [url] = z.parse(z.object({ urls: z.array(z.string()) }), hints).urls;
  if (url === undefined) throw new Error("a repository has an address");
  return url;
}
