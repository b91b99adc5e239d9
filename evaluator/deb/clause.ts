// Clauses: what packages demand, as logic.
// Knows how demands become clauses and what each stands for; does not know how they are solved.

import type { Clause } from "../engine.ts";
import type { Expansion } from "../search.ts";
import { allReachedBy } from "./demand.ts";
import { type Demand, isHard, isNegative, type Version } from "./package.ts";
import { rankedProviders } from "./provider.ts";
import { type Request, targetOf } from "./request.ts";
import type { Universe } from "./universe.ts";

/** A clause and what it says in the world of packages. */
export type Rule = Clause &
  (
    | { readonly kind: "request"; readonly request: Request }
    /** The version needs one of those that stand as positive literals. */
    | { readonly kind: "need"; readonly version: Version; readonly demand: Demand }
    | { readonly kind: "clash"; readonly version: Version; readonly demand: Demand; readonly other: Version }
    /** Two versions of one package. */
    | { readonly kind: "twice"; readonly version: Version; readonly other: Version }
  );

/** The rules of one resolution; each version that appears gets a variable. */
export interface Formula {
  readonly roots: readonly Rule[];
  expand(variable: number): Expansion<Rule>;
  /** @throws {RangeError} on a number that no rule holds */
  versionOf(variable: number): Version;
}

/**
 * Candidates stand before other versions, so that what apt would take is tried first; versions pinned to zero or
 * below take part only where a request names them.
 */
export function formulate(universe: Universe, requests: readonly Request[], recommends: boolean): Formula {
  const variables = new Map<Version, number>();
  const versions: Version[] = [];
  const variableOf = (version: Version): number => {
    const known = variables.get(version);
    if (known !== undefined) return known;
    versions.push(version);
    variables.set(version, versions.length);
    return versions.length;
  };
  const versionOf = (variable: number): Version => {
    const version = versions[variable - 1];
    if (version === undefined) throw new RangeError(`no version has the number ${variable}`);
    return version;
  };

  const admitted = new Set<Version>();
  const isAdmitted = (version: Version): boolean => version.priority > 0 || admitted.has(version);
  const answers = requests.map((request) => {
    const answer = answersTo(universe, request);
    if (answer[0] !== undefined) admitted.add(answer[0]);
    return { request, answer };
  });
  const roots = answers.map(
    ({ request, answer }): Rule => ({
      kind: "request",
      request,
      literals: answer.filter(isAdmitted).map(variableOf),
    }),
  );

  const satisfying = (version: Version, demand: Demand): Version[] => {
    const ranked = (admit: (other: Version) => boolean) =>
      rankedProviders(universe, version, demand, () => false, admit);
    const isCandidate = (other: Version) => other.package.candidate === other;
    return [
      ...new Set([...ranked(isCandidate), ...ranked((other) => !isCandidate(other) && isAdmitted(other))]),
    ];
  };

  const expand = (variable: number): Expansion<Rule> => {
    const version = versionOf(variable);
    const clauses: Rule[] = [];
    const wishes: number[][] = [];
    for (const other of version.package.versions) {
      if (other === version || !isAdmitted(other)) continue;
      clauses.push({ kind: "twice", version, other, literals: [-variable, -variableOf(other)] });
    }
    for (const demand of version.demands) {
      if (isNegative(demand)) {
        for (const other of allReachedBy(universe, version, demand).filter(isAdmitted)) {
          clauses.push({ kind: "clash", version, demand, other, literals: [-variable, -variableOf(other)] });
        }
        continue;
      }
      const able = satisfying(version, demand);
      if (able.includes(version)) continue;
      if (isHard(demand)) {
        clauses.push({ kind: "need", version, demand, literals: [-variable, ...able.map(variableOf)] });
      } else if (recommends && demand.kind === "Recommends") {
        wishes.push(able.map(variableOf));
      }
    }
    return { clauses, wishes };
  };
  return { roots, expand, versionOf };
}

/** What would answer a request: apt's own choice, then every other version of that package that fits. */
function answersTo(universe: Universe, request: Request): Version[] {
  const target = targetOf(universe, request);
  if ("missing" in target) return [];
  const fitting = universe.satisfiers(request.relation, target.package.architecture);
  const others = target.package.versions.filter(
    (version) => version !== target.version && fitting.includes(version),
  );
  return [target.version, ...others];
}
