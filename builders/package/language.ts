// How packages of a format say what they need and what they give.
// Pure. Knows names, whatever their versions; does not know which packages exist.

import { formatGroup, parseGroup, parseRelations } from "../../evaluator/deb/relation.ts";
import { fieldOf, linesOf, type Stanza } from "../../evaluator/deb/stanza.ts";
import {
  formatRelation,
  isRich,
  parseRelation,
  type Relation,
  simplesOf,
} from "../../evaluator/rpm/relation.ts";
import type { Made } from "../distro/package.ts";

export interface Language {
  /** What a requirement speaks of; nothing of one that cannot be read. */
  readonly namesIn: (requirement: string) => readonly string[];
  /** Of what any would do, the best first; what has no such order is one. */
  readonly alternatives: (requirement: string) => readonly string[];
  readonly isOfAnyVersion: (requirement: string) => boolean;
  /** Whether it is of one thing alone. */
  readonly isSimple: (requirement: string) => boolean;
  /** The things it is of, each as a requirement of its own; nothing of one that cannot be read. */
  readonly partsOf: (requirement: string) => readonly string[];
  /** Whether it is met where these parts of it are. */
  readonly holdsWith: (requirement: string, has: (part: string) => boolean) => boolean;
  /** What has to be there for a package to be installed. */
  readonly needsOf: (stanza: Stanza) => readonly string[];
  /** Names that requirements for it have. */
  readonly givenBy: (stanza: Stanza) => readonly string[];
}

/** Debian Policy 7. */
export const debLanguage: Language = {
  namesIn: (requirement) => readable(() => parseGroup(requirement).map(({ name }) => name)),
  alternatives: (requirement) => requirement.split("|").map((text) => text.trim()),
  isOfAnyVersion: (requirement) => !requirement.includes("("),
  isSimple: (requirement) => !requirement.includes("|"),
  partsOf: (requirement) => debLanguage.alternatives(requirement),
  holdsWith: (requirement, has) => debLanguage.alternatives(requirement).some(has),
  needsOf: (stanza) =>
    ["Pre-Depends", "Depends"].flatMap((field) =>
      parseRelations(fieldOf(stanza, field) ?? "").map(formatGroup),
    ),
  givenBy: (stanza) => [
    stanza["Package"] ?? "",
    ...parseRelations(fieldOf(stanza, "Provides") ?? "").flatMap(([one]) => (one ? [one.name] : [])),
  ],
};

/** rpm's docs/manual/dependencies.md and boolean_dependencies.md; a file is given as well as a capability. */
export const rpmLanguage: Language = {
  namesIn: (requirement) =>
    readable(() => [...simplesOf(parseRelation(requirement))].map(({ name }) => name)),
  alternatives: (requirement) => [requirement],
  isOfAnyVersion: (requirement) => !/[<=>]/.test(requirement),
  isSimple: (requirement) => !requirement.startsWith("("),
  partsOf: (requirement) => readable(() => [...simplesOf(parseRelation(requirement))].map(formatRelation)),
  holdsWith: (requirement, has) =>
    readable(() => [holds(parseRelation(requirement), has)]).every((isHeld) => isHeld),
  needsOf: (stanza) =>
    ["Requires-Pre", "Requires"]
      .flatMap((field) => linesOf(stanza, field))
      .filter((text) => !text.startsWith("rpmlib(")),
  givenBy: (stanza) => [
    stanza["Package"] ?? "",
    ...linesOf(stanza, "Provides").map((line) => line.split(" ", 1)[0] ?? ""),
    ...linesOf(stanza, "Files"),
  ],
};

/**
 * Whether what a source's text declares is meant. Of one that is lost, whatever begins with its name could be: of zlib
 * `zlib1g-dev`, `pkgconfig(zlib)`, `libzlib.so.1`.
 */
export function declaredBy(
  {
    name: own,
    declares = [],
    isLost,
  }: {
    readonly name: string;
    readonly declares: readonly string[] | undefined;
    readonly isLost: boolean;
  },
  { namesIn }: Language,
): (requirement: string) => boolean {
  if (isLost) {
    const begins = (name: string) =>
      [own, `lib${own}`].some((one) => name.startsWith(one) && !/^[a-z]/.test(name.slice(one.length)));
    const partsOf = (name: string) => [name, ...name.split(/[(/]/)];
    return (text: string) => namesIn(text).some((name) => partsOf(name).some(begins));
  }
  const declared = new Set(declares);
  return (text: string) => namesIn(text).some((name) => declared.has(name));
}

/** Those of packages that provide what a requirement speaks of, whatever their versions. */
export function giversIn(
  packages: readonly Made[],
  { namesIn, givenBy }: Language,
): (text: string) => Made[] {
  const givers = new Map<string, Made[]>();
  for (const item of packages)
    for (const name of givenBy(item.stanza)) givers.set(name, [...(givers.get(name) ?? []), item]);
  return (text) => namesIn(text).flatMap((name) => givers.get(name) ?? []);
}

/** Of `without` the first alone counts: whether another package is the second is for who chooses. */
function holds(relation: Relation, has: (part: string) => boolean): boolean {
  if (!isRich(relation)) return has(formatRelation(relation));
  switch (relation.kind) {
    case "and":
    case "with":
      return relation.operands.every((operand) => holds(operand, has));
    case "or":
      return relation.operands.some((operand) => holds(operand, has));
    case "without":
      return holds(relation.operands[0], has);
    case "if":
    case "unless": {
      const { kind, wanted, condition, otherwise } = relation;
      if (holds(condition, has) === (kind === "if")) return holds(wanted, has);
      return otherwise === undefined || holds(otherwise, has);
    }
  }
}

function readable<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch {
    return [];
  }
}
