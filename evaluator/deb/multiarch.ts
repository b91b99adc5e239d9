// Demands where there are several architectures.
// Knows what Multi-Arch adds to the demands of a stanza, and in which order; does not know whom they reach.

import { type Demand, type Described, isNegative } from "./package.ts";
import type { Relation } from "./relation.ts";

/**
 * What a version demands of its own name on others, after what its stanza says.
 *
 * @param architectures native first
 * @param others on which there are packages of its name, too
 */
export function demandsAmong(
  architectures: readonly string[],
  described: Described,
  own: string,
  others: readonly string[],
): readonly Demand[] {
  return [...spreadDemands(described.demands, own, architectures), ...siblingDemands(described, others)];
}

/**
 * The demands of a version where there are several architectures. apt reads the lists of the native one first, where
 * relations reach only what there is by then, and what they reach later comes after the others.
 *
 * @param architectures native first
 */
function spreadDemands(
  demands: readonly Demand[],
  own: string,
  architectures: readonly string[],
): readonly Demand[] {
  const [native, ...foreign] = architectures;
  if (foreign.length === 0) return demands;
  const isSpread = (demand: Demand): boolean =>
    isNegative(demand) && demand.alternatives.every(({ architecture }) => architecture === undefined);
  const on = (demand: Demand, each: readonly string[]): Demand[] =>
    isSpread(demand) ? each.map((architecture) => ({ ...demand, on: architecture })) : [demand];
  if (own !== native) return demands.flatMap((demand) => on(demand, architectures));
  return [
    ...demands.flatMap((demand) => on(demand, [native])),
    ...foreign.flatMap((other) => demands.filter(isSpread).flatMap((demand) => on(demand, [other]))),
  ];
}

/** What a version demands of its own name on other architectures: be Multi-Arch: same and equal, or be absent. */
function siblingDemands(described: Described, others: readonly string[]): Demand[] {
  const { name, version, multiArch } = described;
  return others.flatMap((architecture): Demand[] => {
    const sibling: Relation = { name, architecture };
    if (multiArch !== "same") {
      return [
        { kind: "Conflicts", text: `${name}:${architecture}`, alternatives: [sibling], implicit: true },
      ];
    }
    return (["<<", ">>"] as const).map((operator) => ({
      kind: "Breaks",
      text: `${name}:${architecture} (${operator} ${version})`,
      alternatives: [{ ...sibling, operator, version }],
      implicit: true,
    }));
  });
}
