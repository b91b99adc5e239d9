// A distribution among the manifests that were read.
// Knows how it is called; does not know who asks for it.

import type { Assembled, Assembly } from "../../evaluator/manifest/assembly.ts";
import { type Settled, settle } from "../../evaluator/manifest/settle.ts";
import { type DistroManifest, distroKind } from "./schema.ts";

/** The distribution of this name, as it stands for an architecture. */
export function distroNamed(
  name: string,
  architecture: string,
  { manifests }: Assembly,
): Settled<DistroManifest> & { readonly own: Assembled } {
  const own = [...manifests.values()].find(
    (item) => item.kind.name === distroKind.name && item.name === name,
  );
  if (own === undefined) throw new Error(`${name} is not part of the assembly`);
  const settled = settle(own, distroKind, { arch: architecture, buildType: "release", distro: name });
  return { ...settled, own };
}
