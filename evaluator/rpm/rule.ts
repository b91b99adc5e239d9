// Rules: what a package's own relations demand of all others, as clauses.
// Knows libsolv's package rules; does not know which rules a resolution needs, nor in which order it decides.

import { faultsOf } from "../../store/model/fault.ts";
import type { Clause } from "../search.ts";
import { type Block, normalForm } from "./normal.ts";
import { type Demand, isNamedBy, type Package } from "./package.ts";
import { isRich } from "./relation.ts";
import type { Request } from "./request.ts";
import type { Universe } from "./universe.ts";

/** A clause over package numbers, and what it says in the world of packages. */
export type Rule = Clause &
  (
    | { readonly kind: "request"; readonly request: Request }
    /** What stands as positive literals meets it, while every other negated package is there too. */
    | { readonly kind: "need"; readonly package: Package; readonly demand: Demand }
    | { readonly kind: "conflict"; readonly package: Package; readonly demand: Demand }
    | {
        readonly kind: "obsolete";
        readonly package: Package;
        readonly demand: Demand;
        readonly other: Package;
      }
    | { readonly kind: "twice"; readonly package: Package; readonly other: Package }
    /** A lesser architecture, only beside the same version of a better one. */
    | { readonly kind: "lesser"; readonly package: Package; readonly better: Package }
  );

/** Everything a package says by itself (libsolv's `solver_addpkgrulesforsolvable`). */
export function rulesOf(universe: Universe, pkg: Package): Rule[] {
  return [
    ...pkg.requires.flatMap((demand) => needRules(universe, pkg, demand)),
    ...pkg.conflicts.flatMap((demand) => conflictRules(universe, pkg, demand)),
    ...pkg.obsoletes.flatMap((demand) => obsoleteRules(universe, pkg, demand)),
    ...twiceRules(universe, pkg),
  ];
}

/** What a package provides itself it need not be given. */
function needRules(universe: Universe, pkg: Package, demand: Demand): Rule[] {
  return blocksOf(universe, demand, true).flatMap((block): Rule[] => {
    if (block.includes(pkg.number)) return [];
    return [{ kind: "need", package: pkg, demand, literals: joined(pkg, block) }];
  });
}

/** Nobody conflicts with himself by what he provides. */
function conflictRules(universe: Universe, pkg: Package, demand: Demand): Rule[] {
  return blocksOf(universe, demand, false).flatMap((block): Rule[] => {
    const isSelf = block.length === 1 && block[0] === -pkg.number;
    if (isSelf || block.includes(pkg.number)) return [];
    return [{ kind: "conflict", package: pkg, demand, literals: joined(pkg, block) }];
  });
}

/** Obsoletes reach packages by their own name, not by what they provide. */
function obsoleteRules(universe: Universe, pkg: Package, demand: Demand): Rule[] {
  if (isRich(demand.relation)) return [];
  return universe.named(demand.relation.name).flatMap((other): Rule[] => {
    if (other === pkg || !isNamedBy(other, demand.relation)) return [];
    return [{ kind: "obsolete", package: pkg, demand, other, literals: [-pkg.number, -other.number] }];
  });
}

/** One of a name, but for architectures of other width, and versions of what is never replaced. */
function twiceRules(universe: Universe, pkg: Package): Rule[] {
  return universe.named(pkg.name).flatMap((other): Rule[] => {
    if (other === pkg || !universe.architectures.shareFiles(pkg.architecture, other.architecture)) return [];
    const isSame = pkg.version === other.version && pkg.architecture === other.architecture;
    if (pkg.installOnly && !isSame) return [];
    return [{ kind: "twice", package: pkg, other, literals: [-pkg.number, -other.number] }];
  });
}

/**
 * Of one name the best architecture among those that come into question is taken; a lesser one may only stand beside
 * the same version of it (`solver_addinfarchrules`).
 *
 * @param group packages of one name that come into question
 */
export function lesserRules(universe: Universe, group: readonly Package[]): Rule[] {
  const rankOf = ({ architecture }: Package) => universe.architectures.rank(architecture);
  const best = group.reduce<Package | undefined>((found, pkg) => {
    const rank = rankOf(pkg);
    if (rank === undefined) return found;
    return found === undefined || rank < (rankOf(found) ?? 0) ? pkg : found;
  }, undefined);
  if (best === undefined) return [];
  const isLesser = (pkg: Package) => ![undefined, rankOf(best)].includes(rankOf(pkg));
  return group.filter(isLesser).map((pkg): Rule => {
    const beside = universe
      .named(pkg.name)
      .filter((other) => other.version === pkg.version && other !== pkg && !isLesser(other));
    return {
      kind: "lesser",
      package: pkg,
      better: best,
      literals: [-pkg.number, ...beside.map(({ number }) => number)],
    };
  });
}

/** A demand too intricate to be read can be met by nobody. */
function blocksOf(universe: Universe, demand: Demand, isMet: boolean): readonly Block[] {
  try {
    return normalForm(universe, demand.relation, isMet);
  } catch (error) {
    if (faultsOf(error).length === 0) throw error;
    return [[]];
  }
}

function joined(pkg: Package, block: Block): number[] {
  return [...new Set([-pkg.number, ...block])];
}
