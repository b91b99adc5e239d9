// Composing a view: each of its workloads resolved alone on the environment, then what building all of it takes.
// Knows the order of these; does not know how packages are chosen, nor where they come from.

import { Fault } from "../../store/model/fault.ts";
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

/**
 * The same for the same question and packages, in whatever order they are given. A workload that cannot be had is told
 * in the answer; where the base cannot, there is none: each of them would fail for that.
 *
 * @throws {Fault} `unresolved/unsatisfiable`
 */
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
  const base = keysOf(baseAlone("the base", requests, question, open([])));
  const resolved = workloads.map((workload): [string, LockedWorkload] => [
    workload.name,
    composeWorkload(workload, requests, open(workload.locals), keysOf),
  ]);
  const view = { base, workloads: Object.fromEntries(resolved) };
  if (buildroot === undefined) return { view, packages };
  const supply = open(distinct(workloads.flatMap(({ locals }) => locals)));
  baseAlone("what every build root holds", buildroot, question, supply);
  const means = {
    supply,
    base: buildroot,
    independent: question.independent === true,
    installed: { supply: open([]), base: requests },
    placeholders: expectedSources(placeholders, source.format ?? "deb"),
  };
  const built = buildrootOf(packages.values(), means);
  return { view: { ...view, buildroot: lockedBuildroot(built, keysOf) }, packages };
}

function baseAlone(
  what: string,
  base: readonly string[],
  { view, source }: ViewQuestion,
  supply: ViewSupply,
): ReadonlySet<Member> {
  const choice = supply.choose({ requests: [], base, recommends: false });
  if (choice.ok) return choice.members;
  const { explanation, hint } = choice;
  const place = `${source.distro} (${source.architecture})`;
  throw new Fault("unresolved/unsatisfiable", `${place} cannot give ${what} of the view ${view}`, {
    details: explanation,
    ...(hint !== undefined && { hint }),
  });
}

function composeWorkload(
  { requests, groups, recommends, strict, brought = [] }: WorkloadQuestion,
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
    brought,
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
    const tool = { level, builds: [...builds].sort().slice(0, mostTold), count: builds.size };
    return [lockKey(member), tool] as const;
  });
  return {
    packages: Object.fromEntries(tools),
    sources: Object.fromEntries(sources),
    parties,
  };
}

/** Of the sources that a package builds: a compiler builds thousands. */
const mostTold = 10;

function distinct(stanzas: readonly Stanza[]): Stanza[] {
  return [...new Map(stanzas.map((stanza) => [stanza["Package"] ?? "", stanza])).values()];
}
