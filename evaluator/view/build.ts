// Builds: what making some of a source's packages takes, and how several builds of one source are told together.
// Knows sources, their versions and parts; does not know levels, nor when there is nothing new.

import { faultsOf } from "../../store/model/fault.ts";
import type { BuildPart } from "../deb/builddepends.ts";
import { fieldOf, type Stanza } from "../deb/stanza.ts";
import { sourceOf } from "../source.ts";
import type { LockedSource } from "./answer.ts";
import type { Failure } from "./result.ts";
import type { BuildNeeds, Chosen, Member, ViewSupply } from "./supply.ts";

export interface BuildMeans {
  readonly supply: ViewSupply;
  /** What every build root holds. */
  readonly base: readonly string[];
  /** Whether packages of all architectures are built here; else they are taken as built. */
  readonly independent: boolean;
  /** Sources that nobody has made yet, by name. */
  readonly placeholders: ReadonlyMap<string, Stanza>;
  /** What was chosen so far; empty at first. */
  readonly choices: Map<string, Chosen>;
}

/** Some packages of a source in one version. */
export interface Wanted {
  readonly name: string;
  readonly version: string;
  readonly part: BuildPart;
  /** Absent where no list has it; `local` is made by manifests, which no list has and which needs none of it. */
  readonly stanza?: Stanza | "local";
}

/**
 * What has not been looked at before, sorted by name, the highest version first: a level is a set. A source of which
 * another version is known, or other packages, may need something else.
 */
export function newBuilds(
  packages: readonly Member[],
  done: Set<string>,
  { supply, placeholders }: BuildMeans,
): Wanted[] {
  const isNew = (...what: readonly string[]) =>
    !done.has(what.join(" ")) && done.add(what.join(" ")) !== undefined;
  const found = packages.flatMap((item): Wanted[] => {
    const { name, version } = sourceOf(item);
    const local = item.origin === "local" && !placeholders.has(name);
    const part = local ? "arch" : supply.part(item);
    if (!isNew(local ? "local" : part, name, version)) return [];
    if (local) return [{ name, version, part, stanza: "local" }];
    const stanza = placeholders.get(name) ?? supply.source(name, version);
    if (stanza === undefined) return [{ name, version, part }];
    const own = fieldOf(stanza, "Version") ?? version;
    // Where the lists have another version than the package's, that one may have been looked at.
    return own === version || isNew(part, name, own) ? [{ name, version: own, part, stanza }] : [];
  });
  return found.sort(
    (a, b) =>
      compareText(a.name, b.name) ||
      supply.compareVersions(b.version, a.version) ||
      compareText(a.version, b.version) ||
      compareText(a.part, b.part),
  );
}

export type Build = Omit<LockedSource, "level"> & { readonly chosen: ReadonlySet<Member> };

export function buildOf(
  { name, version, part, stanza }: Wanted,
  { supply, base, independent, choices }: BuildMeans,
): Build {
  const nothing = new Set<Member>();
  if (part === "indep" && !independent) return { version, chosen: nothing };
  const needing = (requirements: readonly string[]) =>
    part === "arch" ? { version, requirements } : { version, independent: requirements };
  const failed = (failure: Failure, requirements: readonly string[] = []): Build => ({
    ...needing(requirements),
    chosen: nothing,
    failure,
  });
  if (stanza === "local") return { ...needing([]), chosen: nothing };
  if (stanza === undefined) return failed({ explanation: [`there is no source package ${name}`] });
  let needs: BuildNeeds;
  try {
    needs = supply.build(stanza, part);
  } catch (error) {
    const faults = faultsOf(error);
    if (faults.length === 0) throw error;
    return failed({ explanation: faults.map(({ message }) => message) });
  }
  const { requirements } = needs;
  // Most sources need the same for both parts.
  const same = [name, version, ...requirements].join("\n");
  const chosen = choices.get(same) ?? needs.choose(base);
  choices.set(same, chosen);
  if (chosen.ok) return { ...needing(requirements), chosen: chosen.members };
  const { explanation, hint } = chosen;
  return failed({ explanation, ...(hint !== undefined && { hint }) }, requirements);
}

/** A source's builds are told as one, with the version and the level of the first. */
export function joined(first: LockedSource | undefined, next: LockedSource): LockedSource {
  const { version, level } = first ?? next;
  const both = first === undefined ? [next] : [first, next];
  const further = new Set(both.flatMap((one) => [one.version, ...(one.further ?? [])]));
  further.delete(version);
  const requirements = joinedLists(both.map((one) => one.requirements));
  const independent = joinedLists(both.map((one) => one.independent));
  const failure = joinedFailures(both.flatMap((one) => one.failure ?? []));
  return {
    version,
    ...(further.size > 0 && { further: [...further].sort() }),
    level,
    ...(requirements && { requirements }),
    ...(independent && { independent: independent.filter((text) => !requirements?.includes(text)) }),
    ...(failure && { failure }),
  };
}

function joinedLists(lists: readonly (readonly string[] | undefined)[]): readonly string[] | undefined {
  return lists.every((list) => list === undefined)
    ? undefined
    : [...new Set(lists.flatMap((list) => list ?? []))];
}

function joinedFailures(failures: readonly Failure[]): Failure | undefined {
  if (failures.length < 2) return failures[0];
  const told = new Set(failures.map(({ explanation }) => explanation.join("\n")));
  const hint = failures.find((failure) => failure.hint !== undefined)?.hint;
  return {
    explanation: [...told].flatMap((text) => text.split("\n")),
    ...(hint !== undefined && { hint }),
  };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
