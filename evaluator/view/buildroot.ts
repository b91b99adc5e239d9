// Buildroots: what it takes to build some packages, and to build what that takes, to the end.
// Knows levels and when nothing new appears; does not know where packages come from, nor what a view is.

import { faultsOf } from "../../store/model/fault.ts";
import { fieldOf, type Stanza } from "../deb/stanza.ts";
import { packageKey } from "../lock.ts";
import { sourceOf } from "../source.ts";
import type { LockedSource } from "./answer.ts";
import type { Failure } from "./result.ts";
import type { Member, ViewSupply } from "./supply.ts";
import { secondTurn } from "./turn.ts";

export interface BuildrootMeans {
  readonly supply: ViewSupply;
  /** What every build root holds. */
  readonly base: readonly string[];
  /** Where the packages to begin with are, and those that building takes would be: without what manifests make. */
  readonly installed: { readonly supply: ViewSupply; readonly base: readonly string[] };
  /** Sources that nobody has made yet, by name. */
  readonly placeholders: ReadonlyMap<string, Stanza>;
}

export interface Buildroot {
  /** Of every package that building takes and that was not there to begin with. */
  readonly packages: ReadonlyMap<string, BuildTool>;
  readonly sources: ReadonlyMap<string, LockedSource>;
  /** What to ask for to have just the packages, in sets that can be installed together. */
  readonly parties: readonly (readonly string[])[];
}

export interface BuildTool {
  readonly member: Member;
  readonly level: number;
  /** Names of the sources of the level below that need it. */
  readonly builds: ReadonlySet<string>;
}

/**
 * Level by level: the sources of what there is, what their builds need beside the base, the sources of that, until a
 * level brings nothing new. So a package's level is the smallest number of builds between it and the packages to begin
 * with, whatever order they come in. A source whose requirements cannot be met is told with the reason, and brings
 * nothing.
 *
 * @param start the packages of level 0
 */
export function buildrootOf(start: Iterable<Member>, means: BuildrootMeans): Buildroot {
  const packages = new Map<string, { member: Member; level: number; builds: Set<string> }>();
  const begun = new Set<string>();
  // A key takes longer than finding it: the same 200 packages are in each of thousands of builds.
  const keys = new Map<Member, string>();
  const keyOf = (member: Member): string => {
    const key = keys.get(member) ?? packageKey(member);
    keys.set(member, key);
    return key;
  };
  const sources = new Map<string, LockedSource>();
  const done = new Set<string>();
  const closures: ReadonlySet<Member>[] = [];
  let wave = [...start];
  for (const member of wave) begun.add(keyOf(member));
  for (let level = 0; wave.length > 0; level++) {
    const next: Member[] = [];
    for (const wanted of newBuilds(wave, done, means)) {
      const { name } = wanted;
      const { chosen, ...source } = buildOf(wanted, means);
      sources.set(name, joined(sources.get(name), { ...source, level }));
      closures.push(chosen);
      for (const tool of chosen) {
        const key = keyOf(tool);
        if (begun.has(key)) continue;
        const known = packages.get(key);
        if (known === undefined) {
          packages.set(key, { member: tool, level: level + 1, builds: new Set([name]) });
          next.push(tool);
        } else if (known.level === level + 1) known.builds.add(name);
      }
    }
    wave = next;
  }
  const parties = secondTurn(closures, {
    rivals: means.supply.rivals,
    supply: means.installed.supply,
    environment: means.installed.base,
    isKnown: (key) => begun.has(key) || packages.has(key),
    isTool: (key) => packages.has(key),
  });
  return { packages, sources, parties };
}

/** A source package in one version. */
interface Wanted {
  readonly name: string;
  readonly version: string;
  /** Absent where no list has it; `local` is made by manifests, which no list has and which needs none of it. */
  readonly stanza?: Stanza | "local";
}

/**
 * What has not been looked at before, sorted by name, the highest version first: a level is a set, and a source of
 * which another version is known may need something else.
 */
function newBuilds(
  packages: readonly Member[],
  done: Set<string>,
  { supply, placeholders }: BuildrootMeans,
): Wanted[] {
  const isNew = (what: string) => !done.has(what) && done.add(what) !== undefined;
  const found = packages.flatMap((item): Wanted[] => {
    const { name, version } = sourceOf(item);
    const local = item.origin === "local" && !placeholders.has(name);
    if (!isNew(`${local ? "local " : ""}${name} ${version}`)) return [];
    if (local) return [{ name, version, stanza: "local" }];
    const stanza = placeholders.get(name) ?? supply.source(name, version);
    if (stanza === undefined) return [{ name, version }];
    const own = fieldOf(stanza, "Version") ?? version;
    // Where the lists have another version than the package's, that one may have been looked at.
    return own === version || isNew(`${name} ${own}`) ? [{ name, version: own, stanza }] : [];
  });
  return found.sort(
    (a, b) =>
      compareText(a.name, b.name) ||
      supply.compareVersions(b.version, a.version) ||
      compareText(a.version, b.version),
  );
}

type Build = Omit<LockedSource, "level"> & { readonly chosen: ReadonlySet<Member> };

function buildOf({ name, version, stanza }: Wanted, { supply, base }: BuildrootMeans): Build {
  const failed = (failure: Failure, requirements: readonly string[] = []): Build => ({
    version,
    requirements,
    chosen: new Set(),
    failure,
  });
  if (stanza === "local") return { version, requirements: [], chosen: new Set() };
  if (stanza === undefined) return failed({ explanation: [`there is no source package ${name}`] });
  let needs: ReturnType<ViewSupply["build"]>;
  try {
    needs = supply.build(stanza, base);
  } catch (error) {
    const faults = faultsOf(error);
    if (faults.length === 0) throw error;
    return failed({ explanation: faults.map(({ message }) => message) });
  }
  const { requirements, chosen } = needs;
  if (chosen.ok) return { version, requirements, chosen: chosen.members };
  const { explanation, hint } = chosen;
  return failed({ explanation, ...(hint !== undefined && { hint }) }, requirements);
}

/** A source's versions are told as one, the first of them by name. */
function joined(first: LockedSource | undefined, next: LockedSource): LockedSource {
  if (first === undefined) return next;
  const { version, level, further = [] } = first;
  const failures = [first.failure, next.failure].filter((failure) => failure !== undefined);
  const hint = failures.find((failure) => failure.hint !== undefined)?.hint;
  const explanation = new Set(failures.map((failure) => failure.explanation.join("\n")));
  return {
    version,
    further: [...new Set([...further, next.version])].sort(),
    level,
    requirements: [...new Set([...first.requirements, ...next.requirements])],
    ...(failures.length > 0 && {
      failure: {
        explanation: [...explanation].flatMap((text) => text.split("\n")),
        ...(hint !== undefined && { hint }),
      },
    }),
  };
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
