// Preferences: which of several packages that would do is taken.
// Knows libsolv's policy (policy.c); does not know rules, nor what must hold.

import { isCalledFor, isHeld, type Taken } from "./fulfilment.ts";
import { isNamedBy, type Package } from "./package.ts";
import type { Simple } from "./relation.ts";
import type { Universe } from "./universe.ts";
import { compareEvr, compareParts, type Evr, parseEvr } from "./version.ts";

/**
 * Leaves of several packages those nothing speaks against (`policy_filter_unwanted`): of the best repository priority,
 * of the best architecture, of each name the best version, no one that another obsoletes. What is left is sorted by name.
 */
export function bestOf(universe: Universe, packages: readonly Package[]): Package[] {
  const best = [ofBestPriority, ofBestArchitecture, ofBestVersion].reduce<readonly Package[]>(
    (left, step) => (left.length > 1 ? step(universe, left) : left),
    packages,
  );
  return [...best];
}

/** The same, but first what costs nothing; and of these what something taken recommends, or what supplements it, if there is such a one. */
export function wantedOf(universe: Universe, taken: Taken, packages: readonly Package[]): Package[] {
  const free = packages.find((pkg) => isHeld(universe, taken.value, pkg));
  if (free !== undefined) return [free];
  const best = bestOf(universe, packages);
  if (best.length < 2) return best;
  const favoured = best.filter((pkg) => isRecommended(universe, taken, pkg));
  return favoured.length > 0 ? favoured : best;
}

export function isRecommended(universe: Universe, taken: Taken, pkg: Package): boolean {
  return taken.isWanted("recommends", pkg) || isCalledFor(universe, taken, pkg.supplements);
}

/**
 * Sorts what is left, the best first: what there is a newer version of goes behind, then who provides older versions of
 * what others provide too, then who is neither suggested nor enhances.
 */
export function inPreference(universe: Universe, taken: Taken, packages: readonly Package[]): Package[] {
  if (packages.length < 2) return [...packages];
  const current = partedBy(packages, (pkg) => !isOutdated(universe, pkg));
  return partedBy(
    sortedByProvides(current),
    (pkg) => taken.isWanted("suggests", pkg) || isCalledFor(universe, taken, pkg.enhances),
  );
}

/** Over all names at once: a better repository rules out everything a worse one offers. */
function ofBestPriority(_: Universe, packages: readonly Package[]): readonly Package[] {
  const best = packages.reduce((least, { priority }) => Math.min(least, priority), Number.POSITIVE_INFINITY);
  return packages.filter(({ priority }) => priority === best);
}

/** `noarch` stands beside every architecture. */
function ofBestArchitecture({ architectures }: Universe, packages: readonly Package[]): readonly Package[] {
  const ranks = packages.map(({ architecture }) => architectures.rank(architecture));
  const best = Math.min(...ranks.map((rank) => rank ?? Number.POSITIVE_INFINITY));
  return packages.filter((_, i) => ranks[i] === undefined || ranks[i] === best);
}

function ofBestVersion(universe: Universe, packages: readonly Package[]): readonly Package[] {
  const best = new Map<string, Package>();
  for (const pkg of packages.toSorted(universe.compare)) {
    const known = best.get(pkg.name);
    if (known === undefined || compareEvr(known.evr, pkg.evr) < 0) best.set(pkg.name, pkg);
  }
  const byName = [...best.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return byName.length > 1 ? notObsoleted(byName) : byName;
}

/**
 * Leaves out who is obsoleted by another, but not where they obsolete each other in a circle (`prune_obsoleted`, which
 * walks the packages in order and keeps the circle the walk began in).
 */
function notObsoleted(packages: readonly Package[]): readonly Package[] {
  // One in a thousand obsoletes anything, and glibc's 190 language packs are all alternatives of each other.
  if (packages.every(({ obsoletes }) => obsoletes.length === 0)) return packages;
  const obsoleted = packages.map((pkg) =>
    packages.flatMap((other, i) =>
      other.name !== pkg.name && pkg.obsoletes.some(({ relation }) => isNamedBy(other, relation)) ? [i] : [],
    ),
  );
  if (obsoleted.every((list) => list.length === 0)) return packages;
  const reaches = obsoleted.map((_, start) => {
    const seen = new Set(obsoleted[start]);
    for (const i of seen) for (const next of obsoleted[i] ?? []) seen.add(next);
    return seen;
  });
  // Kept is who is reached only by those he reaches in turn.
  return packages.filter((_, i) => reaches.every((seen, from) => !seen.has(i) || reaches[i]?.has(from)));
}

/** Whether there is a newer version of it, or one in a better repository (`dislike_old_versions`). */
function isOutdated(universe: Universe, pkg: Package): boolean {
  return universe.named(pkg.name).some((other) => {
    if (other === pkg || other.architecture !== pkg.architecture) return false;
    if (other.priority !== pkg.priority) return other.priority < pkg.priority;
    return compareEvr(other.evr, pkg.evr) > 0;
  });
}

/** Of packages that provide the same capability in different versions the older ones go behind (`sort_by_common_dep`). */
function sortedByProvides(packages: readonly Package[]): Package[] {
  const capabilities = Map.groupBy(
    packages.flatMap((pkg) =>
      pkg.provides.flatMap((provided) => (isComparable(provided) ? [{ pkg, ...placeOf(provided) }] : [])),
    ),
    ({ name }) => name,
  );
  const badness = new Map(packages.map((pkg) => [pkg, 0]));
  for (const places of capabilities.values()) {
    places.sort(comparePlaces);
    let bad = 0;
    places.forEach((place, i) => {
      const before = places[i - 1];
      if (before !== undefined && before.pkg !== place.pkg && comparePlaces(before, place) === -1) bad++;
      badness.set(place.pkg, (badness.get(place.pkg) ?? 0) + bad);
    });
  }
  return packages.toSorted((a, b) => (badness.get(a) ?? 0) - (badness.get(b) ?? 0));
}

interface Place {
  readonly name: string;
  readonly evr: Evr;
  /** It provides what is before that version. */
  readonly isBelow: boolean;
}

/** Provided in one version, or up to one; checksums in place of versions say nothing. */
function isComparable({ operator, version = "" }: Simple): boolean {
  if (operator === "=") return !/^[0-9a-f]{4,}$/.test(version);
  return operator === "<" || operator === "<=";
}

function placeOf({ name, operator, version = "" }: Simple): Place {
  return { name, evr: parseEvr(version), isBelow: operator === "<" };
}

/** -1 where `a` is the newer; ±2 where only one has a release, which counts as no difference but has its place. */
function comparePlaces(a: Place, b: Place): number {
  const [left, right] = [a.evr, b.evr];
  const order = Math.sign(
    compareParts(right.epoch || "0", left.epoch || "0") || compareParts(right.version, left.version),
  );
  if (order !== 0) return order;
  if (!left.release !== !right.release) return right.release ? 2 : -2;
  const releases = Math.sign(compareParts(right.release ?? "", left.release ?? ""));
  return releases || Number(a.isBelow) - Number(b.isBelow);
}

/** Those with the property first, otherwise in the order they were. */
function partedBy(packages: readonly Package[], isBetter: (pkg: Package) => boolean): Package[] {
  return [...packages.filter(isBetter), ...packages.filter((pkg) => !isBetter(pkg))];
}
