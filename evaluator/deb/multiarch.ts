// Demands where there are several architectures.
// Knows what Multi-Arch adds to the demands of a stanza, and in which order; does not know whom they reach.

import { type Demand, type Described, isNegative, type Version } from "./package.ts";
import type { Relation } from "./relation.ts";
import type { Spoken } from "./spoken.ts";

/**
 * What a version demands, and of its own name on others after what its stanza says.
 *
 * @param architectures native first
 * @param others on which there are packages of its name, too
 */
export function demandsAmong(
  architectures: readonly string[],
  described: Described,
  others: readonly string[],
): readonly Demand[] {
  return [...spreadDemands(described.demands, architectures), ...siblingDemands(described, others)];
}

/** Each clash once for every architecture, the native one first. */
function spreadDemands(demands: readonly Demand[], architectures: readonly string[]): readonly Demand[] {
  if (architectures.length === 1) return demands;
  const isSpread = (demand: Demand): boolean =>
    isNegative(demand) && demand.alternatives.every(({ architecture }) => architecture === undefined);
  return demands.flatMap((demand) =>
    isSpread(demand) ? architectures.map((on) => ({ ...demand, on })) : [demand],
  );
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

/**
 * The demands of a version in the order in which apt's cache has them. A clash with a name is there at once for each
 * architecture that has the name by then, the first to have it first; for another it comes when that comes, behind all
 * that the stanza says (`pkgCacheListParser::NewDepends` and `pkgCacheGenerator::NewPackage` of apt 2.6 and 3.0,
 * pkgcachegen.cc). So does what is demanded of the version's own name (`AddImplicitDepends`).
 */
export function demandsAsRead(version: Version, native: string, spoken: Spoken): readonly Demand[] {
  const reading = spoken.readingOf(version) ?? { from: never, to: never };
  let moment = reading.from;
  let next = moment + 1;
  const placed = version.demands.map((demand): Placed => {
    const [{ name, architecture = "" } = { name: "" }] = demand.alternatives;
    if (demand.implicit) {
      const filled = spoken.filledSince(name, architecture) ?? never;
      return { demand, moment: never, since: Math.max(filled, reading.to) };
    }
    // Of a demand that is spread the native one comes first.
    if (demand.on === undefined || demand.on === native) {
      moment = next;
      next += demand.alternatives.length;
    }
    if (demand.on === undefined) return { demand, moment, since: 0 };
    const since = spoken.since(name, demand.on) ?? never;
    return { demand, moment: since <= moment ? moment : never, since };
  });
  return placed.sort((a, b) => a.moment - b.moment || a.since - b.since).map(({ demand }) => demand);
}

interface Placed {
  readonly demand: Demand;
  /** When the stanza said it, unless it came later. */
  readonly moment: number;
  /** When there was what it is about. */
  readonly since: number;
}

/** Later than all that is read: so are kit's own packages. */
const never = Number.MAX_SAFE_INTEGER;
