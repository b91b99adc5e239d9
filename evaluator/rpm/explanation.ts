// Explanations: why nothing can satisfy what was asked of rpm packages, as a person would argue it.
// Knows how to tell rules that cannot all hold; does not know how they were found.

import { unreachable } from "../../store/model/fault.ts";
import { argued, listed } from "../argument.ts";
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
  const names = universe.names();
  if (names.includes(relation.name))
    return {
      text: `what is said of ${asked} cannot be used`,
      hint: "a warning tells what is wrong with it, or none of its architectures fits",
    };
  const meant = nearest(relation.name, names);
  const hint = meant === undefined ? "add the repository that has it" : `did you mean ${meant}?`;
  return { text: `nothing is called ${asked}, or provides it`, hint };
}

/** @param works whether the rest could be resolved without this request */
export function explainConflict(
  universe: Universe,
  core: readonly Rule[],
  works: (without: Request) => boolean,
): Explanation {
  return argued(core, {
    requestOf: (rule) => (rule.kind === "request" ? rule.request : undefined),
    tell: (rule) => tell(universe, rule),
    hintsFor: (rules) => rules.flatMap((rule) => hintsFor(universe, rule)),
    works,
  });
}

function tell(universe: Universe, rule: Rule): string {
  const those = (sign: 1 | -1) =>
    rule.literals
      .filter((literal) => literal * sign > 0)
      .map((literal) => universe.package(Math.abs(literal)));
  const full = (pkg: Package) => fullName(universe, pkg);
  switch (rule.kind) {
    case "request": {
      if (rule.request.outside) return `${listed(those(1).map(full), "or")} is wanted`;
      return `${rule.request.text} ${whyAsked(rule.request.by)}, which is ${listed(those(1).map(full), "or")}`;
    }
    case "need":
      return tellNeed(universe, rule, those(1), those(-1));
    case "conflict": {
      const others = those(-1).filter((pkg) => pkg !== rule.package);
      const conflicts = `${full(rule.package)} conflicts with ${rule.demand.text}`;
      if (others.length > 0) return `${conflicts}, and so with ${listed(others.map(full))}`;
      const able = listed(those(1).map(full), "or");
      return able === "" ? `${conflicts}, which always holds` : `${conflicts}: there has to be ${able}`;
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

function tellNeed(
  universe: Universe,
  { package: pkg, demand }: Extract<Rule, { kind: "need" }>,
  able: readonly Package[],
  there: readonly Package[],
): string {
  const full = (one: Package) => fullName(universe, one);
  const others = listed(there.filter((one) => one !== pkg).map(full));
  const beside = others === "" ? "" : `, beside ${others}`;
  const what = pkg.standsFor === undefined ? `${full(pkg)} needs ${demand.text}${beside}` : full(pkg);
  if (able.length > 0) {
    const which = listed(able.map(full), "or");
    return pkg.standsFor === undefined ? `${what}: ${which}` : `${what} needs ${which}${beside}`;
  }
  if (others !== "")
    return pkg.standsFor === undefined ? `${what}: nothing would do` : `${what} excludes ${others}`;
  const known = [...simplesOf(demand.relation)].map((simple) => whatThereIs(universe, simple));
  return `${what}, which nothing satisfies: ${[...new Set(known)].join(", ")}`;
}

/** What would have to exist. */
function hintsFor(universe: Universe, rule: Rule): string[] {
  if (rule.kind !== "need" || rule.literals.length > 1 || rule.package.standsFor?.isMet === false) return [];
  const excluded = [...simplesOf(rule.demand.relation)].find(({ name }) => universe.isExcluded(name));
  if (excluded !== undefined) return [`take ${excluded.name} out of what is excluded`];
  return [`add a repository that has ${rule.demand.text}`];
}

/** A need that nothing satisfies. */
export function explainUnmet(
  universe: Universe,
  relation: Package["requires"][number]["relation"],
): Explanation {
  const simples = [...simplesOf(relation)];
  const explanation = [...new Set(simples.map((simple) => whatThereIs(universe, simple)))];
  const [unknown] = simples.filter(({ name }) => universe.providers({ name }).length === 0);
  const meant = unknown && nearest(unknown.name, universe.names());
  return { explanation, ...(meant !== undefined && { hint: `did you mean ${meant}?` }) };
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
  return pkg.standsFor ? pkg.name : `${nameOf(universe, pkg)} ${pkg.version}`;
}

function from(origin: Origin): string {
  return origin === "local" ? "built here" : origin.repository;
}
