// A view's question: its workloads on one architecture, and what building them takes.
// Knows its shape and digest; does not know manifests, nor who answers.

import { type Canonical, canonicalDigest } from "../../store/model/canonical.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { Stanza } from "../deb/stanza.ts";
import { type Source, sourceText } from "../question.ts";
import { compareText } from "../text.ts";

export interface WorkloadQuestion {
  readonly name: string;
  /** Sorted, as all lists here: their order in manifests means nothing. */
  readonly requests: readonly string[];
  readonly groups: readonly string[];
  /** Whether what packages recommend is wanted too; absent where not. */
  readonly recommends?: true;
  /** Whether it fails where something that it asks for is not there; else it does without. */
  readonly strict: boolean;
  /** Packages that kit builds, and those that nobody has made yet. */
  readonly locals: readonly Stanza[];
  /** Those of them that are to be there because others of them depend on them; absent where there are none. */
  readonly brought?: readonly string[];
}

export interface ViewQuestion {
  readonly view: string;
  readonly source: Source;
  /** The environment that every workload is resolved on. */
  readonly base: readonly string[];
  readonly workloads: readonly WorkloadQuestion[];
  /** What every build root holds; absent where nobody asks what building takes. */
  readonly buildroot?: readonly string[];
  /** Whether packages of all architectures are built on this one; absent where another of the view's does that. */
  readonly independent?: true;
  /** What sources that nobody has made yet will need to be built, by their names. */
  readonly placeholders: Readonly<Record<string, readonly string[]>>;
}

/** The question in its one form, however its parts are ordered. */
export function viewQuestion(question: ViewQuestion): ViewQuestion {
  const { view, source, base, buildroot, independent, workloads, placeholders } = question;
  return {
    view,
    source,
    base: sorted(base),
    workloads: workloads.map(workloadQuestion).sort((a, b) => compareText(a.name, b.name)),
    ...(buildroot !== undefined && { buildroot: sorted(buildroot) }),
    ...(independent && { independent }),
    placeholders: Object.fromEntries(
      Object.entries(placeholders)
        .map(([name, needs]) => [name, sorted(needs)] as const)
        .sort(([a], [b]) => compareText(a, b)),
    ),
  };
}

function workloadQuestion(question: WorkloadQuestion): WorkloadQuestion {
  const { requests, groups, locals, brought = [], ...rest } = question;
  const byName = (a: Stanza, b: Stanza) => compareText(a["Package"] ?? "", b["Package"] ?? "");
  return {
    ...rest,
    requests: sorted(requests),
    groups: sorted(groups),
    ...(brought.length > 0 && { brought: sorted(brought) }),
    locals: [...locals].sort(byName),
  };
}

export function viewDigest(question: ViewQuestion): Digest {
  return canonicalDigest("kit/view-question/2", question as unknown as Canonical);
}

/** The question in one line, for people and for the lock. */
export function viewText({ view, source, workloads, buildroot }: ViewQuestion): string {
  const count = `${workloads.length} ${workloads.length === 1 ? "workload" : "workloads"}`;
  return `${view} on ${sourceText(source)}: ${count}${buildroot === undefined ? "" : " and what building takes"}`;
}

/** What such a line says of the view: its name and the native architecture. */
export function viewPlace(
  text: string,
): { readonly view: string; readonly architecture: string } | undefined {
  const [, view, architecture] = /^(\S+) on \S+ ([^\s+:]+)/.exec(text) ?? [];
  return view === undefined || architecture === undefined ? undefined : { view, architecture };
}

function sorted(list: readonly string[]): string[] {
  return [...new Set(list)].sort();
}
