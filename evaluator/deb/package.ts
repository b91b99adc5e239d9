// Binary packages: the versions a universe holds, and what each says of itself.
// Knows what a stanza's fields mean for resolving; does not know which version is chosen.

import { Fault } from "../../store/model/fault.ts";
import type { Origin } from "../resolution.ts";
import { parseGroup, type Relation, splitGroups } from "./relation.ts";
import { fieldOf, type Stanza } from "./stanza.ts";
import type { Operator } from "./version.ts";

/** All versions of one name on one architecture; packages of architecture `all` count as native (as in apt). */
export interface Package {
  readonly name: string;
  readonly architecture: string;
  /** Highest first. */
  readonly versions: readonly Version[];
  /** What apt would install: the highest version among those of the highest priority above zero. */
  readonly candidate: Version | undefined;
  /** Some version says `Essential: yes`, or it is apt itself. */
  readonly essential: boolean;
  /** Some version says `Protected: yes` or `Important: yes`. */
  readonly important: boolean;
}

export interface Version {
  readonly package: Package;
  readonly name: string;
  readonly version: string;
  /** As the stanza says: `all` stays `all`. */
  readonly architecture: string;
  readonly multiArch: "no" | "same" | "foreign" | "allowed";
  readonly essential: boolean;
  /** The Priority field; `extra` for one that is unknown, as in apt. */
  readonly importance: Importance;
  readonly stanza: Stanza;
  readonly origin: Origin;
  /** Pin priority, with the rank of its source where that has one; `Infinity` for what kit built itself. */
  readonly priority: number;
  /** Pre-Depends, Depends, Conflicts, Breaks, Recommends, Suggests, in apt's order. */
  readonly demands: readonly Demand[];
  readonly provides: readonly Provided[];
}

export type DemandKind = "Pre-Depends" | "Depends" | "Conflicts" | "Breaks" | "Recommends" | "Suggests";

/** One comma-separated group of one field. A negative one has one alternative, as policy demands. */
export interface Demand {
  readonly kind: DemandKind;
  readonly text: string;
  readonly alternatives: readonly Relation[];
  /** No field says so: packages of one name on several architectures go together only as Multi-Arch allows. */
  readonly implicit?: true;
  /** A negative one reaches a name on every architecture, on each by a demand of its own: this one on that. */
  readonly on?: string;
  /** Whom it reaches in its universe, once `reachOf` has found it. */
  reach?: Reach;
}

/** Whom a demand reaches, found once in a universe: a version's demands are its own. */
export interface Reach {
  /** By each alternative. */
  readonly each: readonly (readonly Version[])[];
  /** By any of them, in their order, each once. */
  readonly all: readonly Version[];
}

export interface Provided {
  readonly name: string;
  readonly architecture?: string;
  readonly version?: string;
}

export const importances = ["required", "important", "standard", "optional", "extra"] as const;
export type Importance = (typeof importances)[number];

/** What a root's base may name as a whole: essential packages, or those of a priority. */
export const baseSets = ["essential", "required", "important", "standard"] as const;
export type BaseSet = (typeof baseSets)[number];

export function isBaseSet(name: string): name is BaseSet {
  return (baseSets as readonly string[]).includes(name);
}

export function isNegative(demand: Demand): boolean {
  return demand.kind === "Conflicts" || demand.kind === "Breaks";
}

/** What must hold for a package to work at all. */
export function isHard(demand: Demand): boolean {
  return demand.kind !== "Recommends" && demand.kind !== "Suggests";
}

/** What a stanza says, before a universe places it among others. */
export type Described = Omit<Version, "package" | "origin" | "priority">;

/**
 * Reads a stanza of a Packages file or a control file.
 *
 * @throws {Fault} `digest/malformed-stanza` where Package, Version or Architecture is missing or malformed;
 * `unresolved/malformed-relation`
 */
export function describePackage(
  stanza: Stanza,
  parse: (group: string) => readonly Relation[] = parseGroup,
): Described {
  const required = (field: string, form: RegExp): string => {
    const value = fieldOf(stanza, field);
    if (value !== undefined && form.test(value)) return value;
    const who = fieldOf(stanza, "Package") ?? "a stanza";
    const what =
      value === undefined ? `has no ${field}` : `has the malformed ${field} ${JSON.stringify(value)}`;
    throw new Fault("digest/malformed-stanza", `${who} ${what}`);
  };
  return {
    name: required("Package", /^[A-Za-z0-9][A-Za-z0-9+._-]*$/),
    version: required("Version", versionForm),
    architecture: required("Architecture", /^[a-z0-9-]+$/),
    multiArch: multiArchOf(fieldOf(stanza, "Multi-Arch")),
    essential: isYes(fieldOf(stanza, "Essential")),
    importance: importances.find((word) => word === fieldOf(stanza, "Priority")?.toLowerCase()) ?? "extra",
    stanza,
    demands: demandKinds.flatMap((kind) =>
      splitGroups(fieldOf(stanza, kind) ?? "").map((text) => ({ kind, text, alternatives: parse(text) })),
    ),
    provides: splitGroups(fieldOf(stanza, "Provides") ?? "").flatMap((text) =>
      parse(text).flatMap(providedBy),
    ),
  };
}

/** Policy 5.6.12; an epoch is a number, which dpkg keeps in an `int`. */
const versionForm = /^(?:\d{1,9}:[A-Za-z0-9.+:~_-]+|[A-Za-z0-9.+~_-]+)$/;

export function isYes(value: string | undefined): boolean {
  return value !== undefined && /^(?:yes|true|on|with|enable|1)$/i.test(value);
}

/** Fields in the order apt reads them, which decides what it installs first and so who wins a tie. */
const demandKinds = ["Pre-Depends", "Depends", "Conflicts", "Breaks", "Recommends", "Suggests"] as const;

function multiArchOf(value: string | undefined): Version["multiArch"] {
  return value === "same" || value === "foreign" || value === "allowed" ? value : "no";
}

/** A provide with another operator than `=` is ignored (policy 7.5). */
function providedBy(relation: Relation): Provided[] {
  const { name, architecture, operator, version } = relation;
  const exact: Operator = "=";
  if (operator !== undefined && operator !== exact) return [];
  return [
    { name, ...(architecture !== undefined && { architecture }), ...(version !== undefined && { version }) },
  ];
}
