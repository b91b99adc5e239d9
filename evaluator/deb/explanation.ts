// Explanations: why nothing can satisfy what was asked, as a person would argue it.
// Knows how to tell rules that cannot all hold; does not know how they were found.

import { unreachable } from "../../store/model/fault.ts";
import { nearest } from "../manifest/nearest.ts";
import type { Formula, Rule } from "./clause.ts";
import { nameOf } from "./closure.ts";
import type { Origin, Version } from "./package.ts";
import { formatRelation, type Relation } from "./relation.ts";
import type { Request, Target } from "./request.ts";
import { search } from "./search.ts";
import type { Universe } from "./universe.ts";

export interface Explanation {
  /** One sentence a line, each following from what stands above it. */
  readonly explanation: string[];
  readonly hint?: string;
}

/** Requests that name nothing there is. */
export function explainMissing(
  universe: Universe,
  missing: readonly { readonly request: Request; readonly target: Missing }[],
): Explanation {
  const told = missing.map(({ request, target }) => tellMissing(universe, request, target));
  const hints = new Set(told.flatMap(({ hint }) => (hint === undefined ? [] : [hint])));
  return {
    explanation: told.map(({ text }) => text),
    ...(hints.size > 0 && { hint: [...hints].join("; ") }),
  };
}

type Missing = Extract<Target, { missing: string }>;

function tellMissing(universe: Universe, request: Request, target: Missing): { text: string; hint?: string } {
  const { text, relation, by } = request;
  const asked = by === "base" ? `${text} (of the base)` : text;
  switch (target.missing) {
    case "unknown": {
      const meant = nearest(relation.name, [...universe.names()].sort());
      const hint = meant === undefined ? "add the suite that has it" : `did you mean ${meant}?`;
      return { text: `there is no package ${asked}`, hint };
    }
    case "excluded":
      return {
        text: `${asked} is excluded`,
        hint: `take ${relation.name} out of what is excluded, or do not ask for it`,
      };
    case "no such version":
      return {
        text: `no version is ${formatRelation(relation)}; ${whatThereIs(universe, relation)}`,
        hint: "ask for a version that exists, or add the suite that has the one you want",
      };
    case "no candidate":
      return {
        text: `${asked} may not be installed: every version of it is pinned to zero or below`,
        hint: `raise the priority of a suite or a pin that reaches ${relation.name}`,
      };
    case "several providers":
      return {
        text: `${asked} is a virtual package, provided by ${listed(target.providers)}`,
        hint: `ask for one of the packages that provide ${relation.name}`,
      };
    default:
      return unreachable(target);
  }
}

/**
 * A core as an argument: requests first, then what follows from each.
 *
 * @param works whether the set could be resolved without these requests
 */
export function explainConflict(
  universe: Universe,
  formula: Formula,
  core: readonly Rule[],
  works: (without: Request) => boolean,
): Explanation {
  const rules = inOrder(smallestCore(core));
  const requests = rules.flatMap((rule) => (rule.kind === "request" ? [rule.request] : []));
  const droppable = requests
    .filter((request) => request.by === "request" && requests.length <= mostTried && works(request))
    .map((request) => request.text);
  const hints = hintsFor(universe, rules);
  if (droppable.length > 0) hints.push(`it works without ${listed(droppable, "or")}`);
  return {
    explanation: rules.map((rule) => tell(universe, formula, rule)),
    ...(hints.length > 0 && { hint: hints.join("; ") }),
  };
}

// Each try is a resolution of its own.
const mostTried = 8;
// Each rule costs one small search; larger cores are told as they are.
const largestShrunk = 400;

