// Debian's control fields as a dependency graph takes them.
// Knows which fields count; does not know which packages there are.

import { parseGroup, parseRelations, type Relation, splitGroups } from "../deb/relation.ts";
import { parseRequest } from "../deb/request.ts";
import { fieldOf, type Stanza } from "../deb/stanza.ts";
import { compareVersions } from "../deb/version.ts";
import type { Atom, PackageFormat, Provision, Requirement } from "./described.ts";

/** Versions as dpkg sorts them; what is provided without one satisfies no requirement with one (Debian Policy 7.5). */
export const debFormat: PackageFormat = { compare: compareVersions, unversionedSatisfies: false };

/** Pre-Depends and Depends. @throws {Fault} `unresolved/malformed-relation` */
export function stanzaRequirements(stanza: Stanza): Requirement[] {
  return ["Pre-Depends", "Depends"].flatMap((field) => fieldRequirements(fieldOf(stanza, field) ?? ""));
}

/** Each group of a field of relations. @throws {Fault} `unresolved/malformed-relation` */
export function fieldRequirements(field: string): Requirement[] {
  return splitGroups(field).map((text) => ({
    text,
    choices: parseGroup(text).map((item) => [atomOf(item)]),
  }));
}

/** @throws {Fault} `unresolved/malformed-relation` */
export function stanzaProvisions(stanza: Stanza): Provision[] {
  return parseRelations(fieldOf(stanza, "Provides") ?? "")
    .flat()
    .map(({ name, version }) => ({ name, ...(version !== undefined && { version }) }));
}

/** What a manifest or a command line asks for. @throws {Fault} `unresolved/malformed-request` */
export function requestRequirement(text: string): Requirement {
  return { text, choices: [[atomOf(parseRequest(text).relation)]] };
}

function atomOf({ name, architecture, operator, version }: Relation): Atom {
  return {
    name,
    ...(architecture !== undefined && { architecture }),
    bounds: operator === undefined || version === undefined ? [] : [{ operator, version }],
  };
}
