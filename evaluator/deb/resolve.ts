// Resolution: from what is asked for to a closure of packages, or to the reason there is none.
// Knows the order of the ways tried; does not know any way's inside, nor where packages come from.

import { chooseAsApt } from "./choice.ts";
import { type Formula, formulate } from "./clause.ts";
import { type Answer, compareVersionNames, type Reason, reasonsIn, sweep } from "./closure.ts";
import { type Explanation, explainConflict, explainMissing } from "./explanation.ts";
import type { BaseSet, Origin, Version } from "./package.ts";
import { gatherRequests, type Request, type Target, targetOf } from "./request.ts";
import { type Outcome, search } from "./search.ts";
import type { Stanza } from "./stanza.ts";
import type { Universe } from "./universe.ts";

export interface Question {
  /** `name`, `name=version`, `name:arch`, `name (>= 1)`; in any order. */
  readonly requests: readonly string[];
  /** Sets by field of the candidate, or further requests: what every root holds. */
  readonly base: readonly (BaseSet | (string & {}))[];
  readonly recommends: boolean;
}

export interface ResolvedPackage {
  readonly name: string;
  readonly version: string;
  /** As the stanza says; may be `all`. */
  readonly architecture: string;
  readonly stanza: Stanza;
  readonly origin: Origin;
  /** Never empty. `by` is a package's name, `request` or `base`. */
  readonly reasons: readonly Reason[];
}

export type Resolution =
  /** Sorted by name, then architecture. */
  | { readonly ok: true; readonly packages: readonly ResolvedPackage[] }
  | ({ readonly ok: false } & Explanation);

/**
 * What `apt-get --no-install-recommends install` would choose on an empty machine, given the requests and the base
 * sorted by name. Where apt's greedy way ends in a conflict that it cannot mend, a complete search takes over: it prefers candidates to
 * other versions and earlier alternatives to later ones, and what it finds is swept of everything nobody needs.
 * The same for the same universe and question, in whatever order they are given.
 *
 * @throws {Fault} `unresolved/malformed-request`
 */
export function resolve(universe: Universe, question: Question): Resolution {
  const { recommends } = question;
  const requests = gatherRequests(universe, question.requests, question.base);
  const targets = requests.map((request) => ({ request, target: targetOf(universe, request) }));
  const missing = targets.filter(isMissing);
  if (missing.length > 0) return { ok: false, ...explainMissing(universe, missing) };

  const answers = targets.flatMap(({ request, target }): Answer[] =>
    "missing" in target ? [] : [{ request, version: target.version }],
  );
  const wanted = [...new Set(answers.map(({ version }) => version))];
  const chosen = chooseAsApt(universe, wanted, { recommends });
  if (chosen !== undefined) return resolved(universe, chosen, answers, recommends);
  return resolveBySearch(universe, requests, recommends);
}

function resolveBySearch(universe: Universe, requests: readonly Request[], recommends: boolean): Resolution {
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
  return resolved(universe, sweep(universe, chosen, roots, recommends), answers, recommends);
}

function answersAmong(formula: Formula, { chosen }: Extract<Outcome<never>, { chosen: unknown }>): Answer[] {
  const there = new Set(chosen);
  return formula.roots.flatMap((rule): Answer[] => {
    const literal = rule.literals.find((item) => there.has(item));
    if (rule.kind !== "request" || literal === undefined) return [];
    return [{ request: rule.request, version: formula.versionOf(literal) }];
  });
}

function resolved(
  universe: Universe,
  versions: ReadonlySet<Version>,
  answers: readonly Answer[],
  recommends: boolean,
): Resolution {
  const reasons = reasonsIn(universe, versions, answers, recommends);
  const packages = [...versions].sort(compareVersionNames).map((item): ResolvedPackage => {
    const { name, version, architecture, stanza, origin } = item;
    return { name, version, architecture, stanza, origin, reasons: reasons.get(item) ?? [] };
  });
  return { ok: true, packages };
}

function isMissing(item: {
  request: Request;
  target: Target;
}): item is { request: Request; target: Extract<Target, { missing: string }> } {
  return "missing" in item.target;
}
