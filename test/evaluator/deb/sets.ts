// Sets of packages drawn from an archive: singles, pairs and tens, among them some whose members clash.
// Knows how a set is drawn; does not know what becomes of it.

import { allReachedBy } from "../../../evaluator/deb/demand.ts";
import { isHard, isNegative, type Version } from "../../../evaluator/deb/package.ts";
import type { Universe } from "../../../evaluator/deb/universe.ts";
import { randomFrom } from "../../rig/seed.ts";

export interface PackageSet {
  /** Sorted, each once. */
  readonly names: readonly string[];
  readonly recommends: boolean;
}

/** The same sets for the same seed and archive: a longer list begins with the shorter one. */
export function drawSets(archive: Universe, seed: number, count: number): PackageSet[] {
  const random = randomFrom(seed);
  const [native = ""] = archive.architectures;
  const names = [...new Set(archive.names())]
    .filter((name) => archive.package(name, native)?.candidate !== undefined)
    .sort();
  const name = (): string => names[random(names.length)] ?? "";
  const version = (): Version | undefined => archive.package(name(), native)?.candidate;
  const some = (count: number): string[] => Array.from({ length: count }, name);
  const pick = <T>(items: readonly T[]): T | undefined => items[random(Math.max(1, items.length))];
  /** Two of which one excludes the other. */
  const clash = (): string[] => {
    for (;;) {
      const one = version();
      const rival = one && pick(rivalsOf(archive, one));
      if (one !== undefined && rival !== undefined) return [one.name, rival.name];
    }
  };
  /** Two of which one excludes what the other would take first. */
  const detour = (): string[] => {
    for (;;) {
      const one = version();
      const first = one && pick(choicesOf(archive, one))?.[0];
      const rival = first && pick(rivalsOf(archive, first));
      if (one !== undefined && rival !== undefined) return [one.name, rival.name];
    }
  };
  const kinds: readonly (() => string[])[] = [
    () => some(1),
    () => some(2),
    clash,
    () => some(10),
    detour,
    () => some(1),
    detour,
    () => some(2),
    () => [...detour(), ...some(8)],
    () => [...clash(), ...some(8)],
  ];
  return Array.from({ length: count }, (_, i) => ({
    names: [...new Set(kinds[i % kinds.length]?.() ?? [])].sort(),
    recommends: i % 7 === 6,
  }));
}

/** Candidates that the version clashes with. */
function rivalsOf(archive: Universe, version: Version): Version[] {
  return version.demands
    .filter((demand) => isNegative(demand) && demand.implicit === undefined)
    .flatMap((demand) => allReachedBy(archive, version, demand))
    .filter((other) => other === other.package.candidate);
}

/** Of each dependency that several candidates meet, those candidates. */
function choicesOf(archive: Universe, version: Version): Version[][] {
  return version.demands
    .filter((demand) => isHard(demand) && !isNegative(demand))
    .map((demand) =>
      allReachedBy(archive, version, demand).filter((other) => other === other.package.candidate),
    )
    .filter((able) => able.length > 1);
}
