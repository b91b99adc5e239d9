// Settling: a manifest as it stands for one target, its variables replaced, its variant laid over it.
// Knows variables and schemas; does not know other manifests.

import { dirname, join } from "node:path/posix";
import { type Fault, Faults, type Place } from "../../store/model/fault.ts";
import { type Kind, type LocalFile, localsIn, type Path } from "../kind.ts";
import type { Assembled } from "./assembly.ts";
import { checkManifest, sortFaults } from "./check.ts";
import type { Document } from "./document.ts";
import {
  expandVariables,
  type Target,
  type Unresolved,
  unresolvedFault,
  type Variables,
  variablesOf,
} from "./variables.ts";
import { withVariant, writtenAt } from "./variant.ts";

/** A local file, and where it is. */
export interface ResolvedLocal extends LocalFile {
  /** Path as {@link Assembled.file} is: absolute where that is. */
  readonly at: string;
}

export interface Settled<M> {
  readonly manifest: M;
  /** Of all build types: each of them lies beside the manifest. */
  readonly locals: readonly ResolvedLocal[];
  /** For what is expanded later: the files that are templates. */
  readonly variables: Variables;
  /** Where it is written what the manifest has at this path: {@link writtenAt}. */
  place(path: Path): Place;
}

/**
 * A manifest for a target: variables replaced, defaults filled in, the variant of its build type laid over it, its local
 * files found (none of them looked at).
 * `kind` is the manifest's own, typed.
 *
 * @throws {Faults} where a value is wrong for just this target, or a variable has none for it
 */
export function settle<M>(assembled: Assembled, kind: Kind<M>, target: Target): Settled<M> {
  if (assembled.kind.name !== kind.name) throw new TypeError(`${assembled.file} is no ${kind.name}`);
  const { document } = assembled;
  const { manifest, faults } = checkFor(target, document, kind);
  if (manifest === undefined) throw new Faults(faults);
  const folder = dirname(assembled.file);
  return {
    manifest: withVariant(manifest, target.buildType),
    locals: localsIn(manifest, kind.locals).map((local) => ({ ...local, at: join(folder, local.file) })),
    variables: variablesOf(document.value, target).variables,
    place: (path) => document.place(writtenAt(document.value, target.buildType, path)),
  };
}

/** What came of checking a document for a target; without faults there is a manifest. */
export interface CheckedDocument<M> {
  /** The document's value with its variables replaced, right or wrong. */
  readonly value: unknown;
  readonly manifest: M | undefined;
  readonly faults: readonly Fault[];
}

export function checkFor<M>(target: Target, document: Document, kind: Kind<M>): CheckedDocument<M> {
  const { variables, unresolved } = variablesOf(document.value, target);
  const expanded = expandVariables(document.value, variables);
  const open = [...unresolved, ...expanded.unresolved];
  const checked = checkManifest(kind.schema, expanded.value, document);
  // A value that still holds a variable is not what it is meant to be: one fault about it is enough.
  const wrong = (checked.faults ?? []).filter(
    ({ place }) => !open.some((use) => samePlace(document, use, place)),
  );
  const faults = sortFaults([...open.map((use) => unresolvedFault(document, use, variables)), ...wrong]);
  return { value: expanded.value, manifest: faults.length > 0 ? undefined : checked.manifest, faults };
}

function samePlace(
  document: Document,
  use: Unresolved,
  place: { line: number; column: number } | undefined,
): boolean {
  const { line, column } = document.place(use.path);
  return place?.line === line && place.column === column;
}
