// Resolutions: what choosing packages comes to, whatever their format.
// Knows the shape of an answer; does not know how one is found.

import type { Stanza } from "./deb/stanza.ts";

/** Where a package was found; `local` is what kit builds itself. rpm's repositories have no suites: theirs is empty. */
export type Origin = { readonly repository: string; readonly suite: string } | "local";

/** Who asks for a package that no other one has to want: somebody, the base, or a group of that name. */
export type Asker = "request" | "base" | `group ${string}`;

/** Packages' names hold no spaces. */
export function isAsker(by: string): by is Asker {
  return by === "request" || by === "base" || by.startsWith("group ");
}

export function whyAsked(by: Asker): string {
  if (by === "request") return "is asked for";
  return by === "base" ? "is part of the base" : `is part of the ${by}`;
}

/** By group what is asked for as part of it: names, and where the format has such `(name if other)`. */
export type Members = Readonly<Record<string, readonly string[]>>;

/** Why a package is there. `by` is the package that wants it (`name:arch` for a foreign one), or an {@link Asker}. */
export interface Reason {
  readonly by: string;
  /** As written in the manifest, in the group, or in the field: `libc6 (>= 2.38)`. */
  readonly relation: string;
}

/** A package of an answer. */
export interface ChosenPackage {
  readonly name: string;
  readonly version: string;
  /** As the stanza says; may be `all`, or `noarch`. */
  readonly architecture: string;
  readonly stanza: Stanza;
  readonly origin: Origin;
  /** Never empty. */
  readonly reasons: readonly Reason[];
}

export interface Explanation {
  /** One sentence a line, each following from what stands above it. */
  readonly explanation: string[];
  readonly hint?: string;
}

/** What a build needs and cannot have, by itself. */
export interface Unmet extends Explanation {
  /** As it is written: `libfoo-dev (>= 2)`. */
  readonly text: string;
}

export type Resolution =
  /** Sorted by name, then architecture. */
  { readonly ok: true; readonly packages: readonly ChosenPackage[] } | ({ readonly ok: false } & Explanation);
