// The closures of a view's workloads, with the reasons that an answer leaves out.
// Knows that reasons follow from what packages say; does not know how the packages were chosen.

import { nameIn } from "../chain.ts";
import type { Answered } from "../evaluate.ts";
import { closureQuestion } from "../question.ts";
import type { LockedWorkload } from "./answer.ts";
import { debPackages } from "./debs.ts";
import type { ViewAnswer } from "./pinned.ts";
import type { WorkloadQuestion } from "./question.ts";
import { rpmPackages } from "./rpms.ts";
import type { ViewPackages } from "./supply.ts";

/** Nothing but the packages of a view. */
export function viewPackages({ question: { source }, packages }: ViewAnswer): ViewPackages {
  const members = [...packages.values()];
  return source.format === "rpm" ? rpmPackages(source, members) : debPackages(source, members);
}

/** The question that a workload is, and its closure. Those that failed have none. */
export function workloadClosures(
  answer: ViewAnswer,
  packages: ViewPackages,
  counts: (workload: WorkloadQuestion) => boolean,
): Answered[] {
  const { source, base } = answer.question;
  return answer.question.workloads.filter(counts).flatMap((workload): Answered[] => {
    const locked = answer.view.workloads[workload.name];
    if (locked === undefined || locked.failure !== undefined) return [];
    const missing = new Set(locked.missing);
    const recommends = workload.recommends === true;
    const requests = workload.requests.filter((text) => !missing.has(text));
    const question = closureQuestion({
      ...{ source, base, requests, exclude: [], locals: workload.locals, groups: workload.groups },
      ...(recommends && { recommends }),
      ...(workload.brought && { brought: workload.brought }),
    });
    const keys = [...locked.required, ...locked.others];
    const chosen = new Set(keys.flatMap((key) => packages.members.get(key) ?? []));
    const { groups: members } = locked;
    const asked = members === undefined ? [...requests, ...membersOf(workload, locked, answer)] : requests;
    const wanted = { requests: asked, ...(members && { members }), base, recommends };
    const reasons = packages.reasons(chosen, wanted);
    const told = [...chosen].map((member) => {
      const { name, version, architecture, stanza, origin } = member;
      return { name, version, architecture, stanza, origin, reasons: reasons.get(member) ?? [] };
    });
    return [{ question, closure: { packages: told, date: answer.view.date } }];
  });
}

/** What was asked for by way of a group, by name, where the lock does not say what each group asked for. */
function membersOf(
  { groups }: WorkloadQuestion,
  { required }: LockedWorkload,
  { question, packages }: ViewAnswer,
): string[] {
  if (groups.length === 0) return [];
  const { architecture: native, format } = question.source;
  const members = required.flatMap((key) => packages.get(key) ?? []);
  const called = members.map((member) => nameIn(member, native));
  return format === "rpm" ? called.map((name) => name.replace(":", ".")) : called;
}
