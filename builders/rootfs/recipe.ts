// How a root file system is planned: which derivation configures which packages on which base.
// Pure: makes derivations; does not run them.

import * as z from "zod/mini";
import type { Canonical } from "../../store/model/canonical.ts";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import { sandboxVersion } from "../sandbox/spec.ts";
import { normalizeVersion } from "./normalize.ts";

export const rootfsVersions = { rootfs: "6", sandbox: sandboxVersion, normalize: normalizeVersion } as const;

export interface RootfsParameters {
  readonly architecture: string;
  /** Seconds since 1970. */
  readonly epoch: number;
  /** `NAME:ARCHITECTURE` of every package to configure; their inputs are called `deb KEY`, `control KEY` … */
  readonly packages: readonly string[];
  /** Whether kit makes the links of a merged /usr: suites whose base-files does not bring them. */
  readonly mergedUsr: boolean;
  readonly debconf: readonly string[];
  readonly passwd: readonly string[];
  readonly group: readonly string[];
}

/** An unpacked package among a root's inputs. */
export interface PackageInput {
  /** `NAME:ARCHITECTURE` */
  readonly key: string;
  readonly deb: Input;
  readonly unpacked: Derivation;
}

export function rootfsDerivation(options: {
  readonly label: string;
  readonly parameters: Omit<RootfsParameters, "packages">;
  readonly packages: readonly PackageInput[];
  readonly base: Derivation | undefined;
  readonly launcher: Input;
}): Derivation {
  const packages = [...options.packages].sort((a, b) => (a.key < b.key ? -1 : 1));
  const inputs: Record<string, Input> = { launcher: options.launcher };
  if (options.base) inputs["base"] = { derivation: options.base, output: "root" };
  for (const { key, deb, unpacked } of packages) {
    inputs[`deb ${key}`] = deb;
    for (const output of ["control", "data", "list"])
      inputs[`${output} ${key}`] = { derivation: unpacked, output };
  }
  const parameters: RootfsParameters = { ...options.parameters, packages: packages.map(({ key }) => key) };
  return derivation({
    builder: "rootfs",
    label: options.label,
    parameters: parameters as unknown as Canonical,
    inputs,
    system: options.parameters.architecture,
    outputs: ["root"],
  });
}

const strings = z.array(z.string());
const shape = z.object({
  architecture: z.string(),
  epoch: z.number(),
  packages: strings,
  mergedUsr: z.boolean(),
  debconf: strings,
  passwd: strings,
  group: strings,
});

/** A request's parameters, as this recipe wrote them. */
export function rootfsParameters(parameters: Canonical): RootfsParameters {
  return z.parse(shape, parameters);
}
