// What a .deb says of itself, in rpm's words.
// Pure. Knows Debian's versions and relations and rpm's; does not know what the package holds.

import { parseRelations, type Relation } from "../../evaluator/deb/relation.ts";
import { fieldOf, type Stanza } from "../../evaluator/deb/stanza.ts";

/** The head of a package's spec. */
export interface RpmHead {
  readonly name: string;
  readonly epoch: string;
  readonly version: string;
  readonly release: string;
  /** As rpm calls it; `noarch` where Debian says `all`. */
  readonly architecture: string;
  readonly summary: string;
  readonly requires: readonly string[];
  readonly provides: readonly string[];
}

/**
 * What it conflicts with and breaks is left out: it is packaged with exactly the others it was chosen with, and no
 * other version of any of them is there.
 *
 * @param architecture rpm's name for the one it is made for
 */
export function rpmHead(stanza: Stanza, architecture: string): RpmHead {
  const relations = ["Pre-Depends", "Depends"].flatMap((field) =>
    parseRelations(fieldOf(stanza, field) ?? ""),
  );
  return {
    name: fieldOf(stanza, "Package") ?? "",
    ...versionParts(fieldOf(stanza, "Version") ?? ""),
    architecture: fieldOf(stanza, "Architecture") === "all" ? "noarch" : architecture,
    summary: (fieldOf(stanza, "Description") ?? "").split("\n")[0]?.trim() || "No summary",
    requires: [...new Set(relations.map(requirement))],
    provides: parseRelations(fieldOf(stanza, "Provides") ?? "").flatMap((group) => group.map(simple)),
  };
}

/** `[epoch:]upstream[-revision]` (Debian Policy 5.6.12); a dash of the upstream version is none of rpm's. */
export function versionParts(version: string): Pick<RpmHead, "epoch" | "version" | "release"> {
  const [, epoch = "0", upstream = "", revision = "0"] =
    /^(?:(\d+):)?(.*?)(?:-([^-]*))?$/.exec(version) ?? [];
  return { epoch, version: upstream.replaceAll("-", "_"), release: revision };
}

function requirement(group: readonly Relation[]): string {
  const each = [...new Set(group.map(simple))];
  return each.length === 1 ? (each[0] ?? "") : `(${each.join(" or ")})`;
}

/** Without a revision it is one of 0 (Debian Policy 5.6.12), where rpm would take any release for it. */
function simple({ name, operator, version = "" }: Relation): string {
  if (operator === undefined) return name;
  const { epoch, version: upstream, release } = versionParts(version);
  return `${name} ${operators[operator]} ${epoch === "0" ? "" : `${epoch}:`}${upstream}-${release}`;
}

const operators: Readonly<Record<string, string>> = {
  "<<": "<",
  "<": "<=",
  "<=": "<=",
  "=": "=",
  ">=": ">=",
  ">": ">=",
  ">>": ">",
};
