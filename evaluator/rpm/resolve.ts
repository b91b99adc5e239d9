// Resolution of rpm packages: from what is asked for to a closure, or to the reason there is none.
// Knows the order of the steps; does not know any step's inside, nor where packages come from.

import type { ChosenPackage, Explanation, Members, Resolution } from "../resolution.ts";
import { choose } from "./choice.ts";
import { comparePackages, reasonsIn } from "./closure.ts";
import { explainConflict, explainMissing } from "./explanation.ts";
import type { Package } from "./package.ts";
import { type Answers, answersTo, gatherRequests, type Request } from "./request.ts";
import type { Universe } from "./universe.ts";

export interface Question {
  /** As {@link parseRequest} reads them, in any order. */
  readonly requests: readonly string[];
  readonly members?: Members;
  /** Further requests: what every root holds. */
  readonly base: readonly string[];
  /** Whether what packages recommend, and what supplements them, is wanted too (dnf's `install_weak_deps`). */
  readonly recommends: boolean;
}

/**
 * What `dnf install` would choose on an empty root, given the requests and the base sorted by text, from repositories
 * whose metadata are in createrepo_c's order. Where it finds a solution is libsolv's way, step by step; a solution is
 * found wherever there is one. The same for the same universe and question, in whatever order they are given.
 *
 * @throws {Fault} `unresolved/malformed-request`
 */
export function resolve(universe: Universe, question: Question): Resolution {
  const requests = gatherRequests(question.requests, question.base, question.members);
  const answers = requests.map((request) => answersTo(universe, request));
  const choice = chooseAnswers(universe, answers, question.recommends);
  if (!choice.ok) return choice;
  const reasons = reasonsIn(universe, choice.chosen, answers, question.recommends);
  const packages = [...choice.chosen].sort(comparePackages).map((item): ChosenPackage => {
    const { name, version, architecture, stanza, origin } = item;
    return { name, version, architecture, stanza, origin, reasons: reasons.get(item) ?? [] };
  });
  return { ok: true, packages };
}

/** What is chosen, and no word yet why each. */
export type Choice =
  | { readonly ok: true; readonly chosen: readonly Package[] }
  | ({ readonly ok: false } & Explanation);

/** {@link resolve}'s choice for requests that are answered already. */
export function chooseAnswers(universe: Universe, answers: readonly Answers[], recommends: boolean): Choice {
  const missing = answers.filter(({ packages }) => packages.length === 0).map(({ request }) => request);
  if (missing.length > 0) return { ok: false, ...explainMissing(universe, missing) };
  const outcome = choose(universe, answers, recommends);
  if ("chosen" in outcome)
    return { ok: true, chosen: outcome.chosen.filter(({ standsFor }) => standsFor === undefined) };
  const works = (without: Request) => {
    const others = answers.filter(({ request }) => request !== without);
    return others.length > 0 && isSolvable(universe, others);
  };
  return { ok: false, ...explainConflict(universe, outcome.core, works) };
}

function isSolvable(universe: Universe, answers: readonly Answers[]): boolean {
  return "chosen" in choose(universe, answers, false);
}
