// Build dependencies: what a source package needs, and must not meet, to be built for one architecture.
// Knows the fields and their restrictions; does not know which packages exist, nor what every build needs unsaid.

import { holdsOn } from "./architecture.ts";
import { parseRelations, type Relation } from "./relation.ts";
import { fieldOf, type Stanza } from "./stanza.ts";

export interface BuildTarget {
  /** What is built for: the host architecture, as dpkg calls it. */
  readonly architecture: string;
  /** Active build profiles, as `nocheck`. */
  readonly profiles: readonly string[];
  /** Which packages are built: those of an architecture, those of `all`, or both. */
  readonly parts: readonly BuildPart[];
}

export type BuildPart = "arch" | "indep";

/** Relations without restrictions: the ones that stand here hold. */
export interface BuildRelations {
  /** Each group is met by any of its alternatives. */
  readonly depends: readonly (readonly Relation[])[];
  readonly conflicts: readonly Relation[];
}

/**
 * Of a stanza of Sources or a .dsc: Build-Depends and Build-Conflicts, with their -Arch and -Indep forms as the parts
 * ask for them (policy 7.7), in this order. `build-essential` is not among them.
 *
 * @throws {Fault} `unresolved/malformed-relation`
 */
export function buildRelations(source: Stanza, target: BuildTarget): BuildRelations {
  const read = (field: string): Relation[][] =>
    ["", ...target.parts.map((part) => suffixes[part])].flatMap((suffix) =>
      reduceRelations(parseRelations(fieldOf(source, field + suffix) ?? ""), target),
    );
  return { depends: read("Build-Depends"), conflicts: read("Build-Conflicts").flat() };
}

const suffixes = { arch: "-Arch", indep: "-Indep" } as const;

/**
 * What remains of groups of alternatives on an architecture with these profiles, without its restrictions; a group
 * none of whose alternatives is meant for it goes (`reduce_arch` and `reduce_profiles` of Dpkg::Deps).
 */
export function reduceRelations(
  groups: readonly (readonly Relation[])[],
  target: Pick<BuildTarget, "architecture" | "profiles">,
): Relation[][] {
  return groups
    .map((group) => group.filter((relation) => isMeant(relation, target)).map(unrestricted))
    .filter((group) => group.length > 0);
}

function isMeant(
  { architectures, profiles }: Relation,
  target: Pick<BuildTarget, "architecture" | "profiles">,
): boolean {
  if (architectures !== undefined && !holdsOn(architectures, target.architecture)) return false;
  return profiles === undefined || profiles.some((terms) => terms.every((term) => isActive(term, target)));
}

function isActive(term: string, { profiles }: Pick<BuildTarget, "profiles">): boolean {
  return term.startsWith("!") ? !profiles.includes(term.slice(1)) : profiles.includes(term);
}

function unrestricted({ architectures: _a, profiles: _p, ...relation }: Relation): Relation {
  return relation;
}
