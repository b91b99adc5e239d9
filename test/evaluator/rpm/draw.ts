// Universes of rpm packages drawn by chance, small and full of trouble.
// Knows which relations are worth trying; does not know the resolver.

import type { Spec } from "./repository.ts";

export interface Drawn {
  /** By repository. */
  readonly repositories: readonly { readonly priority: number; readonly packages: readonly Spec[] }[];
  readonly questions: readonly {
    readonly requests: readonly string[];
    /** What a group asks for: one package on a condition, since dnf asks for several in no order. */
    readonly member?: { readonly name: string; readonly when: string };
    readonly recommends: boolean;
  }[];
}

export interface Temper {
  /** How many names there are. */
  readonly names: number;
  /** How many packages, at most. */
  readonly packages: number;
  /** In a hundred packages, how many clash with something. */
  readonly clashes: number;
  readonly rich: boolean;
  readonly weak: boolean;
  readonly multilib: boolean;
  readonly groups?: boolean;
  /** Repositories, of two priorities. */
  readonly repositories: number;
}

/** @param below whole numbers from 0 to below the one given */
export function drawUniverse(below: (limit: number) => number, temper: Temper): Drawn {
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] as T;
  const chance = (hundredths: number) => below(100) < hundredths;
  const some = <T>(most: number, make: () => T): T[] => Array.from({ length: below(most + 1) }, make);
  const names = Array.from({ length: temper.names }, (_, i) => `p${i}`);
  const capabilities = ["cap0", "cap1", "cap(2)"];
  const files = ["/usr/bin/f0", "/usr/bin/f1", "/etc/f2"];
  const versions = ["1-1", "1-2", "2-1", "2-1", "1:1-1", "2~rc-1", "1^git-1"];
  const bounds = ["1", "1-1", "1-2", "2", "2-1", "1:1", "0"];
  const architectures = temper.multilib
    ? ["x86_64", "x86_64", "noarch", "i686", "i686"]
    : ["x86_64", "x86_64", "noarch"];

  const bounded = (name: string) =>
    chance(35) ? `${name} ${pick(["<", "<=", "=", ">=", ">"])} ${pick(bounds)}` : name;
  const simple = () => {
    const kind = below(10);
    if (kind < 6) return bounded(pick(names));
    return kind < 9 ? bounded(pick(capabilities)) : pick(files);
  };
  const rich = (): string => {
    const [a, b, c] = [simple(), simple(), simple()];
    return pick([
      `(${a} or ${b})`,
      `(${a} and ${b})`,
      `(${a} if ${b})`,
      `(${a} if ${b} else ${c})`,
      `(${a} unless ${b})`,
      `(${a} unless ${b} else ${c})`,
      `(${a} with ${b})`,
      `(${a} without ${b})`,
      `((${a} or ${b}) if ${c})`,
      `(${a} or (${b} and ${c}))`,
      `(${a} and (${b} or ${c}))`,
      `(${a} if (${b} or ${c}))`,
      `(${a} if (${b} and ${c}))`,
    ]);
  };
  const relation = () => (temper.rich && chance(25) ? rich() : simple());
  const weak = (hundredths: number, most: number) =>
    temper.weak && chance(hundredths) ? some(most, relation) : [];

  const makePackage = (): Spec => ({
    name: pick(names),
    version: pick(versions),
    architecture: pick(architectures),
    Requires: some(3, relation),
    Provides: chance(40)
      ? some(2, () => (chance(50) ? `${pick(capabilities)} = ${pick(bounds)}` : pick(capabilities)))
      : [],
    Files: chance(20) ? [pick(files)] : [],
    Conflicts: chance(temper.clashes) ? [relation()] : [],
    Obsoletes: chance(temper.clashes / 2) ? [bounded(pick(names))] : [],
    Recommends: weak(40, 2),
    Suggests: weak(25, 2),
    Supplements: weak(15, 1),
    Enhances: weak(15, 1),
  });
  const makeRepository = (_: unknown, i: number) => {
    const all = Array.from({ length: 1 + below(temper.packages) }, makePackage);
    const unique = new Map(
      all.map((spec) => [`${spec.name} ${spec.version.replace(/^1:/, "")} ${spec.architecture}`, spec]),
    );
    return { priority: i === 0 || chance(50) ? 99 : 50, packages: [...unique.values()] };
  };
  const repositories = Array.from({ length: temper.repositories }, makeRepository);
  const present = repositories.flatMap(({ packages }) => packages);
  const request = () => {
    const spec = pick(present);
    const form = below(12);
    if (form === 0) return `${spec.name}.${spec.architecture}`;
    if (form === 1) return `${spec.name}-${spec.version}`;
    if (form === 2) return `${spec.name} >= ${pick(bounds)}`;
    if (form === 3) return pick(capabilities);
    return spec.name;
  };
  const questions = Array.from({ length: 4 }, () => ({
    requests: [...new Set([request(), ...some(2, request)])].sort(),
    ...(temper.groups && { member: { name: pick(present).name, when: pick([...names, ...capabilities]) } }),
    recommends: temper.weak && chance(50),
  }));
  return { repositories, questions };
}
