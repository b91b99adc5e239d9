// Composing a view: each of its workloads resolved alone on the environment, then what building all of it takes.
// Knows the order of these; does not know how packages are chosen, nor where they come from.

import { explainGroups, isMissing } from "../deb/asked.ts";
import type { Version } from "../deb/package.ts";
import { type Choice, choose } from "../deb/resolve.ts";
import type { FindSource } from "../deb/sources.ts";
import type { Stanza } from "../deb/stanza.ts";
import type { Universe } from "../deb/universe.ts";
import { lockKey } from "../lock.ts";
import type { LockedBuildroot, LockedView, LockedWorkload } from "./answer.ts";
import { type Buildroot, buildrootOf } from "./buildroot.ts";
import type { ViewQuestion, WorkloadQuestion } from "./question.ts";

export interface ComposeMeans {
  /** The packages there are, these local ones among them; asked for the same ones again it may give the same. */
  readonly universe: (locals: readonly Stanza[]) => Universe;
  readonly source: FindSource;
}

export interface Composed {
  readonly view: Omit<LockedView, "question" | "distro" | "date">;
  /** What the keys in it stand for. */
  readonly packages: ReadonlyMap<string, Version>;
}

/** The same for the same question and packages, in whatever order they are given. */
export function composeView(question: ViewQuestion, { universe, source }: ComposeMeans): Composed {
  const packages = new Map<string, Version>();
  const keysOf = (versions: Iterable<Version>): string[] => {
    const keys: string[] = [];
    for (const version of versions) {
      const key = lockKey(version);
      packages.set(key, version);
      keys.push(key);
    }
    return keys.sort();
  };
  const { base: requests, workloads, buildroot, placeholders } = question;
  const alone = choose(universe([]), { requests: [], base: requests, recommends: false });
  const base = keysOf(alone.ok ? alone.versions : []);
  const resolved = workloads.map((workload): [string, LockedWorkload] => [
    workload.name,
    composeWorkload(workload, requests, universe(workload.locals), keysOf),
  ]);
  const view = { base, workloads: Object.fromEntries(resolved) };
  if (buildroot === undefined) return { view, packages };
  const all = universe(distinct(workloads.flatMap(({ locals }) => locals)));
  const built = buildrootOf(packages.values(), {
    universe: all,
    base: buildroot,
    find: source,
    placeholders,
  });
  return { view: { ...view, buildroot: lockedBuildroot(built, keysOf) }, packages };
}

function composeWorkload(
  { requests, groups, recommends, strict }: WorkloadQuestion,
  base: readonly string[],
  universe: Universe,
  keysOf: (versions: Iterable<Version>) => string[],
): LockedWorkload {
  const failed = (explanation: readonly string[], hint?: string): LockedWorkload => ({
    required: [],
    others: [],
    failure: { explanation, ...(hint !== undefined && { hint }) },
  });
  const unknown = groups.filter((group) => universe.task(group).length === 0);
  if (unknown.length > 0) {
    const { explanation, hint } = explainGroups(universe, unknown);
    return failed(explanation, hint);
  }
  const asked = [...new Set([...requests, ...groups.flatMap((group) => universe.task(group))])].sort();
  const missing = strict ? [] : asked.filter((text) => isMissing(universe, text));
  const there = asked.filter((text) => !missing.includes(text));
  const choice = choose(universe, { requests: there, base, recommends: recommends === true });
  if (!choice.ok) return failed(choice.explanation, choice.hint);
  const required = requiredIn(choice);
  return {
    required: keysOf(required),
    others: keysOf([...choice.versions].filter((version) => !required.has(version))),
    ...(missing.length > 0 && { missing }),
  };
}

function requiredIn({ answers }: Extract<Choice, { ok: true }>): Set<Version> {
  return new Set(answers.filter(({ request }) => request.by === "request").map(({ version }) => version));
}

function lockedBuildroot(
  { packages, sources, parties }: Buildroot,
  keysOf: (versions: Iterable<Version>) => string[],
): LockedBuildroot {
  keysOf([...packages.values()].map(({ version }) => version));
  const tools = [...packages.values()].map(({ version, level, builds }) => {
    const tool = { level, builds: [...builds].sort().slice(0, mostTold), count: builds.length };
    return [lockKey(version), tool] as const;
  });
  return {
    packages: Object.fromEntries(tools),
    sources: Object.fromEntries(sources),
    parties: parties.map(keysOf),
  };
}

/** Of the sources that a package builds: a compiler builds thousands. */
const mostTold = 10;

function distinct(stanzas: readonly Stanza[]): Stanza[] {
  return [...new Map(stanzas.map((stanza) => [stanza["Package"] ?? "", stanza])).values()];
}
