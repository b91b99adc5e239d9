// Formulas: all rules that may matter to one resolution, sorted as libsolv sorts them.
// Knows which packages come into question; does not know which are taken.

import { linesOf } from "../deb/stanza.ts";
import { type Block, normalForm } from "./normal.ts";
import type { OwnRule, Package, Ruling } from "./package.ts";
import type { Answers } from "./request.ts";
import { compareKeys, keyOf, lesserRules, type Rule, rulingOf, sortRules } from "./rule.ts";
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
  const requests = answers.flatMap((answer) =>
    blocksFor(universe, answer).map((literals): Rule => {
      return { kind: "request", request: answer.request, literals: [...literals] };
    }),
  );
  const asked = new Set(answers.flatMap(({ packages }) => packages));
  /** With what follows from each. */
  const reached = new Map<Package, Ruling>();
  const ruled = new Set<Package>();
  const lesser: Rule[] = [];
  let sorted: readonly Rule[] | undefined;
  let hasConditions = false;
  /** How often something new came into question. */
  let reaches = 0;

  /** Packages that had not come into question. */
  const reachOnce = (packages: readonly Package[]): Package[] => {
    const fresh: Package[] = [];
    const open = [...packages];
    for (let pkg = open.pop(); pkg !== undefined; pkg = open.pop()) {
      if (reached.has(pkg)) continue;
      const ruling = rulingOf(universe, pkg);
      reached.set(pkg, ruling);
      fresh.push(pkg);
      for (const other of ruling.reaches) if (!reached.has(other)) open.push(other);
    }
    return fresh;
  };

  const reach = (packages: readonly Package[]): Rule[] => {
    let wave = reachOnce(packages);
    const ahead = wave.length > 0 ? aheadAt(reaches++) : 0;
    const fresh = [...wave];
    for (let step = 0; step < ahead && wave.length > 0; step++) {
      wave = reachOnce(wave.flatMap((pkg) => weaklyReached(universe, pkg)));
      for (const pkg of wave) fresh.push(pkg);
    }
    if (fresh.length === 0) return [];
    const more = [...new Set(fresh.map(({ name }) => name))]
      .filter((name) => universe.named(name).length > 1)
      .flatMap(lesserOf)
      .filter((rule) => rule.kind === "lesser" && !ruled.has(rule.package) && ruled.add(rule.package));
    for (const rule of more) lesser.push(rule);
    const rulings = fresh.map((pkg) => rulingOf(universe, pkg));
    hasConditions ||= rulings.some(({ conditional }) => conditional.length > 0);
    // A condition that comes into question moves its rule, which says nothing of who brought it.
    if (hasConditions || more.length > 0 || rulings.some(({ choices }) => choices.length > 0))
      sorted = undefined;
    return [...rulings.flatMap(({ rules }) => rules), ...more];
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
      sorted ??= [...choicesAmong(universe, reached), ...requests, ...lesser];
      return sorted;
    },
  };
}

/**
 * How many steps of what packages recommend come into question with those that have to. Each time all is decided anew,
 * so a long chain is not taken link by link. Few distributions have more steps than these; to look at more than is
 * needed costs time alone.
 */
function aheadAt(reaches: number): number {
  return reaches < 16 ? 0 : 2 ** Math.min(reaches - 16, 30);
}

/** What has a condition is a job of dnf's, `(name if other)`, and as a rule the same. */
function blocksFor(universe: Universe, { request, packages }: Answers): readonly Block[] {
  const { conditional } = request;
  if (conditional !== undefined) return normalForm(universe, conditional);
  return [packages.map(({ number }) => number)];
}

/** Packages that may supplement one that is taken, whether or not all they ask for is there. */
export function supplementersOf(universe: Universe, pkg: Package): readonly Package[] {
  if (pkg.supplementers === undefined) {
    const capabilities = new Set([...pkg.provides.map(({ name }) => name), ...linesOf(pkg.stanza, "Files")]);
    pkg.supplementers = [...capabilities].flatMap((capability) => universe.supplementing(capability));
  }
  return pkg.supplementers;
}

/** Whatever a package's recommendations may come to, and who may supplement it. */
function weaklyReached(universe: Universe, pkg: Package): Package[] {
  const blocks = pkg.recommends.flatMap(({ relation }) => normalForm(universe, relation));
  const positives = blocks.flat().filter((number) => number > 0);
  return [...new Set(positives.map(universe.package)), ...supplementersOf(universe, pkg)];
}

/**
 * As {@link sortRules} sorts all of them. A rule whose only condition is its own package stands with its package and
 * among its rules always at the same place; the few others are sorted for themselves, because a condition that does not
 * come into question counts as the first of all packages, and are put between.
 */
function choicesAmong(universe: Universe, reached: ReadonlyMap<Package, Ruling>): readonly Rule[] {
  const inOrder = [...reached.keys()].filter((pkg) => reached.get(pkg)?.choices.length !== 0);
  inOrder.sort((a, b) => universe.place(b.number) - universe.place(a.number));
  const plain: OwnRule[] = [];
  for (const pkg of inOrder) {
    const ruling = reached.get(pkg);
    if (ruling === undefined) continue;
    // Not before all is reached: each package that comes up anew moves the places of others.
    ruling.choicesInOrder ??= sortRules(ruling.choices, universe.place);
    for (const rule of ruling.choicesInOrder) plain.push(rule);
  }
  const place = (number: number) => (reached.has(universe.package(number)) ? universe.place(number) : 0);
  const conditional = sortRules(
    [...reached.values()].flatMap((ruling) => ruling.conditional),
    place,
  );
  const sorted: Rule[] = [];
  let next = 0;
  for (const rule of conditional) {
    const key = keyOf(rule, place);
    for (let other = plain[next]; other !== undefined; other = plain[++next]) {
      // Most of the time the package alone tells.
      const first = -universe.place(other.package.number) - (key[0] ?? 0);
      if (first > 0 || (first === 0 && compareKeys(keyOf(other, place), key) > 0)) break;
      sorted.push(other);
    }
    sorted.push(rule);
  }
  return [...sorted, ...plain.slice(next)];
}
