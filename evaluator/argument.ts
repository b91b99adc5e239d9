// Arguments: a contradiction made short, and put in an order a person can follow.
// Knows clauses and which of them are requests; does not know what they say.

import type { Clause } from "./engine.ts";
import { search } from "./search.ts";

/** A clause with its kind; those a search began with are of the kind `request`. */
export type Kinded = Clause & { readonly kind: string };

/** Leaves out every rule the contradiction does not need; what is left is requests first, then what follows from each. */
export function argumentOf<R extends Kinded>(core: readonly R[], textOfRequest: (rule: R) => string): R[] {
  return inOrder(smallestCore(core), textOfRequest);
}

/** `a, b and c`, at most six of them. */
export function listed(items: readonly string[], word = "and"): string {
  const shown = items.length > 6 ? [...items.slice(0, 5), `${items.length - 5} more`] : items;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} ${word} ${shown.at(-1)}`;
}

// Each rule costs one small search; larger cores are told as they are.
const largestShrunk = 400;

function smallestCore<R extends Kinded>(core: readonly R[]): readonly R[] {
  let rules = core;
  if (rules.length > largestShrunk) return rules;
  for (const rule of core) {
    if (!rules.includes(rule)) continue;
    const outcome = search(
      rules.filter((other) => other !== rule),
      () => ({ clauses: [], wishes: [] }),
    );
    if ("core" in outcome) rules = outcome.core;
  }
  return rules;
}

/** Requests in order, each rule after the one that brings in what it speaks of; needs before clashes. */
function inOrder<R extends Kinded>(rules: readonly R[], textOfRequest: (rule: R) => string): R[] {
  const told = rules
    .filter((rule) => rule.kind === "request")
    .sort((a, b) => compareText(textOfRequest(a), textOfRequest(b)));
  const rest = new Set(rules.filter((rule) => rule.kind !== "request"));
  const introduced = new Set(told.flatMap((rule) => rule.literals));
  while (rest.size > 0) {
    const isReady = (rule: R) => rule.literals.every((literal) => literal > 0 || introduced.has(-literal));
    const ready = [...rest].find((rule) => rule.kind === "need" && isReady(rule)) ?? [...rest].find(isReady);
    const [next = ready] = ready === undefined ? rest : [ready];
    if (next === undefined) break;
    rest.delete(next);
    told.push(next);
    for (const literal of next.literals) if (literal > 0) introduced.add(literal);
  }
  return told;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
