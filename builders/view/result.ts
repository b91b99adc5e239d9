// A view's result: what its answers come to, for reports and programs.
// Pure. Knows how packages, sources and workloads are told together; does not know how any was chosen.

import { nameIn, openChains } from "../../evaluator/chain.ts";
import { fieldOf } from "../../evaluator/deb/stanza.ts";
import { sourceOf } from "../../evaluator/source.ts";
import { compareText } from "../../evaluator/text.ts";
import type { LockedWorkload } from "../../evaluator/view/answer.ts";
import { viewPackages, workloadClosures } from "../../evaluator/view/closures.ts";
import type { ViewAnswer } from "../../evaluator/view/pinned.ts";
import { isPlaceholder } from "../../evaluator/view/placeholder.ts";
import type {
  SourceOn,
  Unwanted,
  ViewPackage,
  ViewResult,
  ViewSource,
  WorkloadOn,
  WorkloadResult,
} from "../../evaluator/view/result.ts";
import type { Member, ViewPackages } from "../../evaluator/view/supply.ts";
import type { PlannedView } from "./plan.ts";

/** The same for the same view, whatever the order of its parts. */
export function viewResult(view: PlannedView): ViewResult {
  const { manifest, distro, on, subtracts } = view;
  const answers = [...on].map(([architecture, answer]) => openAnswer(architecture, answer, subtracts));
  const dates = answers.map(({ answer }) => answer.view.date);
  return {
    format: "kit/view/1",
    name: manifest.name,
    ...(manifest.description !== undefined && { description: manifest.description }),
    distro,
    architectures: answers.map(({ architecture }) => architecture),
    labels: manifest.labels,
    date: new Date(Math.max(0, ...dates) * 1000).toISOString(),
    ...(subtracts && { subtracts: subtracts.manifest.name }),
    workloads: workloadResults(view, answers),
    packages: Object.fromEntries(answers.map((each) => [each.architecture, each.packages])),
    sources: viewSources(answers),
    unwanted: answers.flatMap((each) => unwantedIn(each, manifest.unwanted)),
  };
}

interface OpenAnswer {
  readonly architecture: string;
  readonly answer: ViewAnswer;
  readonly members: ViewPackages;
  /** By name; without what the view it is added to has. */
  readonly packages: readonly ViewPackage[];
}

function openAnswer(architecture: string, answer: ViewAnswer, subtracts?: PlannedView): OpenAnswer {
  const members = viewPackages(answer);
  const below = subtracts?.on.get(architecture);
  const had = new Set(below && [...below.packages.values()].map((item) => nameIn(item, architecture)));
  const all = packagesIn(answer, members, architecture);
  return { architecture, answer, members, packages: all.filter(({ name }) => !had.has(name)) };
}

function packagesIn(answer: ViewAnswer, members: ViewPackages, architecture: string): ViewPackage[] {
  const users = usersIn(answer);
  const called = (member: Member) => nameIn(member, architecture);
  return [...answer.packages]
    .flatMap(([key, member]): ViewPackage[] => {
      const own = members.members.get(key);
      if (own === undefined) return [];
      const tool = answer.view.buildroot?.packages[key];
      const needs = members.neededBy(own).map(called);
      return [
        {
          name: called(own),
          version: member.version,
          architecture: member.architecture,
          source: sourceOf(member).name,
          size: installedSize(member),
          download: numberIn(member, "Size"),
          ...(isPlaceholder(member.version) && { placeholder: true as const }),
          ...(isLocal(member) && { local: true as const }),
          level: tool?.level ?? 0,
          workloads: users.get(key) ?? [],
          needs: [...new Set(needs)].filter((name) => name !== called(own)).sort(),
          ...(tool && { builds: { sources: tool.builds, count: tool.count } }),
        },
      ];
    })
    .sort((a, b) => compareText(a.name, b.name) || compareText(a.version, b.version));
}

function isLocal({ origin, version }: Member): boolean {
  return origin === "local" && !isPlaceholder(version);
}

/** Who has each package, by its key, and as what. */
function usersIn({ view }: ViewAnswer): ReadonlyMap<string, ViewPackage["workloads"]> {
  const base = new Set(view.base);
  const users = new Map<string, ViewPackage["workloads"][number][]>();
  for (const [name, { required, others }] of Object.entries(view.workloads).sort(byName)) {
    const note = (key: string, as: "required" | "dependency" | "base") => {
      const known = users.get(key);
      if (known === undefined) users.set(key, [{ name, as }]);
      else known.push({ name, as });
    };
    for (const key of required) note(key, "required");
    for (const key of others) note(key, base.has(key) ? "base" : "dependency");
  }
  return users;
}

/** Bytes; `Installed-Size` counts KiB (policy 5.6.20). */
function installedSize(member: Member): number {
  return numberIn(member, "Installed-Size") * 1024;
}

