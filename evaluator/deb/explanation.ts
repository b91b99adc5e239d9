// Explanations: why nothing can satisfy what was asked, as a person would argue it.
// Knows how to tell rules that cannot all hold; does not know how they were found.

import { unreachable } from "../../store/model/fault.ts";
import { argued, listed } from "../argument.ts";
import { nearest } from "../manifest/nearest.ts";
import { type Explanation, type Origin, whyAsked } from "../resolution.ts";
import type { Formula, Rule } from "./clause.ts";
import { nameOf } from "./closure.ts";
import type { Version } from "./package.ts";
import { formatRelation, type Relation } from "./relation.ts";
import type { Request, Target } from "./request.ts";
import type { Universe } from "./universe.ts";

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
      const names = universe.names();
      if (names.includes(relation.name))
        return {
          text: `what is said of ${asked} cannot be used`,
          hint: "a warning tells what is wrong with it: tell whoever keeps the archive",
        };
      const meant = nearest(relation.name, names);
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

/** @param works whether the set could be resolved without this request */
export function explainConflict(
  universe: Universe,
  formula: Formula,
  core: readonly Rule[],
  works: (without: Request) => boolean,
): Explanation {
  return argued(core, {
    requestOf: (rule) => (rule.kind === "request" ? rule.request : undefined),
    tell: (rule) => tell(universe, formula, rule),
    hintsFor: (rules) => hintsFor(universe, rules),
    works,
  });
}

function tell(universe: Universe, formula: Formula, rule: Rule): string {
  switch (rule.kind) {
    case "request": {
      if (rule.request.outside) return `${full(universe, rule.request.outside)} is wanted`;
      const answers = rule.literals.map((literal) => full(universe, formula.versionOf(literal)));
      const which = answers.length > 0 ? `, which is ${listed(answers, "or")}` : "";
      return `${rule.request.text} ${whyAsked(rule.request.by)}${which}`;
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

/** Alternatives none of which is there, or in no version that would do. */
export function explainUnmet(universe: Universe, alternatives: readonly Relation[]): Explanation {
  const told = alternatives.map((relation) => {
    const explanation = whatThereIs(universe, relation);
    if (universe.isExcluded(relation.name))
      return { explanation, hint: `take ${relation.name} out of what is excluded` };
    const isThere = universe.group(relation.name).length > 0;
    const meant = isThere ? undefined : nearest(relation.name, universe.names());
    return { explanation, hint: meant && `did you mean ${meant}?` };
  });
  const hint = told.flatMap((one) => one.hint ?? [])[0];
  return { explanation: told.map(({ explanation }) => explanation), ...(hint !== undefined && { hint }) };
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
