// How packages of a format say what they need and what they give.
// Pure. Knows names, whatever their versions; does not know which packages exist.

import { formatGroup, parseGroup, parseRelations } from "../../evaluator/deb/relation.ts";
import { fieldOf, linesOf, type Stanza } from "../../evaluator/deb/stanza.ts";
import { parseRelation, simplesOf } from "../../evaluator/rpm/relation.ts";
import type { Made } from "../distro/package.ts";

export interface Language {
  /** What a requirement speaks of; nothing of one that cannot be read. */
  readonly namesIn: (requirement: string) => readonly string[];
  /** Of what any would do, the best first; what has no such order is one. */
  readonly alternatives: (requirement: string) => readonly string[];
  readonly isOfAnyVersion: (requirement: string) => boolean;
  /** Whether it is of one thing alone. */
  readonly isSimple: (requirement: string) => boolean;
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

function readable(read: () => readonly string[]): readonly string[] {
  try {
    return read();
  } catch {
    return [];
  }
}
