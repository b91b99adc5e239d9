// What changed from one state of views to the next: their packages, workloads, and what building takes.
// Pure. Knows what a lock says of views; does not know manifests, nor how anything is told.

import type { Stanza } from "../deb/stanza.ts";
import { type Lock, lockedPackage } from "../lock.ts";
import { keysIn, type LockedView, type LockedWorkload } from "../view/answer.ts";
import type { ViewAnswer } from "../view/pinned.ts";
import { viewPlace } from "../view/question.ts";
import type { Failure } from "../view/result.ts";
import { type PackageChange, type PresentPackage, packageChanges, presentPackage } from "./packages.ts";

/** A view on one architecture, and what the keys in it stand for. */
export interface PresentView {
  readonly view: string;
  readonly architecture: string;
  readonly locked: LockedView;
  readonly packages: ReadonlyMap<string, PresentPackage>;
}

/** A change of a package, or of two versions of it that stand side by side. */
export interface ViewPackageChange extends Omit<PackageChange, "distro" | "role"> {
  /** Those that have it, or had it where it went; none of what only building takes. */
  readonly workloads: readonly string[];
}

/** `changed`: another reason, other packages it does without, or other packages by name. */
export interface PartChange {
  readonly name: string;
  readonly verb: "added" | "removed" | "failed" | "recovered" | "changed";
  /** Why it fails now; absent where it does not. */
  readonly failure?: Failure;
}

export interface WorkloadChange extends PartChange {
  /** How many packages it consists of. */
  readonly before: number;
  readonly after: number;
  /** What it does without now. */
  readonly missing: readonly string[];
}

export interface LevelCount {
  readonly packages: number;
  readonly sources: number;
}

export interface LevelChange {
  readonly level: number;
  readonly before: LevelCount;
  readonly after: LevelCount;
}

/** Lists are sorted by name, levels by number. */
export interface ViewChange {
  readonly view: string;
  readonly distro: string;
  readonly architecture: string;
  readonly verb: "added" | "removed" | "changed";
  /** Of its workloads. */
  readonly packages: readonly ViewPackageChange[];
  readonly workloads: readonly WorkloadChange[];
  /** Bytes that its workloads' packages take where they are installed. */
  readonly installed: { readonly before: number; readonly after: number };
  /** Of the buildroot: packages of level 1 and above. */
  readonly tools: readonly ViewPackageChange[];
  readonly levels: readonly LevelChange[];
  /** Those that began or ceased to have requirements that cannot be met; `added` came so. */
  readonly sources: readonly PartChange[];
}

/** All that a lock has. What kit builds has no version there. @throws {Fault} `unresolved/bad-lock` */
export function viewsIn(lock: Lock): PresentView[] {
  return Object.values(lock.views ?? {}).flatMap((locked) => {
    const place = viewPlace(locked.question);
    if (place === undefined) return [];
    const local = (name: string): Stanza => ({ Package: name, Architecture: place.architecture });
    const packages = [...keysIn(locked)].map((key) => {
      const { stanza } = lockedPackage(lock, locked.distro, key, local);
      return [key, presentPackage(stanza, locked.distro, "view")] as const;
    });
    return [{ ...place, locked, packages: new Map(packages) }];
  });
}

/** Those of a plan. */
export function viewsAnswered(answers: readonly ViewAnswer[]): PresentView[] {
  return answers.map(({ question, view, packages }) => ({
    view: question.view,
    architecture: question.source.architecture,
    locked: view,
    packages: new Map(
      [...packages].map(([key, { stanza }]) => [key, presentPackage(stanza, view.distro, "view")]),
    ),
  }));
}

/** Of every view that is on one side alone, or is otherwise: by name and architecture. */
export function viewChanges(before: readonly PresentView[], after: readonly PresentView[]): ViewChange[] {
  const placeOf = ({ view, architecture }: PresentView) => `${view} ${architecture}`;
  const [old, young] = [before, after].map((views) => new Map(views.map((each) => [placeOf(each), each])));
  return [...new Set([...before, ...after].map(placeOf))].sort().flatMap((place) => {
    const change = changeOf(old?.get(place), young?.get(place));
    return change === undefined ? [] : [change];
  });
}

function changeOf(was: PresentView | undefined, is: PresentView | undefined): ViewChange | undefined {
  const either = is ?? was;
  if (either === undefined) return undefined;
  const { view, architecture } = either;
  const [keysBefore, keysAfter] = [workloadKeys(was), workloadKeys(is)];
  const [toolsBefore, toolsAfter] = [toolKeys(was), toolKeys(is)];
  const bytes = (present: PresentView | undefined, keys: readonly string[]) =>
    found(present, keys).reduce((sum, { installed }) => sum + installed, 0);
  const change: ViewChange = {
    distro: either.locked.distro,
    ...{ view, architecture, verb: was === undefined ? "added" : is === undefined ? "removed" : "changed" },
    packages: changesOf([was, keysBefore], [is, keysAfter]),
    workloads: workloadChanges(was, is),
    installed: { before: bytes(was, keysBefore), after: bytes(is, keysAfter) },
    tools: changesOf([was, toolsBefore], [is, toolsAfter]),
    levels: levelChanges(levelsOf(was), levelsOf(is)),
    sources: sourceChanges(was, is),
  };
  const { packages, workloads, tools, levels, sources } = change;
  const parts = [packages, workloads, tools, levels, sources];
  return change.verb === "changed" && parts.every((part) => part.length === 0) ? undefined : change;
}

