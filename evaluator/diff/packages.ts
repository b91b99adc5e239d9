// What changed from one set of packages to the next: those a lock pins, or those that are installed in a root.
// Pure. Knows locks, dpkg's status and versions; does not know manifests, nor how anything is told.

import { nameIn, openChains } from "../chain.ts";
import { parseStanzas, type Stanza } from "../deb/stanza.ts";
import { compareVersions as compareDebs } from "../deb/version.ts";
import type { Answered } from "../evaluate.ts";
import { answeredPackages, type Lock } from "../lock.ts";
import { isRoot, questionFrame } from "../question.ts";
import { compareVersions as compareRpms } from "../rpm/version.ts";
import { keysIn } from "../view/answer.ts";

/**
 * What a package is there for: a root that somebody gets, a view, to be built from (a source package), or the tools that
 * builds are done with.
 */
export type Role = "root" | "view" | "source" | "tools";

export interface PresentPackage {
  /** Empty where that is not known: a root does not say. */
  readonly distro: string;
  readonly name: string;
  readonly architecture: string;
  readonly version: string;
  /** How its versions sort. */
  readonly format: "deb" | "rpm";
  /** SHA-256 of its file; empty where that is not known. */
  readonly file: string;
  /** Of several the first of these. */
  readonly role: Role;
  /** Bytes that it takes where it is installed, as it says itself; 0 where it does not. */
  readonly installed: number;
}

/** A package with the versions pinned before and after; two of one name may stand side by side. */
export interface PackageChange extends Pick<PresentPackage, "distro" | "name" | "architecture" | "role"> {
  readonly verb: "added" | "removed" | "upgraded" | "downgraded" | "changed";
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** Bytes installed, more or less than before. */
  readonly growth: number;
}

/** Every package whose versions, or files of the same version, differ, sorted by distro, name and architecture. */
export function packageChanges(
  before: readonly PresentPackage[],
  after: readonly PresentPackage[],
): PackageChange[] {
  const [old, young] = [grouped(before), grouped(after)];
  const keys = [...new Set([...old.keys(), ...young.keys()])].sort();
  return keys.flatMap((key) => {
    const [was, is] = [old.get(key) ?? [], young.get(key) ?? []];
    const [first] = [...is, ...was];
    const compare = [...is, ...was].some(({ format }) => format === "rpm") ? compareRpms : compareDebs;
    const versions = (list: readonly PresentPackage[]) => list.map(({ version }) => version).sort(compare);
    const change = { before: versions(was), after: versions(is) };
    const isOther = filesOf(was) !== filesOf(is);
    if (first === undefined || (change.before.join(" ") === change.after.join(" ") && !isOther)) return [];
    const { distro, name, architecture } = first;
    const roles = [...is, ...was].map((item) => item.role);
    const role = (["root", "view", "source"] as const).find((each) => roles.includes(each)) ?? "tools";
    const growth = installedBytes(is) - installedBytes(was);
    return [{ distro, name, architecture, role, verb: verbOf(change, compare), ...change, growth }];
  });
}

/** Those that dpkg's status file has as installed, in every version of it. @throws {Fault} `digest/malformed-stanza` */
export function installedPackages(status: string): PresentPackage[] {
  return parseStanzas(status).flatMap((stanza) =>
    / (?:installed|triggers-\w+)$/.test(stanza["Status"] ?? "") ? [presentPackage(stanza, "", "root")] : [],
  );
}

/** Those of a plan's closures, with the ones that kit builds, which no lock has. */
export function chosenPackages(answered: readonly Answered[]): PresentPackage[] {
  const found = new Map<string, PresentPackage>();
  for (const { question, closure } of answered) {
    const role = isRoot(question) ? "root" : "tools";
    for (const { stanza } of closure.packages) {
      const item = presentPackage(stanza, question.source.distro, role);
      const key = [item.distro, item.name, item.architecture, item.version].join(" ");
      if (role === "root" || !found.has(key)) found.set(key, item);
    }
  }
  return [...found.values()];
}

/** Those that are pinned. */
export function packagesIn(lock: Lock | undefined): PresentPackage[] {
  const named = (role: Role, all: readonly (readonly [distro: string, keys: Iterable<string>])[]) =>
    all.flatMap(([distro, keys]) => [...keys].map((key) => [`${distro} ${key}`, role] as const));
  const views = Object.values(lock?.views ?? {}).map((view) => [view.distro, keysIn(view)] as const);
  const answers = Object.values(lock?.answers ?? {}).filter(({ question }) => questionFrame(question).isRoot);
  const roots = answers.map(({ distro, packages }) => [distro, Object.keys(packages)] as const);
  const roles = new Map([...named("view", views), ...named("root", roots)]);
  const packages = Object.entries(lock?.distros ?? {}).flatMap(([distro, { packages }]) =>
    Object.entries(packages).map(([key, { stanza }]) =>
      presentPackage(stanza, distro, roles.get(`${distro} ${key}`) ?? "tools"),
    ),
  );
  return [...packages, ...sourcesIn(lock)];
}

/** Source packages that are pinned; what each is stands in the list of its files. */
export function sourcesIn(lock: Lock | undefined): PresentPackage[] {
  return Object.values(lock?.sources ?? {}).map(({ stanza, distro }) => ({
    ...presentPackage(stanza, distro, "source"),
    architecture: "source",
    file: stanza["Checksums-Sha256"] ?? "",
  }));
}

export function presentPackage(stanza: Stanza, distro: string, role: Role): PresentPackage {
  return {
    distro,
    role,
    name: stanza["Package"] ?? "",
    architecture: stanza["Architecture"] ?? "",
    format: stanza["Filename"]?.endsWith(".rpm") ? "rpm" : "deb",
    version: stanza["Version"] ?? "",
    file: stanza["SHA256"] ?? "",
    installed: 1024 * (Number(stanza["Installed-Size"] ?? 0) || 0),
  };
}

export function installedBytes(packages: readonly PresentPackage[]): number {
  return packages.reduce((sum, { installed }) => sum + installed, 0);
}

/** Who wants packages that a lock has: `nginx -> libssl3 (>= 3.0)`; the shortest way, from what was asked for. */
export function openWays(lock: Lock): (change: PackageChange) => string | undefined {
  const closures = Object.values(lock.answers).map((answer) => {
    const [native = ""] = questionFrame(answer.question).architectures;
    const packages = answeredPackages(lock, answer, (local) => ({ Package: local, Architecture: native }));
    return { distro: answer.distro, native, find: openChains(packages, native) };
  });
  return (change) => {
    for (const { distro, native, find } of closures) {
      if (distro !== change.distro) continue;
      const [chain] = find(nameIn(change, native), 1).chains;
      if (chain !== undefined) return chain.links.map(({ relation }) => relation).join(" -> ");
    }
    return undefined;
  };
}

function grouped(packages: readonly PresentPackage[]): Map<string, PresentPackage[]> {
  return Map.groupBy(packages, ({ distro, name, architecture }) => `${distro} ${name} ${architecture}`);
}

/** What is built here has no file before it is built. */
function filesOf(list: readonly PresentPackage[]): string {
  return list
    .map(({ version, file }) => `${version} ${file}`)
    .sort()
    .join(", ");
}

function verbOf(
  { before, after }: Pick<PackageChange, "before" | "after">,
  compare: (a: string, b: string) => number,
): PackageChange["verb"] {
  const [old, young] = [before.at(-1), after.at(-1)];
  if (old === undefined) return "added";
  if (young === undefined) return "removed";
  const order = compare(old, young);
  return order === 0 ? "changed" : order < 0 ? "upgraded" : "downgraded";
}
