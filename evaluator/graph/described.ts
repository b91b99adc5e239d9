// What a dependency graph is made of: packages, what they need and what makes them, as described by others.
// Knows shapes; does not know the kinds of manifests, nor where packages come from.

import type { Operator } from "../deb/version.ts";
import type { NodeState } from "./graph.ts";

/** How versions of one package format sort, as the format's own tools have it. */
export interface PackageFormat {
  /**
   * Negative, zero or positive as `a` sorts before, with or after `b` for a requirement: rpm does not look at the
   * release where one of them has none.
   */
  readonly compare: (a: string, b: string) => number;
  /** Whether something that is provided without a version satisfies a requirement with one: as in rpm, not in dpkg. */
  readonly unversionedSatisfies: boolean;
}

export interface Bound {
  readonly operator: Operator;
  readonly version: string;
}

/** One package by name, within bounds that one provider has to satisfy together. */
export interface Atom {
  readonly name: string;
  /** Where another than the native one is meant. */
  readonly architecture?: string;
  readonly bounds: readonly Bound[];
}

/**
 * One thing that is needed. Either choices, each of atoms that go together (`a | b` has two of one, rpm's `(a and b)`
 * one of two), the first that can be had counts; or packages that somebody chose already, by {@link packageKey}.
 */
export type Requirement =
  | { readonly text: string; readonly choices: readonly (readonly Atom[])[] }
  | { readonly text: string; readonly answers: readonly string[] };

/** A name that a package stands for beside its own. */
export interface Provision {
  readonly name: string;
  readonly version?: string;
}

export interface DescribedPackage {
  readonly name: string;
  /** Absent where it is known only once the package is at hand. */
  readonly version?: string;
  /** `all` and `noarch` fit every architecture. */
  readonly architecture: string;
  readonly provides: readonly Provision[];
  readonly requires: readonly Requirement[];
  /** The same package, built before: what a build cycle is broken with. */
  readonly prebuilt?: { readonly digest: string; readonly from: string };
}

/** What packages are made of here: a manifest, a spec, a source package. */
export interface LocalSource {
  /** What tells it from all others: the manifest's file. */
  readonly key: string;
  readonly name: string;
  readonly version?: string;
  readonly architecture: string;
  readonly packages: readonly DescribedPackage[];
  readonly made:
    | {
        readonly how: "built";
        readonly state: Extract<NodeState, "Build" | "BuildError" | "UpToDate" | "Delta">;
        readonly requires: readonly Requirement[];
      }
    | {
        readonly how: "prebuilt";
        readonly state: Extract<NodeState, "UpToDate" | "Unresolved">;
        readonly digest?: string;
      };
  /** Absent where it has no checks of its own. */
  readonly test?: {
    readonly state: Extract<NodeState, "Build" | "BuildError" | "UpToDate">;
    readonly requires: readonly Requirement[];
  };
}

/** A package out of a repository that somebody chose. */
export interface RemotePackage extends DescribedPackage {
  readonly version: string;
  readonly source: string;
  readonly digest?: string;
  readonly state: Extract<NodeState, "Cached" | "Unresolved">;
  readonly note?: string;
}

/** Something that was asked for. */
export interface DescribedGoal {
  /** `image`, `package`, `base`, `set`. */
  readonly kind: string;
  readonly name: string;
  /** What tells it from others of the same name: the manifest's file. */
  readonly key: string;
  readonly requires: readonly Requirement[];
  /** Goals that are part of it. */
  readonly goals: readonly DescribedGoal[];
}

/** All there is for one distribution and architecture: whoever is in it can be needed by all others. */
export interface Pool {
  readonly distro: string;
  readonly architecture: string;
  readonly format: PackageFormat;
  readonly sources: readonly LocalSource[];
  readonly remotes: readonly RemotePackage[];
  readonly goals: readonly DescribedGoal[];
}

/** What tells a package from all others of its pool. */
export function packageKey({
  name,
  version = "*",
  architecture,
}: Pick<DescribedPackage, "name" | "version" | "architecture">): string {
  return `${name} ${version} ${architecture}`;
}
