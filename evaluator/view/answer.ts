// The answer to a view's question, as a lock keeps it.
// Knows its form; does not know how it is found, nor what reports make of it.

import * as z from "zod/mini";
import type { Members } from "../resolution.ts";
import type { Failure } from "./result.ts";

/** Packages stand by their keys, `NAME_VERSION_ARCHITECTURE`, or `local NAME` for those of no repository; sorted. */
export interface LockedView {
  readonly question: string;
  readonly distro: string;
  /** Of the newest index, in seconds since 1970. */
  readonly date: number;
  /** The environment alone. */
  readonly base: readonly string[];
  /** By name. */
  readonly workloads: Readonly<Record<string, LockedWorkload>>;
  /** Absent where nobody asked for it. */
  readonly buildroot?: LockedBuildroot;
}

export interface LockedWorkload {
  /** What was asked for. */
  readonly required: readonly string[];
  /** What that and the environment need, and the environment. */
  readonly others: readonly string[];
  /** What was asked for by way of groups; a lock of before does not say. */
  readonly groups?: Members;
  /** What was asked for and is not there. */
  readonly missing?: readonly string[];
  readonly failure?: Failure;
}

export interface LockedBuildroot {
  /** Those of level 1 and above, by key. */
  readonly packages: Readonly<Record<string, LockedTool>>;
  /** All sources, those of level 0 too, by name. */
  readonly sources: Readonly<Record<string, LockedSource>>;
  /** What to ask for to have just these packages, in sets that can be installed together. */
  readonly parties: readonly (readonly string[])[];
}

export interface LockedTool {
  readonly level: number;
  /** Sources of packages of the level below that are built with it: the first by name, and how many. */
  readonly builds: readonly string[];
  readonly count: number;
}

export interface LockedSource {
  /** The highest of its level. */
  readonly version: string;
  /** Others that packages come from too: what is said here is said of all of them together. */
  readonly further?: readonly string[];
  readonly level: number;
  /**
   * What its packages of the architecture need to be built, as it stands there; nothing of what manifests make. Absent
   * where none of them is wanted.
   */
  readonly requirements?: readonly string[];
  /** What its packages of all architectures need beside that. Absent where none is wanted, or another builds them. */
  readonly independent?: readonly string[];
  readonly failure?: Failure;
}

const keys = z.array(z.string());
const failure = z.object({ explanation: z.array(z.string()), hint: z.exactOptional(z.string()) });

export const lockedViewShape = z.object({
  question: z.string(),
  distro: z.string(),
  date: z.number(),
  base: keys,
  workloads: z.record(
    z.string(),
    z.object({
      required: keys,
      others: keys,
      groups: z.exactOptional(z.record(z.string(), keys)),
      missing: z.exactOptional(keys),
      failure: z.exactOptional(failure),
    }),
  ),
  buildroot: z.exactOptional(
    z.object({
      packages: z.record(
        z.string(),
        z.object({ level: z.number(), builds: z.array(z.string()), count: z.number() }),
      ),
      sources: z.record(
        z.string(),
        z.object({
          version: z.string(),
          further: z.exactOptional(keys),
          level: z.number(),
          requirements: z.exactOptional(keys),
          independent: z.exactOptional(keys),
          failure: z.exactOptional(failure),
        }),
      ),
      parties: z.array(keys),
    }),
  ),
});

/** Every key that an answer names. */
export function keysIn({
  base,
  workloads,
  buildroot,
}: Pick<LockedView, "base" | "workloads" | "buildroot">): Set<string> {
  const named = Object.values(workloads).flatMap(({ required, others }) => [...required, ...others]);
  return new Set([...base, ...named, ...Object.keys(buildroot?.packages ?? {})]);
}

/** The same with all mappings sorted, so that the same answer is the same bytes. */
export function sortedView({ workloads, buildroot, ...rest }: LockedView): LockedView {
  const same = <T>(value: T): T => value;
  return {
    ...rest,
    workloads: byKey(workloads, same),
    ...(buildroot && {
      buildroot: {
        ...buildroot,
        packages: byKey(buildroot.packages, same),
        sources: byKey(buildroot.sources, same),
      },
    }),
  };
}

export function byKey<T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Record<string, T> {
  return Object.fromEntries(
    Object.entries(record)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, change(value)]),
  );
}
