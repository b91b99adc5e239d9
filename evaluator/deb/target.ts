// Targets: what relations point to in apt's cache, and who stands for it there.
// Knows how apt turns Multi-Arch into names and provides; does not know what is done with them.

import { type Demand, isNegative, type Provided, type Version } from "./package.ts";
import type { Relation } from "./relation.ts";
import { satisfies } from "./version.ts";

/**
 * A name on one architecture, with or without versions; or `name:any` and `name:arm64`, which are names by themselves
 * and belong to no architecture.
 */
export interface Target {
  readonly name: string;
  readonly architecture?: string;
}

/** What a target is called among others. */
export function targetKey({ name, architecture = "" }: Target): string {
  return `${name} ${architecture}`;
}

function qualified(name: string, qualifier: string): Target {
  return { name: `${name}:${qualifier}` };
}

/**
 * What a relation of a demand points to.
 *
 * @param architectures native first
 */
export function targetOf(
  architectures: readonly string[],
  version: Version,
  demand: Demand,
  relation: Relation,
): Target {
  const { name, architecture } = relation;
  const own = version.package.architecture;
  if (demand.implicit && architecture !== undefined) return { name, architecture };
  if (architecture === "native") return qualified(name, architectures[0] ?? own);
  if (architecture !== undefined) return qualified(name, architecture);
  return { name, architecture: demand.on ?? own };
}

/** That a version stands for a target beside its own. */
export interface Provision {
  readonly target: Target;
  readonly version: Version;
  /** The version it is provided in, if any. */
  readonly provided: string | undefined;
  /** By what its name, architecture or Multi-Arch say, not by its Provides. */
  readonly implicit: boolean;
}

/** What a version provides in apt's cache (`NewPackage` and `ParseProvides` of apt 2.6 and 3.0). */
export function provisionsOf(version: Version, architectures: readonly string[]): Provision[] {
  const { name, package: pkg, multiArch, provides } = version;
  const own = (target: Target): Provision => ({
    target,
    version,
    provided: version.version,
    implicit: true,
  });
  const others = architectures.filter((other) => other !== pkg.architecture);
  return [
    ...(multiArch === "allowed" ? [own(qualified(name, "any"))] : []),
    ...(multiArch === "foreign" ? others : []).map((architecture) => own({ name, architecture })),
    own(qualified(name, pkg.architecture)),
    ...provides.flatMap((provided) => provisionsBy(version, provided, architectures)),
  ];
}

function provisionsBy(version: Version, given: Provided, architectures: readonly string[]): Provision[] {
  const { name, architecture } = given;
  const { package: pkg, multiArch } = version;
  const make = (implicit: boolean, target: Target): Provision => ({
    target,
    version,
    provided: given.version,
    implicit,
  });
  if (architecture !== undefined) {
    const isPlaced = architecture !== "any";
    return [
      ...(isPlaced ? [make(true, { name, architecture })] : []),
      make(false, qualified(name, architecture)),
    ];
  }
  const placed = make(true, qualified(name, pkg.architecture));
  if (multiArch === "foreign")
    return [...architectures.map((each) => make(false, { name, architecture: each })), placed];
  const isItself = name === version.name && (given.version ?? version.version) === version.version;
  return [
    ...(isItself ? [] : [make(false, { name, architecture: pkg.architecture })]),
    ...(multiArch === "allowed" ? [make(true, qualified(name, "any"))] : []),
    placed,
  ];
}

/** `pkgCache::DepIterator::IsIgnorable`: no package clashes with itself, nor with others of its name but by Multi-Arch. */
export function isIgnorable(version: Version, demand: Demand, target: Target): boolean {
  if (!isNegative(demand) || target.name !== version.name) return false;
  return (
    target.architecture === version.package.architecture || (version.multiArch === "same" && !demand.implicit)
  );
}

export function isIgnorableProvider(version: Version, demand: Demand, provider: Version): boolean {
  return isNegative(demand) && (demand.implicit === true || provider.name === version.name);
}

/** A provide without a version satisfies no relation with one (policy 7.5). */
export function holds(relation: Relation, version: string | undefined): boolean {
  if (relation.operator === undefined || relation.version === undefined) return true;
  return version !== undefined && satisfies(version, relation.operator, relation.version);
}
