// How a root of rpm packages is planned: which of them one transaction installs on which base.
// Pure: makes derivations; does not run rpm.

import * as z from "zod/mini";
import type { Canonical } from "../../store/model/canonical.ts";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import { normalizeVersion } from "../rootfs/normalize.ts";
import { sandboxVersion } from "../sandbox/spec.ts";

export const rpmrootVersions = {
  rpmroot: "1",
  sandbox: sandboxVersion,
  normalize: normalizeVersion,
} as const;

export interface RpmrootParameters {
  /** Seconds since 1970: when the packages were installed, as the database has it. */
  readonly epoch: number;
  /** `NAME-VERSION.ARCHITECTURE` of every package; their inputs are called `rpm KEY`. */
  readonly packages: readonly string[];
}

/** Output `root`. `tools` has an rpm that needs nothing of the root it fills. */
export function rpmrootDerivation(plan: {
  readonly label: string;
  readonly architecture: string;
  readonly epoch: number;
  readonly packages: readonly { readonly key: string; readonly rpm: Input }[];
  readonly base: Derivation | undefined;
  readonly tools: Input;
  readonly launcher: Input;
}): Derivation {
  const { label, architecture, epoch, base, tools, launcher } = plan;
  const packages = [...plan.packages].sort((a, b) => (a.key < b.key ? -1 : 1));
  const parameters: RpmrootParameters = { epoch, packages: packages.map(({ key }) => key) };
  return derivation({
    builder: "rpmroot",
    label,
    parameters: parameters as unknown as Canonical,
    inputs: {
      ...{ tools, launcher },
      ...(base && { base: { derivation: base, output: "root" } }),
      ...Object.fromEntries(packages.map(({ key, rpm }) => [`rpm ${key}`, rpm])),
    },
    system: architecture,
    outputs: ["root"],
  });
}

const shape = z.object({ epoch: z.number(), packages: z.array(z.string()) });

export function rpmrootParameters(parameters: unknown): RpmrootParameters {
  return z.parse(shape, parameters);
}
