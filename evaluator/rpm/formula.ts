// Formulas: all rules that may matter to one resolution, sorted as libsolv sorts them.
// Knows which packages come into question; does not know which are taken.

import type { Package } from "./package.ts";
import type { Answers } from "./request.ts";
import { lesserRules, type Rule, rulesOf } from "./rule.ts";
import type { Universe } from "./universe.ts";

/**
 * Grows: a package that comes into question brings along everything it may need, as libsolv's
 * `solver_addpkgrulesforsolvable` does, but for what is only recommended, which is left until it is. libsolv takes in all
 * of that from the start, most of a distribution. The choice differs in one case, which no sane repository has: where a
 * package exists in different versions for different architectures, and the better one could come in by a recommendation
 * only, libsolv rules out the lesser one from the start.
 */
export interface Formula {
  /** One for each request, in order. */
  readonly requests: readonly Rule[];
  /** Rules with a choice in them, in the order in which libsolv goes over them. */
  choices(): readonly Rule[];
  /** New rules that packages bring along; none for those that came into question before. */
  reach(packages: readonly Package[]): Rule[];
}

export function formulate(universe: Universe, answers: readonly Answers[]): Formula {
  const requests = answers.map(
    ({ request, packages }): Rule => ({
      kind: "request",
      request,
      literals: packages.map(({ number }) => number),
    }),
  );
  const asked = new Set(answers.flatMap(({ packages }) => packages));
  const reached = new Set<Package>();
  const ruled = new Set<Package>();
  const own: Rule[] = [];
  const lesser: Rule[] = [];
  let sorted: readonly Rule[] | undefined;

  const reach = (packages: readonly Package[]): Rule[] => {
    const before = reached.size;
    const rules: Rule[] = [];
    const open = [...packages];
    const names = new Set<string>();
    for (let pkg = open.pop(); pkg !== undefined; pkg = open.pop()) {
      if (reached.has(pkg)) continue;
      reached.add(pkg);
      names.add(pkg.name);
      for (const rule of rulesOf(universe, pkg)) {
        rules.push(rule);
        open.push(...positives(universe, rule));
      }
      open.push(...betterTwins(universe, pkg));
    }
    if (reached.size === before) return [];
    own.push(...rules);
    const more = [...names]
      .flatMap(lesserOf)
      .filter((rule) => rule.kind === "lesser" && !ruled.has(rule.package) && ruled.add(rule.package));
    lesser.push(...more);
    sorted = undefined;
    return [...rules, ...more];
  };

  /** None for what is asked for: who may have a lesser architecture takes what suits (`DISABLE_INFARCH`). */
  const lesserOf = (name: string): Rule[] => {
    const rules = lesserRules(
      universe,
      universe.named(name).filter((pkg) => reached.has(pkg)),
    );
    return rules.some((rule) => rule.kind === "lesser" && asked.has(rule.package)) ? [] : rules;
  };

  return {
    requests,
    reach,
    choices() {
      sorted ??= [...sortRules(own.filter(isChoice), ranksOf(universe, reached)), ...requests, ...lesser];
      return sorted;
    },
  };
}

/** Packages that may supplement one that is taken, whether or not all they ask for is there. */
export function supplementersOf(universe: Universe, pkg: Package, files: readonly string[]): Package[] {
  const capabilities = new Set([...pkg.provides.map(({ name }) => name), ...files]);
  return [...capabilities].flatMap((capability) => universe.supplementing(capability));
}

function positives(universe: Universe, { literals }: Rule): Package[] {
  return literals.flatMap((literal) => (literal > 0 ? [universe.package(literal)] : []));
}

/** The same version for a better architecture, or for every one, which a lesser one may have to stand beside. */
function betterTwins(universe: Universe, pkg: Package): Package[] {
  const rank = universe.architectures.rank(pkg.architecture);
  if (rank === undefined || rank === 0) return [];
  return universe.named(pkg.name).filter((other) => {
    const otherRank = universe.architectures.rank(other.architecture);
    return other.version === pkg.version && (otherRank === undefined || otherRank < rank);
  });
}

function isChoice({ literals }: Rule): boolean {
  return literals.filter((literal) => literal > 0).length > 1;
}

/** Each package's place, from 1. */
function ranksOf(universe: Universe, packages: Iterable<Package>): ReadonlyMap<number, number> {
  return new Map([...packages].sort(universe.compare).map(({ number }, i) => [number, i + 1]));
}

/**
 * By their literals, read as numbers in ascending order (`unifyrules_sortcmp`): what the last package needs comes
 * first, and of one package's needs the one whose first provider comes first.
 */
function sortRules(rules: readonly Rule[], ranks: ReadonlyMap<number, number>): Rule[] {
  const keyed = rules.map((rule) => ({
    rule,
    key: rule.literals
      .map((literal) => Math.sign(literal) * (ranks.get(Math.abs(literal)) ?? 0))
      .sort((a, b) => a - b),
  }));
  return keyed.sort((a, b) => compareKeys(a.key, b.key)).map(({ rule }) => rule);
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = (a[i] ?? 0) - (b[i] ?? 0);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
