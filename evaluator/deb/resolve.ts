// Resolution: from what is asked for to a closure of packages, or to the reason there is none.
// Knows the order of the ways tried; does not know any way's inside, nor where packages come from.

import type { ChosenPackage, Explanation, Members, Resolution } from "../resolution.ts";
import { type Outcome, search } from "../search.ts";
import { chooseAsApt } from "./choice.ts";
import { type Formula, formulate } from "./clause.ts";
import { type Answer, compareVersionNames, reasonsIn, sweep } from "./closure.ts";
import { explainConflict, explainMissing } from "./explanation.ts";
import type { BaseSet, Version } from "./package.ts";
import { gatherRequests, type Request, type Target, targetOf } from "./request.ts";
import type { Universe } from "./universe.ts";

export interface Question {
  /** `name`, `name=version`, `name:arch`, `name (>= 1)`; in any order. */
  readonly requests: readonly string[];
  /** Sets by field of the candidate, or further requests: what every root holds. */
  readonly base: readonly (BaseSet | (string & {}))[];
  /** Of groups. */
  readonly members?: Members;
  readonly recommends: boolean;
  /** Names of local packages to have as if they were asked for, though it is others of them that need them. */
  readonly brought?: readonly string[];
  /** A package of no index, asked for too, and among what is chosen. */
  readonly outside?: Version;
}

/** What is chosen, and no word yet why each. */
export type Choice =
  | { readonly ok: true; readonly versions: ReadonlySet<Version>; readonly answers: readonly Answer[] }
  | ({ readonly ok: false } & Explanation);

/**
 * What {@link choose} chooses, and why each package is there.
 *
 * @throws {Fault} `unresolved/malformed-request`
 */
export function resolve(universe: Universe, question: Question): Resolution {
  const choice = choose(universe, question);
  return choice.ok ? { ok: true, packages: withReasons(universe, choice, question.recommends) } : choice;
}

/**
 * What `apt-get --no-install-recommends install` would choose on an empty machine, given the requests and the base
 * sorted by name. Where apt's greedy way ends in a conflict that it cannot mend, a complete search takes
 * over: it prefers candidates to other versions and earlier alternatives to later ones, and what it finds is swept of
 * everything nobody needs.
 * The same for the same universe and question, in whatever order they are given.
 *
 * @throws {Fault} `unresolved/malformed-request`
 */
export function choose(universe: Universe, question: Question): Choice {
  const { recommends, outside } = question;
  const asked = gatherRequests(universe, question);
  const requests = outside === undefined ? asked : [...asked, requestOf(outside)];
  const targets = requests.map((request) => ({ request, target: targetOf(universe, request) }));
  const missing = targets.filter(isMissing);
  if (missing.length > 0) return { ok: false, ...explainMissing(universe, missing) };

  const answers = targets.flatMap(({ request, target }): Answer[] =>
    "missing" in target ? [] : [{ request, version: target.version }],
  );
  const wanted = [...new Set(answers.map(({ version }) => version))];
  const chosen = chooseAsApt(universe, wanted, { recommends });
  if (chosen !== undefined) return { ok: true, versions: chosen, answers };
  return chooseBySearch(universe, requests, recommends);
}

function requestOf(outside: Version): Request {
  return { by: "request", text: outside.name, relation: { name: outside.name }, outside };
}

function chooseBySearch(universe: Universe, requests: readonly Request[], recommends: boolean): Choice {
  const formula = formulate(universe, requests, recommends);
  const outcome = search(formula.roots, formula.expand);
  if ("core" in outcome) {
    const works = (without: Request) => {
      const others = requests.filter((request) => request !== without);
      const rest = formulate(universe, others, false);
      return others.length > 0 && "chosen" in search(rest.roots, rest.expand);
    };
    return { ok: false, ...explainConflict(universe, formula, outcome.core, works) };
  }
  const chosen = new Set(outcome.chosen.map(formula.versionOf));
  const answers = answersAmong(formula, outcome);
  const roots = answers.map(({ version }) => version);
  return { ok: true, versions: sweep(universe, chosen, roots, recommends), answers };
}

function answersAmong(formula: Formula, { chosen }: Extract<Outcome<never>, { chosen: unknown }>): Answer[] {
  const there = new Set(chosen);
  return formula.roots.flatMap((rule): Answer[] => {
    const literal = rule.literals.find((item) => there.has(item));
    if (rule.kind !== "request" || literal === undefined) return [];
    return [{ request: rule.request, version: formula.versionOf(literal) }];
  });
}

function withReasons(
  universe: Universe,
  { versions, answers }: Extract<Choice, { ok: true }>,
  recommends: boolean,
): ChosenPackage[] {
  const reasons = reasonsIn(universe, versions, answers, recommends);
  return [...versions].sort(compareVersionNames).map((item) => {
    const { name, version, architecture, stanza, origin } = item;
    return { name, version, architecture, stanza, origin, reasons: reasons.get(item) ?? [] };
  });
}

function isMissing(item: {
  request: Request;
  target: Target;
}): item is { request: Request; target: Extract<Target, { missing: string }> } {
  return "missing" in item.target;
}
