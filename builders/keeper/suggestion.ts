// Who has what a build did not find, and where to name it.
// Pure. Knows which place of a file is the usual one; does not know stores or archives.

import type { Missing } from "./missing.ts";

/** A package, and the paths of what it installs. */
export interface Holder {
  /** As a manifest would name it: a package of kit's own, or of the distribution. */
  readonly name: string;
  readonly isLocal: boolean;
  /** Without a slash before them. */
  readonly paths: Iterable<string>;
}

/** What is missing, and who has it; the one to try first is first. */
export interface Found {
  readonly missing: Missing;
  readonly holders: readonly Pick<Holder, "name" | "isLocal">[];
  /** Kit itself builds the first, or it has it where compilers and linkers look. */
  readonly isSure: boolean;
}

/**
 * What of it somebody has. Kit's own packages come first, then who has it where compilers and linkers look, and those
 * for development before others; of others than kit's own only those count that have it as near as the nearest.
 */
export function foundAmong(missing: readonly Missing[], holders: Iterable<Holder>): Found[] {
  const owners = missing.map(() => new Map<string, Owner>());
  for (const { name, isLocal, paths } of holders)
    for (const path of paths)
      for (const [index, { ends }] of missing.entries()) {
        const distance = distanceOf(path, ends);
        const known = owners[index]?.get(name)?.distance ?? Number.POSITIVE_INFINITY;
        if (distance < known) owners[index]?.set(name, { name, isLocal, distance });
      }
  return missing.flatMap((one, index) => {
    const nearest = nearestOf([...(owners[index]?.values() ?? [])]);
    const [first] = nearest;
    if (first === undefined) return [];
    const isSure = first.isLocal || first.distance < 1;
    return [{ missing: one, holders: nearest.slice(0, mostHolders), isSure }];
  });
}

const mostHolders = 3;

interface Owner extends Pick<Holder, "name" | "isLocal"> {
  readonly distance: number;
}

function nearestOf(owners: readonly Owner[]): Owner[] {
  const least = Math.min(...owners.flatMap(({ isLocal, distance }) => (isLocal ? [] : [distance])));
  return owners
    .filter(({ isLocal, distance }) => isLocal || distance === least)
    .sort(
      (a, b) =>
        Number(b.isLocal) - Number(a.isLocal) ||
        a.distance - b.distance ||
        Number(isForDevelopment(b)) - Number(isForDevelopment(a)) ||
        (a.name < b.name ? -1 : 1),
    );
}

function isForDevelopment({ name }: Owner): boolean {
  return /-dev(?:el)?$/.test(name);
}

/** How far from the usual place of such a file one lies: infinitely where it is another one. */
function distanceOf(path: string, ends: readonly string[]): number {
  const full = `/${path}`;
  const index = ends.findIndex((end) => full.endsWith(end));
  if (index < 0) return Number.POSITIVE_INFINITY;
  const folder = full.slice(0, full.length - (ends[index]?.length ?? 0));
  // Which of several ends it is decides among equals alone.
  return (usual.test(folder) ? 0 : folder.split("/").length) + index / 100;
}

/** Where compilers, linkers, pkg-config, cmake and interpreters look by themselves. */
const usual =
  /^(?:\/usr)?(?:\/local)?(?:\/include(?:\/[a-z0-9_]+-linux-\w+)?|(?:\/(?:lib(?:64)?|share)(?:\/[a-z0-9_]+-linux-\w+)?)(?:\/cmake\/[^/]+|\/python3(?:\.\d+)?|\/perl5?(?:\/[\d.]+)?)?)?$/;

/** What of it nobody has for sure. */
export function unsure(missing: readonly Missing[], found: readonly Found[]): Missing[] {
  return missing.filter((one) => !found.some((other) => other.isSure && other.missing === one));
}

/** Where a package is named, by the builder that did not find what it has. */
const keys: Readonly<Record<string, (names: string) => string>> = {
  "deb-source": (names) => `Build-Depends in debian/control, or buildDependencies: [${names}]`,
  rpm: (names) => `BuildRequires in the spec, or buildDependencies: [${names}]`,
  customize: (names) => `the image's packages: [${names}]`,
};

/** A line for each, in words that leave open whether it is so. */
export function suggestions(found: readonly Found[], builder: string): string[] {
  return found.map(({ missing, holders }) => {
    const names = holders.map(({ name }) => name).join(", ");
    const [first] = holders;
    const key = first?.isLocal
      ? "its manifest in dependencies or buildDependencies"
      : (keys[builder]?.(first?.name ?? "") ?? `buildDependencies: [${first?.name}]`);
    return `${beginning(missing)}${names}: try ${key}`;
  });
}

function beginning({ what }: Missing): string {
  return `kit: ${what} is in `;
}

/** Lines of a failure with these after them, which take the place of earlier ones on the same. */
export function withSuggestions(
  lines: readonly string[],
  found: readonly Found[],
  builder: string,
): string[] {
  const isTold = (line: string) => found.some(({ missing }) => line.startsWith(beginning(missing)));
  return [...lines.filter((line) => !isTold(line)), ...suggestions(found, builder)];
}
