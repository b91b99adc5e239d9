// What building a package takes, as its manifest says it.
// Pure. Knows which keys name what; does not know what a source asks for itself, nor what any of it comes to.

import { requestRequirement } from "../../evaluator/graph/deb.ts";
import type { Requirement } from "../../evaluator/graph/described.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import { settle } from "../../evaluator/manifest/settle.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import type { BuildType } from "../../store/model/derivation.ts";
import { isManifest } from "../package/debian.ts";
import { packageReferences, packagesNamed } from "../package/local.ts";
import { packageKind } from "../package/schema.ts";
import { isTreeManifest } from "../package/tree.ts";
import { assembled } from "../tools/plan.ts";

/** These packages and all that they name, to run or to be built, in the order they are first named. */
export function packagesBelow(
  assembly: Assembly,
  files: readonly string[],
  buildType: BuildType,
): readonly string[] {
  const met = new Set<string>();
  const visit = (file: string) => {
    if (met.has(file)) return;
    met.add(file);
    for (const { file: other } of packagesNamed(assembly, file, buildType)) visit(other);
  };
  for (const file of files) visit(file);
  return [...met];
}

/** Packages by name, and those that manifests make by theirs. */
export function buildRequirements(assembly: Assembly, file: string, target: Target): Requirement[] {
  const { manifest } = settle(assembled(assembly, file), packageKind, target);
  // What a tree needs to run is there when it is built.
  const keys = isTreeManifest(manifest)
    ? (["buildDependencies", "dependencies"] as const)
    : (["buildDependencies", "files"] as const);
  const named = packageReferences(assembly, file, target.buildType, ...keys).map((reference) =>
    madeRequirement(assembly, reference.file, target),
  );
  const written = "buildDependencies" in manifest ? manifest.buildDependencies : [];
  return [...named, ...written.filter((name) => !isManifest(name)).map(requestRequirement)];
}

function madeRequirement(assembly: Assembly, file: string, target: Target): Requirement {
  const { name } = settle(assembled(assembly, file), packageKind, target).manifest;
  return { text: name, choices: [[{ name, bounds: [] }]] };
}
