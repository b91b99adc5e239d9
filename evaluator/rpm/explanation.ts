// Explanations: why nothing can satisfy what was asked of rpm packages, as a person would argue it.
// Knows how to tell rules that cannot all hold; does not know how they were found.

import { unreachable } from "../../store/model/fault.ts";
import { argumentOf, listed } from "../argument.ts";
import { nearest } from "../manifest/nearest.ts";
import { type Explanation, type Origin, whyAsked } from "../resolution.ts";
import { comparePackages, nameOf } from "./closure.ts";
import type { Package } from "./package.ts";
import { formatRelation, type Relation, type Simple, simplesOf } from "./relation.ts";
import type { Request } from "./request.ts";
import type { Rule } from "./rule.ts";
import type { Universe } from "./universe.ts";

/** Requests that name nothing there is. */
export function explainMissing(universe: Universe, missing: readonly Request[]): Explanation {
  const told = missing.map((request) => tellMissing(universe, request));
  return {
    explanation: told.map(({ text }) => text),
    hint: [...new Set(told.map(({ hint }) => hint))].join("; "),
  };
}

function tellMissing(universe: Universe, { text, relation, by }: Request): { text: string; hint: string } {
  const asked = by === "base" ? `${text} (of the base)` : text;
  if (universe.isExcluded(relation.name)) {
    const hint = `take ${relation.name} out of what is excluded, or do not ask for it`;
    return { text: `${asked} is excluded`, hint };
  }
  if (universe.providers({ name: relation.name }).length > 0) {
    return {
      text: `no version is ${formatRelation(relation)}; ${whatThereIs(universe, relation)}`,
      hint: "ask for a version that exists, or add the repository that has the one you want",
    };
  }
  const names = new Set(universe.names());
  if (names.has(relation.name))
    return {
      text: `what is said of ${asked} cannot be used`,
      hint: "a warning tells what is wrong with it, or none of its architectures fits",
    };
  const meant = nearest(relation.name, [...names].sort());
  const hint = meant === undefined ? "add the repository that has it" : `did you mean ${meant}?`;
  return { text: `nothing is called ${asked}, or provides it`, hint };
}

/**
 * A core as an argument: requests first, then what follows from each.
 *
 * @param works whether the rest could be resolved without this request
 */
export function explainConflict(
  universe: Universe,
  core: readonly Rule[],
  works: (without: Request) => boolean,
): Explanation {
  const rules = argumentOf(core, (rule) => (rule.kind === "request" ? rule.request.text : ""));
  const requests = rules.flatMap((rule) => (rule.kind === "request" ? [rule.request] : []));
  const droppable = requests
    .filter((request) => request.by === "request" && requests.length <= mostTried && works(request))
    .map((request) => request.text);
  const hints = [...new Set(rules.flatMap((rule) => hintsFor(universe, rule)))];
  if (droppable.length > 0) hints.push(`it works without ${listed(droppable, "or")}`);
  return {
    explanation: rules.map((rule) => tell(universe, rule)),
    ...(hints.length > 0 && { hint: hints.join("; ") }),
  };
}

// Each try is a resolution of its own.
const mostTried = 8;

function tell(universe: Universe, rule: Rule): string {
  const those = (sign: 1 | -1) =>
    rule.literals
      .filter((literal) => literal * sign > 0)
      .map((literal) => universe.package(Math.abs(literal)));
  const full = (pkg: Package) => fullName(universe, pkg);
  switch (rule.kind) {
    case "request": {
      return `${rule.request.text} ${whyAsked(rule.request.by)}, which is ${listed(those(1).map(full), "or")}`;
    }
    case "need": {
      const others = those(-1).filter((pkg) => pkg !== rule.package);
      const beside = others.length > 0 ? `, beside ${listed(others.map(full))}` : "";
      const needs = `${full(rule.package)} needs ${rule.demand.text}${beside}`;
      const able = those(1);
      if (able.length > 0) return `${needs}: ${listed(able.map(full), "or")}`;
      if (others.length > 0) return `${needs}: nothing would do`;
      const known = [...simplesOf(rule.demand.relation)].map((simple) => whatThereIs(universe, simple));
      return `${needs}, which nothing satisfies: ${[...new Set(known)].join(", ")}`;
    }
    case "conflict": {
      const others = those(-1).filter((pkg) => pkg !== rule.package);
      return `${full(rule.package)} conflicts with ${rule.demand.text}, and so with ${listed(others.map(full))}`;
    }
    case "obsolete":
      return `${full(rule.package)} obsoletes ${rule.demand.text}, and so ${full(rule.other)}`;
    case "twice": {
      const pair = [rule.package, rule.other].sort(comparePackages);
      const [a, b] = pair.map(({ version, architecture }) => `${version}.${architecture}`);
      return `${rule.package.name} can be there once only, as ${a} or as ${b}`;
    }
    case "lesser":
      return `${full(rule.package)} may only stand beside the same version for ${rule.better.architecture}`;
    default:
      return unreachable(rule);
  }
}

/** What would have to exist. */
function hintsFor(universe: Universe, rule: Rule): string[] {
  if (rule.kind !== "need" || rule.literals.length > 1) return [];
  const excluded = [...simplesOf(rule.demand.relation)].find(({ name }) => universe.isExcluded(name));
  if (excluded !== undefined) return [`take ${excluded.name} out of what is excluded`];
  return [`add a repository that has ${rule.demand.text}`];
}

/** The versions of a package, for a reader who expected another one. */
function whatThereIs(universe: Universe, { name }: Simple): string {
  if (universe.isExcluded(name)) return `${name} is excluded`;
  const versions = universe.named(name).toReversed();
  if (versions.length > 0) {
    const known = versions.map(
      ({ version, architecture, origin }) => `${version}.${architecture} (${from(origin)})`,
    );
    return `${name} has ${listed(known)}`;
  }
  const providers = universe.providers({ name } satisfies Relation).map((pkg) => fullName(universe, pkg));
  return providers.length > 0 ? `${name} comes only from ${listed(providers)}` : `nothing provides ${name}`;
}

function fullName(universe: Universe, pkg: Package): string {
  return `${nameOf(universe, pkg)} ${pkg.version}`;
}

function from(origin: Origin): string {
  return origin === "local" ? "built here" : origin.repository;
}
