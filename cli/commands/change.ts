// What changed from one lock to the next, package by package.
// Pure. Knows locks and versions; does not know why anything changed.

import { compareVersions } from "../../evaluator/deb/version.ts";
import type { Lock } from "../../evaluator/lock.ts";

export interface LockedPackage {
  readonly distro: string;
  readonly name: string;
  readonly architecture: string;
  readonly version: string;
}

/** A package with the versions pinned before and after; two of one name may stand side by side. */
export interface Change extends Omit<LockedPackage, "version"> {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** Every package whose versions differ, sorted by distro, name and architecture. */
export function changesOf(before: Lock | undefined, after: Lock): Change[] {
  const [old, young] = [grouped(packagesIn(before)), grouped(packagesIn(after))];
  const keys = [...new Set([...old.keys(), ...young.keys()])].sort();
  return keys.flatMap((key) => {
    const [first] = [...(young.get(key) ?? []), ...(old.get(key) ?? [])];
    const versions = (list: readonly LockedPackage[] = []) =>
      list.map(({ version }) => version).sort(compareVersions);
    const change = { before: versions(old.get(key)), after: versions(young.get(key)) };
    if (first === undefined || change.before.join(" ") === change.after.join(" ")) return [];
    return [{ distro: first.distro, name: first.name, architecture: first.architecture, ...change }];
  });
}

/** `added NAME VERSION`, `removed NAME VERSION`, `upgraded NAME OLD to NEW`, `downgraded …`; the distro where there are several. */
export function changeLines(changes: readonly Change[]): string[] {
  const several = new Set(changes.map(({ distro }) => distro)).size > 1;
  const architectures = new Set(
    changes.map(({ architecture }) => architecture).filter((name) => name !== "all"),
  );
  return changes.map((change) => {
    const { name, architecture, distro } = change;
    const title = architectures.size > 1 ? `${name}:${architecture}` : name;
    return `${verbOf(change)} ${title} ${versionsText(change)}${several ? ` (${distro})` : ""}`;
  });
}

export function packagesIn(lock: Lock | undefined): LockedPackage[] {
  return Object.entries(lock?.distros ?? {}).flatMap(([distro, { packages }]) =>
    Object.values(packages).map(({ stanza }) => ({
      distro,
      name: stanza["Package"] ?? "",
      architecture: stanza["Architecture"] ?? "",
      version: stanza["Version"] ?? "",
    })),
  );
}

function grouped(packages: readonly LockedPackage[]): Map<string, LockedPackage[]> {
  return Map.groupBy(packages, ({ distro, name, architecture }) => `${distro} ${name} ${architecture}`);
}

function verbOf({ before, after }: Change): string {
  const [old, young] = [before.at(-1), after.at(-1)];
  if (old === undefined) return "added";
  if (young === undefined) return "removed";
  const order = compareVersions(old, young);
  return order === 0 ? "changed" : order < 0 ? "upgraded" : "downgraded";
}

function versionsText({ before, after }: Change): string {
  return [before.join(" and "), after.join(" and ")].filter((text) => text !== "").join(" to ");
}