function workloadKeys(present: PresentView | undefined): string[] {
  const workloads = Object.values(present?.locked.workloads ?? {});
  return [...new Set(workloads.flatMap(({ required, others }) => [...required, ...others]))];
}

function toolKeys(present: PresentView | undefined): string[] {
  return Object.keys(present?.locked.buildroot?.packages ?? {});
}

function found(present: PresentView | undefined, keys: readonly string[]): PresentPackage[] {
  return keys.flatMap((key) => present?.packages.get(key) ?? []);
}

type Members = readonly [view: PresentView | undefined, keys: readonly string[]];

function changesOf([was, before]: Members, [is, after]: Members): ViewPackageChange[] {
  const changes = packageChanges(found(was, before), found(is, after));
  if (changes.length === 0) return [];
  const users = { was: usersIn(was), is: usersIn(is) };
  return changes.map(({ distro: _, role: __, ...change }) => {
    const having = change.verb === "removed" ? users.was : users.is;
    return { ...change, workloads: [...(having.get(titleOf(change)) ?? [])].sort() };
  });
}

function titleOf({ name, architecture }: Pick<PresentPackage, "name" | "architecture">): string {
  return `${name} ${architecture}`;
}

/** Names of workloads by the packages that they have. */
function usersIn(present: PresentView | undefined): ReadonlyMap<string, ReadonlySet<string>> {
  const users = new Map<string, Set<string>>();
  for (const [workload, { required, others }] of Object.entries(present?.locked.workloads ?? {})) {
    for (const item of found(present, [...required, ...others])) {
      const known = users.get(titleOf(item));
      if (known === undefined) users.set(titleOf(item), new Set([workload]));
      else known.add(workload);
    }
  }
  return users;
}

function workloadChanges(was: PresentView | undefined, is: PresentView | undefined): WorkloadChange[] {
  const [old, young] = [was?.locked.workloads ?? {}, is?.locked.workloads ?? {}];
  const count = (workload: LockedWorkload | undefined) =>
    workload === undefined ? 0 : workload.required.length + workload.others.length;
  return partChanges(workloadParts(was), workloadParts(is)).map((change) => {
    const [before, after] = [old[change.name], young[change.name]];
    return { ...change, before: count(before), after: count(after), missing: after?.missing ?? [] };
  });
}

/** By name, and not by version: an upgrade is told of the package. */
function workloadParts(present: PresentView | undefined): Map<string, Described> {
  const all = Object.entries(present?.locked.workloads ?? {});
  return new Map(
    all.map(([name, { required, others, missing = [], failure }]) => {
      const titles = found(present, [...required, ...others]).map(titleOf);
      return [name, { failure, text: JSON.stringify([missing, failure, titles.sort()]) }];
    }),
  );
}

function sourceChanges(was: PresentView | undefined, is: PresentView | undefined): PartChange[] {
  const parts = (present: PresentView | undefined) =>
    new Map(
      Object.entries(present?.locked.buildroot?.sources ?? {}).map(([name, { failure }]) => [
        name,
        { failure, text: JSON.stringify(failure) },
      ]),
    );
  const changes = partChanges(parts(was), parts(is));
  // What comes and goes with its packages is told of them.
  return changes.filter(
    ({ verb, failure }) => verb !== "removed" && (verb !== "added" || failure !== undefined),
  );
}

interface Described {
  readonly failure: Failure | undefined;
  /** All that is compared. */
  readonly text: string | undefined;
}

function partChanges(
  before: ReadonlyMap<string, Described>,
  after: ReadonlyMap<string, Described>,
): PartChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((name): PartChange[] => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was !== undefined && is !== undefined && was.text === is.text) return [];
    return [{ name, verb: verbOf(was, is), ...(is?.failure && { failure: is.failure }) }];
  });
}

function verbOf(was: Described | undefined, is: Described | undefined): PartChange["verb"] {
  if (was === undefined) return "added";
  if (is === undefined) return "removed";
  if (was.failure === undefined && is.failure !== undefined) return "failed";
  return was.failure !== undefined && is.failure === undefined ? "recovered" : "changed";
}

function levelChanges(before: readonly LevelCount[], after: readonly LevelCount[]): LevelChange[] {
  const none = { packages: 0, sources: 0 };
  const most = Math.max(before.length, after.length);
  return Array.from({ length: most }, (_, level) => ({
    level,
    before: before[level] ?? none,
    after: after[level] ?? none,
  })).filter(({ before: was, after: is }) => was.packages !== is.packages || was.sources !== is.sources);
}

/** By level; none where nobody asked what building takes. */
function levelsOf(present: PresentView | undefined): LevelCount[] {
  const buildroot = present?.locked.buildroot;
  if (present === undefined || buildroot === undefined) return [];
  const counts: { packages: number; sources: number }[] = [];
  const at = (level: number) => {
    while (counts.length <= level) counts.push({ packages: 0, sources: 0 });
    return counts[level] as (typeof counts)[number];
  };
  const tools = Object.values(buildroot.packages);
  at(0).packages = keysIn(present.locked).size - tools.length;
  for (const { level } of tools) at(level).packages++;
  for (const { level } of Object.values(buildroot.sources)) at(level).sources++;
  return counts;
}
