// Requests: what a person or a manifest asks to have, as text.
// Knows the forms of apt's command line and of a dependency; does not know how a choice is made.

import { Fault } from "../../store/model/fault.ts";
import type { Asker, Members } from "../resolution.ts";
import { compareText } from "../text.ts";
import { isBaseSet, type Package, type Version } from "./package.ts";
import { parseRelations, type Relation } from "./relation.ts";
import type { Universe } from "./universe.ts";

/** One thing to have, and why. */
export interface Request {
  readonly by: Asker;
  /** As it was written; for a base package its name. */
  readonly text: string;
  readonly relation: Relation;
  /** Whether it is there for others, which depend on it and are told as the reason. */
  readonly brought?: true;
  /** The version that is meant, where it stands outside of every index ({@link Universe.outside}). */
  readonly outside?: Version;
}

/** What a request comes to: a package to install in that version, or why there is none. */
export type Target =
  | { readonly package: Package; readonly version: Version }
  | { readonly missing: "unknown" | "excluded" | "no such version" | "no candidate" }
  | { readonly missing: "several providers"; readonly providers: readonly string[] };

/**
 * `name`, `name:arch`, `name=version`, `name (>= 1)`.
 *
 * @throws {Fault} `unresolved/malformed-request`
 */
export function parseRequest(text: string): Request {
  const exact = /^([^=\s()]+)=([^=\s()]+)$/.exec(text.trim());
  let groups: Relation[][] = [];
  try {
    groups = parseRelations(exact ? `${exact[1]} (= ${exact[2]})` : text);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
  }
  const [relation, ...others] = groups.flat();
  if (relation === undefined || others.length > 0 || relation.architectures || relation.profiles) {
    throw new Fault("unresolved/malformed-request", `not a package request: ${JSON.stringify(text)}`, {
      hint: "write name, name:architecture, name=version or name (>= version)",
    });
  }
  return { by: "request", text: text.trim(), relation };
}

/** What is to be had, as texts. */
export interface Wanted {
  readonly requests: readonly string[];
  readonly base: readonly string[];
  readonly members?: Members;
  readonly brought?: readonly string[];
}

/** Requests, base sets and groups as one list: sorted by name as apt is given them here, one of each. */
export function gatherRequests(
  universe: Universe,
  { requests, base, members = {}, brought = [] }: Wanted,
): Request[] {
  const further = brought.filter((name) => !requests.includes(name));
  const asked = [
    ...requests.map(parseRequest),
    ...further.map((name): Request => ({ ...parseRequest(name), brought: true })),
  ];
  const grouped = Object.entries(members).flatMap(([group, names]) =>
    names.map((name): Request => ({ by: `group ${group}`, text: name, relation: { name } })),
  );
  const based = base.flatMap((set): Request[] => {
    if (!isBaseSet(set)) return [{ ...parseRequest(set), by: "base" }];
    return universe.base(set).map((name): Request => ({ by: "base", text: name, relation: { name } }));
  });
  const seen = new Set<string>();
  return [...asked, ...based, ...grouped]
    .sort((a, b) => compareText(a.text, b.text) || compareText(b.by, a.by))
    .filter(({ by, text }) => !seen.has(`${by} ${text}`) && seen.add(`${by} ${text}`));
}

/** The version apt would take for a request, by its rules for the command line. */
export function targetOf(universe: Universe, { relation, outside }: Request): Target {
  if (outside !== undefined) return { package: outside.package, version: outside };
  const { name, architecture } = relation;
  const real = universe
    .group(name)
    .filter((pkg) => !architecture || pkg.architecture === architectureOf(universe, architecture));
  if (real.length > 0) {
    const fitting = real.filter((pkg) => bestOf(universe, pkg, relation) !== undefined);
    const pkg = fitting[0];
    const version = pkg && bestOf(universe, pkg, relation);
    if (pkg && version) return { package: pkg, version };
  }
  const candidates = universe
    .satisfiers(relation, architectureOf(universe, architecture ?? "native"))
    .filter((version) => version === version.package.candidate && version.name !== name);
  const [only, ...rest] = candidates;
  if (only && rest.length === 0) return { package: only.package, version: only };
  if (only)
    return { missing: "several providers", providers: candidates.map((version) => version.name).sort() };
  if (universe.isExcluded(name)) return { missing: "excluded" };
  if (real.length === 0) return { missing: "unknown" };
  return { missing: relation.operator === undefined ? "no candidate" : "no such version" };
}

/** The candidate where it fits; else the fitting version of the highest priority above zero, then the highest. */
function bestOf(universe: Universe, pkg: Package, relation: Relation): Version | undefined {
  const { operator, version, name } = relation;
  const plain: Relation = { name, ...(operator && version && { operator, version }) };
  const fits = new Set(universe.satisfiers(plain, pkg.architecture));
  if (pkg.candidate && fits.has(pkg.candidate)) return pkg.candidate;
  return pkg.versions
    .filter((item) => fits.has(item) && (item.priority > 0 || operator === "="))
    .reduce<Version | undefined>(
      (best, item) => (best && best.priority >= item.priority ? best : item),
      undefined,
    );
}

/** `libc6:any`, `libc6:native` and `libc6:all` ask for what `libc6` does. */
export function standsForNative(architecture: string): boolean {
  return architecture === "native" || architecture === "any" || architecture === "all";
}

function architectureOf(universe: Universe, architecture: string): string {
  const [native = ""] = universe.architectures;
  return standsForNative(architecture) ? native : architecture;
}
