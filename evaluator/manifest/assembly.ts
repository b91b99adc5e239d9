// An assembly: a manifest and all it refers to, as data.
// Knows its shape; does not know how it comes about.

import type { Kind, Reference } from "../kind.ts";
import type { Document } from "./document.ts";

/** A reference, and the file it leads to. */
export interface ResolvedReference extends Reference {
  /** Canonical path: a key of {@link Assembly.manifests}. */
  readonly file: string;
  /** It was found in the folder that is written there. */
  readonly found?: true;
}

/** One manifest, read and known to be sound; {@link settle} gives it as it stands for a target. */
export interface Assembled {
  /** Canonical path: the root as it was given or resolved from there, without `.` and `..` parts. */
  readonly file: string;
  readonly kind: Kind<unknown>;
  /** Its `name`; its file where it has none. */
  readonly name: string;
  readonly document: Document;
  readonly references: readonly ResolvedReference[];
}

export interface Assembly {
  /** The root's canonical path. */
  readonly root: string;
  /** By canonical path: the root first, then in the order they are first referred to. */
  readonly manifests: ReadonlyMap<string, Assembled>;
}
