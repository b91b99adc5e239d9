// Resolutions: what choosing packages comes to, whatever their format.
// Knows the shape of an answer; does not know how one is found.

import type { Stanza } from "./deb/stanza.ts";

/** Where a package was found; `local` is what kit builds itself. rpm's repositories have no suites: theirs is empty. */
export type Origin = { readonly repository: string; readonly suite: string } | "local";

/** Why a package is there. `by` is the package that wants it (`name:arch` for a foreign one). */
export interface Reason {
  readonly by: string;
  /** As written in the manifest, or in the field: `libc6 (>= 2.38)`. */
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
  /** Never empty. `by` is a package's name, `request` or `base`. */
  readonly reasons: readonly Reason[];
}

export interface Explanation {
  /** One sentence a line, each following from what stands above it. */
  readonly explanation: string[];
  readonly hint?: string;
}

export type Resolution =
  /** Sorted by name, then architecture. */
  { readonly ok: true; readonly packages: readonly ChosenPackage[] } | ({ readonly ok: false } & Explanation);