function numberIn({ stanza }: Pick<Member, "stanza">, field: string): number {
  const value = Number(fieldOf(stanza, field) ?? 0);
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function workloadResults({ workloads }: PlannedView, answers: readonly OpenAnswer[]): WorkloadResult[] {
  return [...workloads.values()]
    .sort((a, b) => compareText(a.name, b.name))
    .map(({ name, description, maintainer, labels }) => ({
      name,
      ...(description !== undefined && { description }),
      ...(maintainer !== undefined && { maintainer }),
      labels: [...labels].sort(),
      on: Object.fromEntries(
        answers.flatMap(({ architecture, answer }) => {
          const locked = answer.view.workloads[name];
          return locked === undefined ? [] : [[architecture, workloadOn(locked, answer)]];
        }),
      ),
    }));
}

function workloadOn(
  { required, others, missing = [], failure }: LockedWorkload,
  { packages }: ViewAnswer,
): WorkloadOn {
  const members = [...required, ...others].flatMap((key) => packages.get(key) ?? []);
  return {
    packages: members.length,
    size: members.reduce((sum, member) => sum + installedSize(member), 0),
    missing,
    ...(failure && { failure }),
  };
}

function viewSources(answers: readonly OpenAnswer[]): ViewSource[] {
  const packages = new Map<string, Set<string>>();
  const listed = new Set<string>();
  /** What its packages of an architecture need, on each: those of all architectures are built on one. */
  const needs = new Map<string, Set<string>>();
  const places = new Map<string, Map<string, SourceOn>>();
  const taken = takenAsBuilt(answers);
  for (const { architecture, answer, packages: own } of answers) {
    for (const item of own) {
      packages.set(item.source, (packages.get(item.source) ?? new Set()).add(item.name));
      if (item.local !== true) listed.add(item.source);
      const needed = answer.view.buildroot?.sources[item.source]?.requirements;
      if (needed !== undefined)
        needs.set(item.source, (needs.get(item.source) ?? new Set()).add(JSON.stringify(needed)));
      const on = places.get(item.source) ?? new Map<string, SourceOn>();
      const known = on.get(architecture);
      const level = Math.min(known?.level ?? item.level, item.level);
      on.set(architecture, { ...sourceOn(item, answer), level });
      places.set(item.source, on);
    }
  }
  return [...places]
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, on]) => ({
      name,
      packages: [...(packages.get(name) ?? [])].sort(),
      ...(!listed.has(name) && { local: true as const }),
      on: Object.fromEntries(on),
      ...(taken.has(name) && { takenAsBuilt: taken.get(name) ?? [] }),
      archful: (needs.get(name)?.size ?? 0) > 1,
    }));
}

/** By source; none where the architecture that builds packages of all is not looked at. */
function takenAsBuilt(answers: readonly OpenAnswer[]): ReadonlyMap<string, readonly string[]> {
  const builder = answers.find(({ answer }) => answer.question.independent)?.answer.view.buildroot;
  const found = new Map<string, string[]>();
  for (const { architecture, answer, packages } of builder === undefined ? [] : answers) {
    if (answer.question.independent || answer.question.source.format === "rpm") continue;
    const wanted = packages.filter((item) => item.architecture === "all" && item.local !== true);
    for (const source of new Set(wanted.map((item) => item.source)))
      if (builder?.sources[source]?.independent === undefined)
        found.set(source, [...(found.get(source) ?? []), architecture]);
  }
  return found;
}

/** As the buildroot has it; where nobody asked for that, as the package says. */
function sourceOn(item: ViewPackage, { view }: ViewAnswer): SourceOn {
  const built = view.buildroot?.sources[item.source];
  if (built === undefined) return { version: item.version, level: item.level };
  const { version, level, requirements, independent, failure } = built;
  const isBuilt = requirements !== undefined || independent !== undefined;
  return {
    ...{ version, level },
    ...(isBuilt && { requirements: [...(requirements ?? []), ...(independent ?? [])] }),
    ...(failure && { failure }),
  };
}

/** Each unwanted package once for each workload that has it. */
function unwantedIn(
  { architecture, answer, members, packages }: OpenAnswer,
  { packages: names, sources }: { readonly packages: readonly string[]; readonly sources: readonly string[] },
): Unwanted[] {
  const found = packages.filter(
    (item) => item.workloads.length > 0 && (names.includes(item.name) || sources.includes(item.source)),
  );
  if (found.length === 0) return [];
  const users = new Set(found.flatMap(({ workloads }) => workloads.map(({ name }) => name)));
  return [...users].sort().flatMap((workload) => {
    const [closed] = workloadClosures(answer, members, ({ name }) => name === workload);
    if (closed === undefined) return [];
    const chains = openChains(closed.closure.packages, architecture);
    return found
      .filter((item) => item.workloads.some(({ name }) => name === workload))
      .map((item): Unwanted => {
        const [chain] = chains(item.name, 1).chains;
        const isPackage = names.includes(item.name);
        return {
          what: isPackage ? "package" : "source",
          name: isPackage ? item.name : item.source,
          architecture,
          workload,
          chain: chain?.links ?? [],
        };
      });
  });
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return compareText(a, b);
}
