// The closures of a view's workloads, with the reasons that an answer leaves out.
// Knows that reasons follow from what packages say; does not know how the packages were chosen.

import { openAsked } from "../deb/asked.ts";
import { type Answer, reasonsIn } from "../deb/closure.ts";
import type { Version } from "../deb/package.ts";
import { packagesIndex } from "../deb/packages.ts";
import { gatherRequests, targetOf } from "../deb/request.ts";
import { formatStanza, type Stanza } from "../deb/stanza.ts";
import { type Universe, universe } from "../deb/universe.ts";
import type { Answered } from "../evaluate.ts";
import { lockKey } from "../lock.ts";
import { type ClosureQuestion, closureQuestion } from "../question.ts";
import type { ViewAnswer } from "./pinned.ts";
import type { WorkloadQuestion } from "./question.ts";

/** Nothing but the packages of a view, as its universe has them, by their keys. */
export interface ViewPackages {
  readonly universe: Universe;
  readonly versions: ReadonlyMap<string, Version>;
}

export function viewPackages({ question, packages }: ViewAnswer): ViewPackages {
  const members = [...packages.values()];
  const text = members.filter(({ origin }) => origin !== "local").map(({ stanza }) => formatStanza(stanza));
  const { architecture, foreign = [] } = question.source;
  const source = {
    index: packagesIndex(Buffer.from(text.join("\n"))),
    repository: "",
    suite: "",
    priority: 500,
  };
  const all = universe({ architecture, foreign, sources: [source], locals: localsOf(members) });
  const found = members.flatMap(({ name }) => all.group(name).flatMap((pkg) => pkg.versions));
  return { universe: all, versions: new Map(found.map((version) => [lockKey(version), version])) };
}

function localsOf(members: readonly { readonly origin: unknown; readonly stanza: Stanza }[]): Stanza[] {
  return members.filter(({ origin }) => origin === "local").map(({ stanza }) => stanza);
}

/** The question that a workload is, and its closure. Those that failed have none. */
export function workloadClosures(
  answer: ViewAnswer,
  packages: ViewPackages,
  counts: (workload: WorkloadQuestion) => boolean,
): Answered[] {
  return answer.question.workloads.filter(counts).flatMap((workload): Answered[] => {
    const locked = answer.view.workloads[workload.name];
    if (locked === undefined || locked.failure !== undefined) return [];
    const missing = new Set(locked.missing);
    const question = closureQuestion({
      source: answer.question.source,
      requests: workload.requests.filter((text) => !missing.has(text)),
      base: answer.question.base,
      exclude: [],
      locals: workload.locals,
      groups: workload.groups,
      ...(workload.recommends && { recommends: true }),
    });
    const chosen = [...locked.required, ...locked.others].flatMap((key) => packages.versions.get(key) ?? []);
    return [
      { question, closure: { packages: withReasons(question, chosen, packages), date: answer.view.date } },
    ];
  });
}

function withReasons(
  question: ClosureQuestion,
  versions: readonly Version[],
  { universe: all }: ViewPackages,
): Answered["closure"]["packages"] {
  const { base, recommends } = question;
  const asked = openAsked(all, question);
  const requests = asked.ok ? asked.requests : question.requests;
  const chosen = new Set(versions);
  const answers = gatherRequests(all, requests, base).flatMap((request): Answer[] => {
    const target = targetOf(all, request);
    return "missing" in target || !chosen.has(target.version) ? [] : [{ request, version: target.version }];
  });
  const reasons = reasonsIn(all, chosen, answers, recommends === true);
  return versions.map(({ name, version, architecture, stanza, origin }, index) => {
    const own = versions[index];
    return { name, version, architecture, stanza, origin, reasons: (own && reasons.get(own)) ?? [] };
  });
}
