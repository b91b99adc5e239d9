// What a manifest is planned for: architectures and build type.
// Pure. Reads what every kind may say; does not know kinds.

import type { Wish } from "../../evaluator/evaluate.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { defaultDistro, type Target } from "../../evaluator/manifest/variables.ts";

/** One target for each architecture that takes part. */
export function targetsOf(assembly: Assembly, wish: Wish, host: string): readonly Target[] {
  const root = assembly.manifests.get(assembly.root);
  const written = (root?.document.value ?? {}) as {
    architectures?: unknown;
    buildType?: unknown;
    kind?: unknown;
  };
  const reference = root?.references.find(({ kind }) => kind === "distro");
  const distroManifest = reference && assembly.manifests.get(reference.file);
  const offered = (distroManifest?.document.value as { architectures?: unknown } | undefined)?.architectures;
  const own = written.architectures ?? (written.kind === "view" ? offered : undefined);
  const named =
    ["image", "view"].includes(String(written.kind)) && Array.isArray(own)
      ? own.filter((name) => typeof name === "string")
      : [host];
  const buildType = wish.buildType ?? (written.buildType === "debug" ? "debug" : "release");
  const distro = distroManifest?.name ?? defaultDistro;
  return (wish.architecture === undefined ? named : [wish.architecture]).map((arch) => ({
    arch,
    buildType,
    distro,
  }));
}
