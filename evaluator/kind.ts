// Kinds: what the evaluator is told about one kind of manifest.
// Knows the questions it asks of a manifest; does not know any kind, nor what is built from one.

import type * as z from "zod";

/** Where a value stands in a document: keys of mappings and indexes of lists, from the root. */
export type Path = readonly (string | number)[];

/** Another manifest that a manifest names. */
export interface Reference {
  readonly path: Path;
  /** As it is written: a path that starts with `./` or `../`, or the name of one that ships (`debian/trixie`). */
  readonly to: string;
  /** The name of the kind that is expected there. */
  readonly kind: string;
  /** It may be a folder, which stands for all manifests of that kind in it and below. */
  readonly folder?: true;
}

/** A file or a folder that a manifest names and that is no manifest. */
export interface LocalFile {
  readonly path: Path;
  /** As it is written, relative to the folder of the manifest. */
  readonly file: string;
}

/**
 * One kind of manifest. The schema is of strict objects without transforms; where it words a fault itself, the
 * text's first line says what is wrong of the value (`is not a package name`) and the rest what would be right.
 */
export interface Kind<M> {
  /** What stands after `kind:`; those that ship lie in `manifests/<name>s/`. */
  readonly name: string;
  readonly schema: z.ZodType<M>;
  /** Also asked of manifests that failed their check: it takes nothing for granted ({@link referencesIn}). */
  references(manifest: M): Reference[];
  readonly locals: readonly Pattern[];
  /** What to do where manifests of this kind refer to each other in a circle, beside leaving a reference out. */
  readonly circleHint?: string;
}

/**
 * Where local files stand in a manifest: keys from its root on, `*` for every member of a list or a mapping. `unless`: not
 * beside this key. `paths`: names may stand there too, and only what is written as a path is one.
 */
export type Pattern = Steps | { readonly steps: Steps; readonly unless?: string; readonly paths?: true };
type Steps = readonly string[];

/** The local files a manifest, checked or not, names. */
export function localsIn(manifest: unknown, patterns: readonly Pattern[]): LocalFile[] {
  return patterns.flatMap((pattern) => {
    const { steps, unless, paths } = "steps" in pattern ? pattern : { steps: pattern };
    const isMeant = (file: string) => !paths || /^\.\.?\//.test(file);
    return membersAt(manifest, steps, unless).flatMap(([path, file]) =>
      typeof file === "string" && isMeant(file) ? [{ path, file }] : [],
    );
  });
}

function membersAt(
  value: unknown,
  [step, ...rest]: Steps,
  unless: string | undefined,
  path: Path = [],
): [Path, unknown][] {
  if (step === undefined) return [[path, value]];
  if (typeof value !== "object" || value === null) return [];
  if (rest.length === 0 && unless !== undefined && unless in value) return [];
  const members = Array.isArray(value)
    ? value.map((member, index): [string | number, unknown] => [index, member])
    : Object.entries(value);
  return members
    .filter(([key]) => step === "*" || step === key)
    .flatMap(([key, member]) => membersAt(member, rest, unless, [...path, key]));
}

/** The references that one key of a manifest, checked or not, holds: alone or in a list, those that `counts` lets through. */
export function referencesIn(
  manifest: unknown,
  key: string,
  kind: string,
  counts: (written: string) => boolean = () => true,
): Reference[] {
  const value: unknown = (manifest as Readonly<Record<string, unknown>>)[key];
  const written: [unknown, Path][] = Array.isArray(value)
    ? value.map((to, index) => [to, [key, index]])
    : [[value, [key]]];
  return written.flatMap(([to, path]) => (typeof to === "string" && counts(to) ? [{ path, to, kind }] : []));
}