/** Leaves out every rule the contradiction does not need. */
function smallestCore(core: readonly Rule[]): readonly Rule[] {
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

/** Requests in order, each rule after the one that brings in the version it speaks of. */
function inOrder(rules: readonly Rule[]): Rule[] {
  const ordered = rules
    .filter((rule) => rule.kind === "request")
    .sort((a, b) => compareText(a.request.text, b.request.text));
  const rest = new Set(rules.filter((rule) => rule.kind !== "request"));
  const told: Rule[] = [...ordered];
  const introduced = new Set(ordered.flatMap((rule) => rule.literals));
  while (rest.size > 0) {
    const isReady = (rule: Rule) => rule.literals.every((literal) => literal > 0 || introduced.has(-literal));
    const ready = [...rest].find((rule) => rule.kind === "need" && isReady(rule)) ?? [...rest].find(isReady);
    const [next = ready] = ready === undefined ? rest : [ready];
    if (next === undefined) break;
    rest.delete(next);
    told.push(next);
    for (const literal of next.literals) if (literal > 0) introduced.add(literal);
  }
  return told;
}

function tell(universe: Universe, formula: Formula, rule: Rule): string {
  switch (rule.kind) {
    case "request": {
      if (rule.request.outside) return `${full(universe, rule.request.outside)} is wanted`;
      const why = rule.request.by === "base" ? "is part of the base" : "is asked for";
      const answers = rule.literals.map((literal) => full(universe, formula.versionOf(literal)));
      const which = answers.length > 0 ? `, which is ${listed(answers, "or")}` : "";
      return `${rule.request.text} ${why}${which}`;
    }
    case "need": {
      const able = rule.literals
        .filter((literal) => literal > 0)
        .map((literal) => full(universe, formula.versionOf(literal)));
      const needs = `${full(universe, rule.version)} needs ${rule.demand.text}`;
      if (able.length > 0) return `${needs}: ${listed(able, "or")}`;
      return `${needs}, which nothing satisfies: ${rule.demand.alternatives.map((item) => whatThereIs(universe, item)).join(", ")}`;
    }
    case "clash": {
      if (rule.demand.kind === "Breaks") {
        return `${full(universe, rule.version)} breaks ${rule.demand.text}, and so ${full(universe, rule.other)}`;
      }
      return `${full(universe, rule.version)} conflicts with ${rule.demand.text}, and so with ${full(universe, rule.other)}`;
    }
    case "twice":
      return `${nameOf(universe, rule.version)} can be there once only, as ${rule.version.version} or as ${rule.other.version}`;
    default:
      return unreachable(rule);
  }
}

/** What would have to exist. */
function hintsFor(universe: Universe, rules: readonly Rule[]): string[] {
  return rules.flatMap((rule) => {
    if (rule.kind !== "need" || rule.literals.some((literal) => literal > 0)) return [];
    const excluded = rule.demand.alternatives.find(({ name }) => universe.isExcluded(name));
    if (excluded !== undefined) return [`take ${excluded.name} out of what is excluded`];
    return [`add a suite that has ${rule.demand.text}`];
  });
}

/** The versions of a package, for a reader who expected another one. */
function whatThereIs(universe: Universe, { name }: Relation): string {
  if (universe.isExcluded(name)) return `${name} is excluded`;
  const versions = universe.group(name).flatMap((pkg) => pkg.versions);
  if (versions.length === 0) {
    const providers = universe.satisfiers({ name }, "every").map((version) => full(universe, version));
    return providers.length > 0
      ? `${name} comes only from ${listed(providers)}`
      : `there is no package ${name}`;
  }
  const known = versions.map((version) => `${version.version} (${originText(version.origin)})`);
  return `${name} has ${listed(known)}`;
}

function full(universe: Universe, version: Version): string {
  return `${nameOf(universe, version)} ${version.version}`;
}

function originText(origin: Origin): string {
  return origin === "local" ? "built here" : `${origin.repository} ${origin.suite}`;
}

function listed(items: readonly string[], word = "and"): string {
  const shown = items.length > 6 ? [...items.slice(0, 5), `${items.length - 5} more`] : items;
  return shown.length < 2 ? shown.join("") : `${shown.slice(0, -1).join(", ")} ${word} ${shown.at(-1)}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
