// What manifests of packages say of themselves, before anything is planned: whom they name, what they are called.
// Pure. Knows references and names; does not know how a package is made.

import type { Assembly, ResolvedReference } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { writtenAt } from "../../evaluator/manifest/variant.ts";
import type { BuildType } from "../../store/model/derivation.ts";
import { Fault, type Place } from "../../store/model/fault.ts";
import { assembled } from "../tools/plan.ts";
import { isManifest } from "./debian.ts";
import { packageKind } from "./schema.ts";

export type ReferenceKey = "dependencies" | "buildDependencies" | "files";

/**
 * These manifests of packages and those they depend on, by one of these keys of theirs, in the order they are first named.
 */
export function packageFiles(
  assembly: Assembly,
  files: readonly string[],
  buildType: BuildType,
  keys: readonly ReferenceKey[] = ["dependencies"],
): readonly string[] {
  const met = new Set<string>();
  const visit = (file: string) => {
    if (met.has(file)) return;
    met.add(file);
    for (const { file: other } of packageReferences(assembly, file, buildType, ...keys)) visit(other);
  };
  for (const file of files) visit(file);
  return [...met];
}

/**
 * By what the manifests say: a .deb that is called otherwise is refused when it is read.
 *
 * @throws {Fault} `manifest/name-clash`
 */
export function refuseSameName(assembly: Assembly, files: readonly string[], target: Target): void {
  const places = new Map<string, Place>();
  for (const file of new Set(files)) {
    const own = assembled(assembly, file);
    const { name } = settle(own, packageKind, target).manifest;
    const place = own.document.place(["name"]);
    const other = places.get(name);
    if (other !== undefined) {
      throw new Fault("manifest/name-clash", `two manifests make a package called ${name}`, {
        place,
        related: [{ place: other, message: "the other one" }],
        hint: "rename one of them",
      });
    }
    places.set(name, place);
  }
}

/**
 * Dependencies on manifests become dependencies on the packages they make; what is taken of a tree needs what that tree
 * needs of the distribution.
 */
export function withLocalNames<M extends { readonly dependencies: readonly string[] }>(
  assembly: Assembly,
  file: string,
  manifest: M,
  target: Target,
): M & { dependencies: string[] } {
  const references = packageReferences(assembly, file, target.buildType, "dependencies");
  const dependencies = manifest.dependencies.map((dependency, index) => {
    if (!isManifest(dependency)) return dependency;
    const reference = references.find(({ path }) => path.at(-1) === index);
    if (reference === undefined) throw new Error(`${dependency} was not read`);
    return settle(assembled(assembly, reference.file), packageKind, target).manifest.name;
  });
  const taken = packageReferences(assembly, file, target.buildType, "files").flatMap((reference) =>
    settle(assembled(assembly, reference.file), packageKind, target).manifest.dependencies.filter(
      (dependency) => !isManifest(dependency),
    ),
  );
  return { ...manifest, dependencies: [...new Set([...dependencies, ...taken])] };
}

/** `all` for a package of every architecture, else the target's own. @throws {Fault} `manifest/unsupported-architecture` */
export function architectureFor(names: readonly string[], target: string, place: () => Place): string {
  if (names.includes("all") || names.includes("noarch")) return "all";
  if (names.includes("any") || names.includes(target)) return target;
  throw new Fault("manifest/unsupported-architecture", `this package is not made for ${target}`, {
    place: place(),
    hint: `it is made for ${names.join(", ")}`,
  });
}

/** @throws {Fault} `manifest/unsupported-build-type` */
export function refuseBuildType(
  { name, buildTypes }: { readonly name: string; readonly buildTypes: readonly BuildType[] },
  wanted: BuildType,
  place: () => Place,
): void {
  if (buildTypes.includes(wanted)) return;
  throw new Fault("manifest/unsupported-build-type", `${name} is not built as ${wanted}`, {
    place: place(),
    hint: `what is built as ${wanted} depends on ${wanted} builds alone: add it to buildTypes, or build the rest as ${buildTypes.join(", ")}`,
  });
}

/** Manifests of packages that one names for a build type: as what it needs to run, or to be built, or takes files of. */
export function packageReferences(
  assembly: Assembly,
  file: string,
  buildType: BuildType,
  ...keys: readonly ReferenceKey[]
): readonly ResolvedReference[] {
  const { references, document } = assembled(assembly, file);
  return keys.flatMap((key) => {
    const list = writtenAt(document.value, buildType, [key]);
    return references.filter(
      ({ kind, path }) => kind === "package" && list.every((step, i) => step === path[i]),
    );
  });
}

/** All that one names for a build type, to run, to be built, or to take files of. */
export function packagesNamed(assembly: Assembly, file: string, buildType: BuildType) {
  return packageReferences(assembly, file, buildType, "dependencies", "buildDependencies", "files");
}
