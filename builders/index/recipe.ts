// How a package list's compact form is planned.
// Pure: makes derivations; does not read lists.

import * as z from "zod/mini";
import { type Derivation, derivation, type Input } from "../../store/model/derivation.ts";
import { type Compression, compressions } from "../archive/stream.ts";

/** Raise it when the same list gives other bytes. */
export const indexVersions = { index: "10" } as const;

/**
 * `deb`: a Packages file; `deb-sources`: a Sources file; `rpm`: a primary.xml, with its modules and groups;
 * `rpm-changes`: an other.xml.
 */
export type ListFormat = (typeof listFormats)[number];

const listFormats = ["deb", "deb-sources", "rpm", "rpm-changes"] as const;

export interface IndexParameters {
  readonly format: ListFormat;
  /** Of the list, and of what belongs to it. */
  readonly compression: Compression;
  readonly modules?: Compression;
  readonly groups?: Compression;
  /** Whose groups; with `groups`. */
  readonly architecture?: string;
  readonly filelists?: Compression;
  /** Of all files those whose owners are wanted, sorted; with `filelists`. */
  readonly paths?: readonly string[];
}

/** The list, and what belongs to it. */
export interface ListParts<T> {
  readonly list: T;
  /** Present where the parameters tell their compression. */
  readonly modules?: T;
  readonly groups?: T;
  readonly filelists?: T;
}

export interface IndexHints {
  /** Bytes of the list uncompressed, where somebody said. */
  readonly plainSize?: number;
}

/** All that has to be known of a list to read it. */
export interface ListForm extends IndexParameters, IndexHints {
  /** By which the list is told. */
  readonly label: string;
}

/** Output `index`, a blob of `kit/index/2` (evaluator/compact.ts). */
export function indexDerivation(
  label: string,
  { list, modules, groups, filelists }: ListParts<Input>,
  parameters: IndexParameters,
  hints: IndexHints,
): Derivation {
  return derivation({
    builder: "index",
    label,
    parameters: { ...parameters },
    inputs: { list, ...(modules && { modules }), ...(groups && { groups }), ...(filelists && { filelists }) },
    outputs: ["index"],
    hints: { ...hints },
  });
}

const compression = z.enum(compressions);
const parametersShape = z.object({
  format: z.enum(listFormats),
  compression,
  modules: z.optional(compression),
  groups: z.optional(compression),
  architecture: z.optional(z.string()),
  filelists: z.optional(compression),
  paths: z.optional(z.array(z.string())),
});
const hintsShape = z.object({ plainSize: z.optional(z.number()) });

export function indexParameters(parameters: unknown): IndexParameters {
  const { modules, groups, architecture, filelists, paths, ...own } = z.parse(parametersShape, parameters);
  return {
    ...own,
    ...(modules && { modules }),
    ...(groups && { groups }),
    ...(architecture && { architecture }),
    ...(filelists && { filelists }),
    ...(paths && { paths }),
  };
}

export function indexHints(hints: unknown): IndexHints {
  const { plainSize } = z.parse(hintsShape, hints);
  return plainSize === undefined ? {} : { plainSize };
}
