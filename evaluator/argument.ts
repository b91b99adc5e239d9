// Arguments: a contradiction made short, and put in an order a person can follow.
// Knows clauses and which of them are requests; does not know what else they say.

import type { Clause } from "./engine.ts";
import type { Asker, Explanation } from "./resolution.ts";
import { search } from "./search.ts";
import { compareText } from "./text.ts";

/** A clause with its kind; those a search began with are of the kind `request`. */
export type Kinded = Clause & { readonly kind: string };

/** What a format has to say. */
export interface Telling<R, Q> {
  /** The request that a rule stands for; undefined of other kinds. */
  readonly requestOf: (rule: R) => Q | undefined;
  readonly tell: (rule: R) => string;
  /** What would have to exist. */
  readonly hintsFor: (rules: readonly R[]) => readonly string[];
  /** Whether the rest could be resolved without this request. */
  readonly works: (without: Q) => boolean;
}

/** A core as an argument: requests first, then what follows from each, and nothing the contradiction does not need. */
export function argued<
  R extends Kinded,
  Q extends { readonly text: string; readonly by: Asker; readonly outside?: unknown },
>(core: readonly R[], { requestOf, tell, hintsFor, works }: Telling<R, Q>): Explanation {
  const rules = inOrder(smallestCore(core), (rule) => requestOf(rule)?.text ?? "");
  const requests = rules.flatMap((rule) => requestOf(rule) ?? []);
  const droppable = requests
    .filter(
      (request) =>
        request.by === "request" && !request.outside && requests.length <= mostTried && works(request),
    )
    .map((request) => request.text);
  const hints = new Set(hintsFor(rules));
  if (droppable.length > 0) hints.add(`it works without ${listed(droppable, "or")}`);
  return { explanation: rules.map(tell), ...(hints.size > 0 && { hint: [...hints].join("; ") }) };
}

// Each try is a resolution of its own.
const mostTried = 8;

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
