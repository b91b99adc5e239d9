// Arguments: a contradiction made short, and put in an order a person can follow.
// Knows clauses and which of them are requests; does not know what else they say.

import type { Clause } from "./engine.ts";
import { Places } from "./places.ts";
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
  return { explanation: abridged(rules, tell), ...(hints.size > 0 && { hint: [...hints].join("; ") }) };
}

// Each try is a resolution of its own.
const mostTried = 8;

/** An argument in sentences. Nobody follows one of a thousand steps: of such a one the beginning and the end are told. */
function abridged<R>(rules: readonly R[], tell: (rule: R) => string): string[] {
  const between = rules.length - 2 * mostTold;
  if (between <= 1) return rules.map(tell);
  return [
    ...rules.slice(0, mostTold).map(tell),
    `and so on, ${between} steps`,
    ...rules.slice(-mostTold).map(tell),
  ];
}

const mostTold = 100;

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
  const rest = rules.filter((rule) => rule.kind !== "request");
  const introduced = new Set(told.flatMap((rule) => rule.literals));
  /** By what a rule speaks of and nobody has introduced: its places. */
  const waiting = new Map<number, number[]>();
  const open = new Places(rest.length);
  const [needs, others] = [new Places(rest.length), new Places(rest.length)];
  const makeReady = (place: number) => (rest[place]?.kind === "need" ? needs : others).add(place);
  const lacking = rest.map(({ literals }, place) => {
    open.add(place);
    const unknown = new Set(literals.filter((literal) => literal < 0 && !introduced.has(-literal)));
    for (const literal of unknown) {
      const known = waiting.get(-literal);
      if (known === undefined) waiting.set(-literal, [place]);
      else known.push(place);
    }
    if (unknown.size === 0) makeReady(place);
    return unknown.size;
  });
  const first = (places: Places) => places.first(0, rest.length, () => true);
  for (;;) {
    const place = first(needs) ?? first(others) ?? first(open);
    const next = place === undefined ? undefined : rest[place];
    if (place === undefined || next === undefined) return told;
    for (const places of [needs, others, open]) places.delete(place);
    told.push(next);
    for (const literal of next.literals) {
      if (literal < 0 || introduced.has(literal)) continue;
      introduced.add(literal);
      for (const other of waiting.get(literal) ?? []) {
        lacking[other] = (lacking[other] ?? 0) - 1;
        if (lacking[other] === 0 && open.has(other)) makeReady(other);
      }
    }
  }
}
