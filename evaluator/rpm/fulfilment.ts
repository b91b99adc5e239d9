// Fulfilment: whether a relation holds among the packages taken so far, and whom their weak relations favour.
// Knows the meaning of relations over a set; does not know how the set came about.

import { normalForm } from "./normal.ts";
import type { Demand, Package } from "./package.ts";
import { isRich, type Relation } from "./relation.ts";
import type { Universe } from "./universe.ts";

/** What is taken at the moment. */
export interface Taken {
  /** Packages in the order they were taken. */
  packages(): readonly Package[];
  /** Whether something taken would like one of its weak relations to be met by the package. */
  isWanted(kind: "recommends" | "suggests", pkg: Package): boolean;
  /** True for what is taken, false for what is ruled out, undefined while it is open. */
  value(pkg: Package): boolean | undefined;
}

/** Whether a relation is met (`solver_dep_fulfilled`). */
export function isFulfilled(universe: Universe, taken: Taken, relation: Relation): boolean {
  return degreeOf(universe, taken, relation) > 0;
}

/**
 * Whether a relation is met by something that is there, and not only because its condition does not hold: what
 * `Supplements` must be to pull a package in (`solver_is_supplementing_alreadyinstalled`).
 */
export function isMetByPackage(universe: Universe, taken: Taken, relation: Relation): boolean {
  return degreeOf(universe, taken, relation) === 2;
}

/** 0: not met. 1: met for lack of a condition. 2: met by a package (`solver_dep_fulfilled_complex_func`). */
function degreeOf(universe: Universe, taken: Taken, relation: Relation): 0 | 1 | 2 {
  const degree = (part: Relation) => degreeOf(universe, taken, part);
  if (isRich(relation)) {
    switch (relation.kind) {
      case "and": {
        const degrees = relation.operands.map(degree);
        return degrees.includes(0) ? 0 : highest(degrees);
      }
      case "or":
        return highest(relation.operands.map(degree));
      case "if":
      case "unless": {
        const { kind, wanted, condition, otherwise } = relation;
        const held = degree(condition);
        if (otherwise !== undefined) {
          const part = degree(held > 0 === (kind === "if") ? wanted : otherwise);
          return held === 2 && part > 0 ? 2 : part;
        }
        if (kind === "if") return highest([degree(wanted), held > 0 ? 0 : 1]);
        return held > 0 ? 0 : degree(wanted);
      }
      case "with":
      case "without":
        break;
    }
  }
  return universe.providers(relation).some((pkg) => taken.value(pkg) === true) ? 2 : 0;
}

function highest(degrees: readonly (0 | 1 | 2)[]): 0 | 1 | 2 {
  return degrees.includes(2) ? 2 : degrees.includes(1) ? 1 : 0;
}

/** Whether one of a package's own weak relations towards others is met: `Supplements`, or `Enhances`. */
export function isCalledFor(universe: Universe, taken: Taken, demands: readonly Demand[]): boolean {
  return demands.some(({ relation }) => isFulfilled(universe, taken, relation));
}

/** Packages by which weak relations could be met, as far as their conditions hold (`check_complex_dep`). */
export function wantedBy(
  universe: Universe,
  value: Taken["value"],
  demands: readonly Demand[],
): readonly Package[] {
  return demands.flatMap(({ relation }) => choicesOf(universe, value, relation).flat());
}

/**
 * Packages by which a relation could be met, part by part: each is a choice of its own. With `isMet: false`, packages by which a relation could be kept
 * from being met, as a rich conflict asks.
 */
export function choicesOf(
  universe: Universe,
  value: Taken["value"],
  relation: Relation,
  isMet = true,
): readonly (readonly Package[])[] {
  if (!isRich(relation)) return isMet ? [universe.providers(relation)] : [];
  return normalForm(universe, relation, isMet).flatMap((block) => {
    const isOpen = block.every((number) => number > 0 || value(universe.package(-number)) === true);
    return isOpen ? [block.flatMap((number) => (number > 0 ? [universe.package(number)] : []))] : [];
  });
}

/** Whether a variable for a part of a relation is true of what is taken already, so that it may be taken for nothing. */
export function isHeld(universe: Universe, value: Taken["value"], { standsFor }: Package): boolean {
  const holds = (number: number): boolean => {
    const pkg = universe.package(Math.abs(number));
    if (number < 0) return value(pkg) !== true;
    return value(pkg) === true || isHeld(universe, value, pkg);
  };
  return standsFor?.blocks.every((block) => block.some(holds)) ?? false;
}

/** Packages alone: in place of a variable for a part of a relation what the part names, where it holds. */
export function packagesBehind(
  universe: Universe,
  value: Taken["value"],
  packages: readonly Package[],
): readonly Package[] {
  if (packages.every(({ standsFor }) => standsFor === undefined)) return packages;
  return packages.flatMap((pkg) => {
    if (pkg.standsFor === undefined) return [pkg];
    if (!isHeld(universe, value, pkg)) return [];
    const named = pkg.standsFor.blocks.flat().filter((number) => number > 0);
    return packagesBehind(universe, value, [...new Set(named)].map(universe.package));
  });
}
