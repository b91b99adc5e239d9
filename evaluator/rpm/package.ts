// rpm packages: what one says of itself.
// Knows what a stanza's fields mean for resolving; does not know which package is chosen.

import { Fault } from "../../store/model/fault.ts";
import { fieldOf, linesOf, type Stanza } from "../deb/stanza.ts";
import type { Clause } from "../engine.ts";
import type { Origin } from "../resolution.ts";
import { formatRelation, isRich, parseRelation, type Relation, type Simple } from "./relation.ts";
import { type Evr, overlaps, parseEvr } from "./version.ts";

export interface Package extends Described {
  /** From 1 in the order a universe came across it: no order to sort by. */
  readonly number: number;
  readonly origin: Origin;
  /** dnf's: the lowest wins. `-Infinity` for what kit built itself. */
  readonly priority: number;
  /** What follows from it in its universe, once `rulingOf` has found it. */
  ruling: Ruling | undefined;
  /** Who may supplement it, once `supplementersOf` has found it. */
  supplementers: readonly Package[] | undefined;
  /** Present where it is no package, but a variable for a part of a relation. */
  readonly standsFor?: Part;
}

/** A part of a relation, met or not met, and what that asks for: all of the blocks, each a disjunction of packages. */
export interface Part {
  readonly relation: Relation;
  readonly isMet: boolean;
  readonly blocks: readonly (readonly number[])[];
}

/** What a package demands of all others, found once in a universe. */
export interface Ruling {
  readonly rules: readonly OwnRule[];
  /** Of these the ones that leave a choice, but for those that have another package as a condition. */
  readonly choices: readonly OwnRule[];
  /** The same in the order in which a search goes over them, once one did. */
  choicesInOrder: readonly OwnRule[] | undefined;
  /** Those that leave a choice on a condition. */
  readonly conditional: readonly OwnRule[];
  /** Packages that come into question with it, in the order in which they do, each where it is named last. */
  readonly reaches: readonly Package[];
}

/** A clause over package numbers, and which relation says so. */
export type OwnRule = Clause &
  (
    | {
        /** What stands as positive literals meets it, while every other negated package is there too. */
        readonly kind: "need";
        readonly package: Package;
        readonly demand: Demand;
      }
    | { readonly kind: "conflict"; readonly package: Package; readonly demand: Demand }
    | {
        readonly kind: "obsolete";
        readonly package: Package;
        readonly demand: Demand;
        readonly other: Package;
      }
    | { readonly kind: "twice"; readonly package: Package; readonly other: Package }
  );

/** What a stanza says, before a universe places it among others. */
export interface Described {
  readonly name: string;
  /** `[epoch:]version-release`. */
  readonly version: string;
  readonly evr: Evr;
  readonly architecture: string;
  readonly stanza: Stanza;
  /** `name:stream` of the modules it belongs to. */
  readonly streams: readonly string[];
  /** Several versions may stand side by side, as kernels do (dnf's `installonlypkgs`). */
  readonly installOnly: boolean;
  /** Its own name and version among them. */
  readonly provides: readonly Simple[];
  readonly requires: readonly Demand[];
  readonly conflicts: readonly Demand[];
  readonly obsoletes: readonly Demand[];
  readonly recommends: readonly Demand[];
  readonly suggests: readonly Demand[];
  readonly supplements: readonly Demand[];
  readonly enhances: readonly Demand[];
}

/** One relation of one field. */
export interface Demand {
  readonly text: string;
  readonly relation: Relation;
}

/**
 * Reads a stanza of an rpm package.
 *
 * @throws {Fault} `digest/malformed-stanza` where Package, Version or Architecture is missing or malformed;
 * `unresolved/malformed-relation`
 */
export function describePackage(
  stanza: Stanza,
  parse: (text: string) => Relation = parseRelation,
): Described {
  const required = (field: string): string => {
    const value = fieldOf(stanza, field);
    if (value !== undefined && /^[^\s()<>=,]+$/.test(value)) return value;
    const who = fieldOf(stanza, "Package") ?? "a stanza";
    const what =
      value === undefined ? `has no ${field}` : `has the malformed ${field} ${JSON.stringify(value)}`;
    throw new Fault("digest/malformed-stanza", `${who} ${what}`);
  };
  const demands = (field: string): Demand[] =>
    linesOf(stanza, field).map((text) => ({ text, relation: parse(text) }));
  const [name, version] = [required("Package"), required("Version")];
  const provides = [
    ...demands("Provides").flatMap(({ relation }) => (isRich(relation) ? [] : [relation])),
    { name, operator: "=", version } as const,
  ];
  return {
    name,
    version,
    evr: parseEvr(version),
    architecture: required("Architecture"),
    stanza,
    streams: streamsOf(stanza),
    installOnly: provides.some((provided) => installOnly.has(provided.name)),
    provides,
    requires: [...demands("Requires-Pre"), ...demands("Requires")].filter(({ text }) => !isOfRpm(text)),
    conflicts: demands("Conflicts"),
    obsoletes: demands("Obsoletes"),
    recommends: demands("Recommends"),
    suggests: demands("Suggests"),
    supplements: demands("Supplements"),
    enhances: demands("Enhances"),
  };
}

/** Something that goes among packages and says nothing: what it asks for, rules say. */
export function describePart({ relation, isMet }: Part): Described {
  const text = formatRelation(relation);
  return {
    name: isMet ? text : `not ${text}`,
    version: "",
    evr: parseEvr(""),
    architecture: "noarch",
    stanza: {},
    streams: [],
    installOnly: false,
    provides: [],
    requires: [],
    conflicts: [],
    obsoletes: [],
    recommends: [],
    suggests: [],
    supplements: [],
    enhances: [],
  };
}

/** `name:stream` of each module that claims a package. */
export function streamsOf(stanza: Stanza): string[] {
  const claims = (fieldOf(stanza, "Modular") ?? "").split(" ").filter((claim) => claim !== "");
  return [...new Set(claims.map((claim) => claim.split(":", 2).join(":")))];
}

/** Whether the package provides this; a provide without a version meets every version (`rpmdsCompare`). */
export function provides({ provides }: Described, { name, operator, version }: Simple): boolean {
  return provides.some((provided) => {
    if (provided.name !== name) return false;
    if (operator === undefined || version === undefined || provided.operator === undefined) return true;
    return overlaps(
      { operator: provided.operator, evr: parseEvr(provided.version ?? "") },
      { operator, evr: parseEvr(version) },
    );
  });
}

/** Whether the package itself, not what it provides, is meant: how obsoletes are read (`pool_match_nevr`). */
export function isNamedBy({ name, evr }: Described, relation: Relation): boolean {
  if (isRich(relation) || relation.name !== name) return false;
  const { operator, version } = relation;
  if (operator === undefined || version === undefined) return true;
  return overlaps({ operator: "=", evr }, { operator, evr: parseEvr(version) });
}

/** Who provides one of these is never replaced by another version of itself (dnf's default `installonlypkgs`). */
const installOnly: ReadonlySet<string> = new Set([
  "kernel",
  "kernel-PAE",
  "installonlypkg(kernel)",
  "installonlypkg(kernel-module)",
  "installonlypkg(vm)",
  "multiversion(kernel)",
]);

/** What rpm itself must be able to do; the rpm of the distribution is. */
function isOfRpm(text: string): boolean {
  return text.startsWith("rpmlib(");
}
