// What changed from one lock to the next, package by package.
// Pure. Knows locks and versions; does not know manifests, nor how anything is told.

import { shortestChains } from "../chain.ts";
import { compareVersions } from "../deb/version.ts";
import { answeredPackages, type Lock } from "../lock.ts";
import { questionFrame } from "../question.ts";

/** What a package is there for: a root that somebody gets, or the tools that builds are done with. */
export type Role = "root" | "tools";

export interface LockedPackage {
  readonly distro: string;
  readonly name: string;
  readonly architecture: string;
  readonly version: string;
  /** A package of both is one of a root. */
  readonly role: Role;
  /** Bytes that it takes where it is installed, as it says itself; 0 where it does not. */
  readonly installed: number;
}

/** A package with the versions pinned before and after; two of one name may stand side by side. */
export interface PackageChange extends Pick<LockedPackage, "distro" | "name" | "architecture" | "role"> {
  readonly verb: "added" | "removed" | "upgraded" | "downgraded" | "changed";
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Bytes installed, more or less than before. */
  readonly growth: number;
}

/** Every package whose versions differ, sorted by distro, name and architecture. */
export function packageChanges(before: Lock | undefined, after: Lock | undefined): PackageChange[] {
  const [old, young] = [grouped(packagesIn(before)), grouped(packagesIn(after))];
  const keys = [...new Set([...old.keys(), ...young.keys()])].sort();
  return keys.flatMap((key) => {
    const [was, is] = [old.get(key) ?? [], young.get(key) ?? []];
    const [first] = [...is, ...was];
    const versions = (list: readonly LockedPackage[]) =>
      list.map(({ version }) => version).sort(compareVersions);
    const change = { before: versions(was), after: versions(is) };
    if (first === undefined || change.before.join(" ") === change.after.join(" ")) return [];
    const { distro, name, architecture } = first;
    const role = [...is, ...was].some((item) => item.role === "root") ? "root" : "tools";
    const growth = installedBytes(is) - installedBytes(was);
    return [{ distro, name, architecture, role, verb: verbOf(change), ...change, growth }];
  });
}

export function packagesIn(lock: Lock | undefined): LockedPackage[] {
  const roots = new Set(
    Object.values(lock?.answers ?? {}).flatMap(({ question, distro, packages }) =>
      questionFrame(question).base.length > 0 ? Object.keys(packages).map((key) => `${distro} ${key}`) : [],
    ),
  );
  return Object.entries(lock?.distros ?? {}).flatMap(([distro, { packages }]) =>
    Object.entries(packages).map(([key, { stanza }]) => ({
      distro,
      name: stanza["Package"] ?? "",
      architecture: stanza["Architecture"] ?? "",
      version: stanza["Version"] ?? "",
      role: roots.has(`${distro} ${key}`) ? "root" : "tools",
      installed: 1024 * (Number(stanza["Installed-Size"] ?? 0) || 0),
    })),
  );
}

export function installedBytes(packages: readonly LockedPackage[]): number {
  return packages.reduce((sum, { installed }) => sum + installed, 0);
}

/** Who wants a package that a lock has: `nginx -> libssl3 (>= 3.0)`; the shortest way, from what was asked for. */
export function wayTo(lock: Lock, { distro, name, architecture }: PackageChange): string | undefined {
  for (const answer of Object.values(lock.answers)) {
    if (answer.distro !== distro) continue;
    const native = questionFrame(answer.question).architecture;
    const wanted = architecture === native || architecture === "all" ? name : `${name}:${architecture}`;
    const packages = answeredPackages(lock, answer, (local) => ({ Package: local, Architecture: native }));
    const [chain] = shortestChains(packages, native, wanted, 1).chains;
    if (chain !== undefined) return chain.links.map(({ relation }) => relation).join(" -> ");
  }
  return undefined;
}

function grouped(packages: readonly LockedPackage[]): Map<string, LockedPackage[]> {
  return Map.groupBy(packages, ({ distro, name, architecture }) => `${distro} ${name} ${architecture}`);
}

function verbOf({ before, after }: Pick<PackageChange, "before" | "after">): PackageChange["verb"] {
  const [old, young] = [before.at(-1), after.at(-1)];
  if (old === undefined) return "added";
  if (young === undefined) return "removed";
  const order = compareVersions(old, young);
  return order === 0 ? "changed" : order < 0 ? "upgraded" : "downgraded";
}
