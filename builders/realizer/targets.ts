// What a manifest is planned for: architectures and build type.
// Pure. Reads what every kind may say; does not know kinds.

import type { Wish } from "../../evaluator/evaluate.ts";
import type { Assembled, Assembly } from "../../evaluator/manifest/assembly.ts";
import { defaultDistro, type Target } from "../../evaluator/manifest/variables.ts";
import { nativeName } from "../distro/source.ts";

/** One target for each architecture that takes part; of a set of packages those of its members. */
export function targetsOf(assembly: Assembly, wish: Wish, host: string): readonly Target[] {
  const root = assembly.manifests.get(assembly.root);
  if (root?.kind.name !== "packages") return targetsFor(assembly, assembly.root, wish, host);
  const members = root.references.map(({ file }) => targetOf(assembly, file, wish, host));
  return [...new Map(members.map((target) => [`${target.distro} ${target.arch}`, target])).values()];
}

/** The wish without an architecture that is no other than what the manifest is for anyway. */
export function plainWish(assembly: Assembly, wish: Wish, host: string): Wish {
  const { architecture, ...rest } = wish;
  const own = new Set(targetsOf(assembly, rest, host).map(({ arch }) => arch));
  return architecture !== undefined && own.size === 1 && own.has(architecture) ? rest : wish;
}

/** The first: what a package is built for. */
export function targetOf(assembly: Assembly, file: string, wish: Wish, host: string): Target {
  const [target] = targetsFor(assembly, file, wish, host);
  if (target === undefined) throw new Error(`${file} is for no architecture`);
  return target;
}

function wordsIn(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((word) => typeof word === "string") : [];
}

function targetsFor(assembly: Assembly, file: string, wish: Wish, host: string): readonly Target[] {
  const own = assembly.manifests.get(file);
  const written = (own?.document.value ?? {}) as {
    architectures?: unknown;
    buildType?: unknown;
    kind?: unknown;
  };
  const reference = own?.references.find(({ kind }) => kind === "distro");
  const distroManifest = reference && assembly.manifests.get(reference.file);
  const offered = (distroManifest?.document.value as { architectures?: unknown } | undefined)?.architectures;
  const machine = machineOf(assembly, own);
  const listed =
    written.architectures ?? machine?.architectures ?? (written.kind === "view" ? offered : undefined);
  const named =
    ["image", "view"].includes(String(written.kind)) && Array.isArray(listed)
      ? wordsIn(listed)
      : [nativeName({ architectures: wordsIn(offered) }, host)];
  const buildType = wish.buildType ?? (written.buildType === "debug" ? "debug" : "release");
  const distro = distroManifest?.name ?? defaultDistro;
  return (wish.architecture === undefined ? named : [wish.architecture]).map((arch) => ({
    arch,
    buildType,
    distro,
    ...(machine && { machine: machine.name }),
  }));
}

/** What its targets take from the machine that it names. */
function machineOf(
  { manifests }: Assembly,
  own: Assembled | undefined,
): { readonly name: string; readonly architectures: readonly unknown[] } | undefined {
  const reference = own?.references.find(({ kind }) => kind === "machine");
  const machine = reference && manifests.get(reference.file);
  const { architecture } = (machine?.document.value ?? {}) as { architecture?: unknown };
  return machine && { name: machine.name, architectures: [architecture] };
}
