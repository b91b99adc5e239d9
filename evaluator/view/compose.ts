// Composing a view: each of its workloads resolved alone on the environment, then what building all of it takes.
// Knows the order of these; does not know how packages are chosen, nor where they come from.

import { openAsked } from "../asked.ts";
import type { Stanza } from "../deb/stanza.ts";
import { lockKey } from "../lock.ts";
import type { LockedBuildroot, LockedView, LockedWorkload } from "./answer.ts";
import { type Buildroot, buildrootOf } from "./buildroot.ts";
import { expectedSources } from "./placeholder.ts";
import type { ViewQuestion, WorkloadQuestion } from "./question.ts";
import type { Member, ViewSupply } from "./supply.ts";

/** The packages there are, these local ones among them; asked for the same ones again it may give the same supply. */
export type OpenSupply = (locals: readonly Stanza[]) => ViewSupply;

export interface Composed {
  readonly view: Omit<LockedView, "question" | "distro" | "date">;
  /** What the keys in it stand for. */
  readonly packages: ReadonlyMap<string, Member>;
}

/** The same for the same question and packages, in whatever order they are given. */
export function composeView(question: ViewQuestion, open: OpenSupply): Composed {
  const packages = new Map<string, Member>();
  const keysOf = (members: Iterable<Member>): string[] => {
    const keys: string[] = [];
    for (const member of members) {
      const key = lockKey(member);
      packages.set(key, member);
      keys.push(key);
    }
    return keys.sort();
  };
  const { source, base: requests, workloads, buildroot, placeholders } = question;
  const alone = open([]).choose({ requests: [], base: requests, recommends: false });
  const base = keysOf(alone.ok ? alone.members : []);
  const resolved = workloads.map((workload): [string, LockedWorkload] => [
    workload.name,
    composeWorkload(workload, requests, open(workload.locals), keysOf),
  ]);
  const view = { base, workloads: Object.fromEntries(resolved) };
  if (buildroot === undefined) return { view, packages };
  const supply = open(distinct(workloads.flatMap(({ locals }) => locals)));
  const means = {
    supply,
    base: buildroot,
    placeholders: expectedSources(placeholders, source.format ?? "deb"),
  };
  const built = buildrootOf(packages.values(), means);
  return { view: { ...view, buildroot: lockedBuildroot(built, keysOf) }, packages };
}

function composeWorkload(
  { requests, groups, recommends, strict }: WorkloadQuestion,
  base: readonly string[],
  supply: ViewSupply,
  keysOf: (members: Iterable<Member>) => string[],
): LockedWorkload {
  const failed = (explanation: readonly string[], hint?: string): LockedWorkload => ({
    required: [],
    others: [],
    failure: { explanation, ...(hint !== undefined && { hint }) },
  });
  const asked = strict ? { requests, groups } : { requests: [], optional: requests, groups };
  const opened = openAsked(supply, asked);
  if (!opened.ok) return failed(opened.explanation, opened.hint);
  const { missing, members: grouped } = opened;
  const choice = supply.choose({
    requests: opened.requests,
    ...(groups.length > 0 && { members: grouped }),
    base,
    recommends: recommends === true,
  });
  if (!choice.ok) return failed(choice.explanation, choice.hint);
  const { members, required } = choice;
  return {
    required: keysOf(required),
    others: keysOf([...members].filter((member) => !required.has(member))),
    ...(groups.length > 0 && { groups: grouped }),
    ...(missing.length > 0 && { missing }),
  };
}

function lockedBuildroot(
  { packages, sources, parties }: Buildroot,
  keysOf: (members: Iterable<Member>) => string[],
): LockedBuildroot {
  keysOf([...packages.values()].map(({ member }) => member));
  const tools = [...packages.values()].map(({ member, level, builds }) => {
    const tool = { level, builds: [...builds].sort().slice(0, mostTold), count: builds.length };
    return [lockKey(member), tool] as const;
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
