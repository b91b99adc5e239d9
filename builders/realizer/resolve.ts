// From derivations to requests: every input replaced by what it became.
// Pure. Knows how keys are made; does not know which results exist.

import type { Content, Derivation, Request, Result } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { builderVersions } from "../recipes.ts";

/** Results of derivations so far, by the derivation's digest. */
export type Results = ReadonlyMap<Digest, Result>;

/** The request of a derivation; absent while an input has no result. */
export function resolveRequest(derivation: Derivation, results: Results): Request | undefined {
  const inputs: Record<string, Content> = {};
  for (const [name, input] of Object.entries(derivation.inputs)) {
    const content =
      "content" in input ? input.content : results.get(input.derivation.digest)?.outputs[input.output];
    if (content === undefined) return undefined;
    inputs[name] = content;
  }
  const versions = builderVersions[derivation.builder];
  if (versions === undefined) throw new Error(`no builder is called ${derivation.builder}`);
  return {
    builder: derivation.builder,
    versions,
    parameters: derivation.parameters,
    inputs,
    ...(derivation.system !== undefined && { system: derivation.system }),
    ...(derivation.buildType !== undefined && { buildType: derivation.buildType }),
    outputs: derivation.outputs,
  };
}
