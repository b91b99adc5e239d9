// Closures: sets of versions that stand on their own.
// Knows when a set is sound, what in it is needed, and why; does not know how it was found.

import { allReachedBy, holdsAmong } from "./demand.ts";
import { type Demand, isNegative, type Version } from "./package.ts";
import type { Request } from "./request.ts";
import type { Universe } from "./universe.ts";

/** Why a package is there. `by` is the package that wants it (`name:arch` for a foreign one). */
export interface Reason {
  readonly by: string;
  /** As written in the manifest, or in the field: `libc6 (>= 2.38)`. */
  readonly relation: string;
}

/** A request with the version that answers it. */
export interface Answer {
  readonly request: Request;
  readonly version: Version;
}

/** Whether every version's dependencies are met in the set and none clashes with another. */
export function isSound(universe: Universe, chosen: ReadonlySet<Version>): boolean {
  const packages = new Set([...chosen].map((version) => version.package));
  return (
    packages.size === chosen.size &&
    [...chosen].every((version) =>
      version.demands.every(
        (demand) =>
          demand.kind === "Recommends" || holdsAmong(universe, version, demand, (other) => chosen.has(other)),
      ),
    )
  );
}

/**
 * What of a sound set the roots reach through their dependencies (and recommendations, if those count).
 *
 * @param every keep all that meet a dependency, as apt's autoremover does; otherwise one of them, which makes the
 * set minimal as far as one pass can
 */
export function sweep(
  universe: Universe,
  chosen: ReadonlySet<Version>,
  roots: Iterable<Version>,
  options: { readonly recommends: boolean; readonly every: boolean },
): Set<Version> {
  const kept = new Set(roots);
  for (const version of kept) {
    for (const demand of version.demands) {
      if (!isPull(demand, options.recommends)) continue;
      const there = allReachedBy(universe, version, demand).filter((other) => chosen.has(other));
      if (options.every) for (const other of there) kept.add(other);
      else if (there[0] !== undefined && !there.some((other) => kept.has(other))) kept.add(there[0]);
    }
  }
  return kept;
}

/** For each version of a swept closure at least one reason, requests first, then by name. */
export function reasonsIn(
  universe: Universe,
  chosen: ReadonlySet<Version>,
  answers: readonly Answer[],
  recommends: boolean,
): Map<Version, Reason[]> {
  const reasons = new Map<Version, Reason[]>([...chosen].map((version) => [version, []]));
  for (const { request, version } of answers) {
    reasons.get(version)?.push({ by: request.by, relation: request.text });
  }
  for (const version of [...chosen].sort(compareVersionNames)) {
    for (const demand of version.demands) {
      if (!isPull(demand, recommends)) continue;
      for (const other of allReachedBy(universe, version, demand)) {
        const known = reasons.get(other);
        const reason = { by: nameOf(universe, version), relation: demand.text };
        const repeated = known?.some(({ by, relation }) => by === reason.by && relation === reason.relation);
        if (other !== version && !repeated) known?.push(reason);
      }
    }
  }
  return reasons;
}

/** `name`, or `name:arch` where the architecture is not the native one. */
export function nameOf(universe: Universe, version: Version): string {
  const { name, architecture } = version.package;
  return architecture === universe.architectures[0] ? name : `${name}:${architecture}`;
}

export function compareVersionNames(a: Version, b: Version): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  const [x, y] = [a.package.architecture, b.package.architecture];
  return x < y ? -1 : x > y ? 1 : 0;
}

function isPull(demand: Demand, recommends: boolean): boolean {
  return !isNegative(demand) && (recommends || demand.kind !== "Recommends");
}
