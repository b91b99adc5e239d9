// Closures: why each package of a set is there.
// Knows which relation reaches which package; does not know how the set was found.

import { nameIn } from "../chain.ts";
import type { Reason } from "../resolution.ts";
import { compareText } from "../text.ts";
import { choicesOf, isMetByPackage, packagesBehind, type Taken } from "./fulfilment.ts";
import type { Demand, Package } from "./package.ts";
import { simplesOf } from "./relation.ts";
import type { Answers } from "./request.ts";
import type { Universe } from "./universe.ts";

/** For each package at least one reason: requests first, then by name. What is only recommended counts if it was asked for. */
export function reasonsIn(
  universe: Universe,
  chosen: readonly Package[],
  answers: readonly Answers[],
  recommends: boolean,
): Map<Package, Reason[]> {
  const there = new Set(chosen);
  const taken: Taken = {
    packages: () => chosen,
    isWanted: () => false,
    value: (pkg) => there.has(pkg),
  };
  const reasons = new Map<Package, Reason[]>(chosen.map((pkg) => [pkg, []]));
  const told = new Map<Package, Set<string>>(chosen.map((pkg) => [pkg, new Set()]));
  const tell: Tell = (pkg, reason) => {
    const known = told.get(pkg);
    const key = `${reason.by}\n${reason.relation}`;
    if (known === undefined || known.has(key)) return;
    known.add(key);
    reasons.get(pkg)?.push(reason);
  };
  for (const answer of answers) {
    const { by, text: relation } = answer.request;
    for (const pkg of takenFor(universe, answer, taken.value)) tell(pkg, { by, relation });
  }
  const sorted = [...chosen].sort(comparePackages);
  for (const pkg of sorted) {
    for (const { other, relation } of wants(universe, taken, pkg, recommends))
      tell(other, { by: nameOf(universe, pkg), relation });
  }
  if (recommends) for (const pkg of sorted) tellSupplements(universe, taken, pkg, tell);
  const unexplained = () => sorted.filter((pkg) => reasons.get(pkg)?.length === 0);
  for (const pkg of unexplained()) tellTwins(universe, taken, pkg, tell);
  for (const pkg of unexplained()) tellMentions(universe, sorted, pkg, tell);
  return reasons;
}

/** Packages of a set that answer a request, where its condition holds. */
export function takenFor(
  universe: Universe,
  { request: { conditional }, packages }: Answers,
  value: Taken["value"],
): readonly Package[] {
  const able = conditional === undefined ? packages : choicesOf(universe, value, conditional).flat();
  return able.filter((pkg) => value(pkg) === true);
}

/** Which packages of a set each of it requires, sorted by {@link comparePackages}, each once and none itself. */
export function needsIn(universe: Universe, chosen: readonly Package[]): Map<Package, readonly Package[]> {
  const there = new Set(chosen);
  const isThere = (pkg: Package) => there.has(pkg);
  const needsOf = ({ requires }: Package) =>
    requires.flatMap(({ relation }) =>
      packagesBehind(universe, isThere, choicesOf(universe, isThere, relation).flat()).filter(isThere),
    );
  return new Map(
    chosen.map((pkg) => {
      const others = new Set(needsOf(pkg));
      others.delete(pkg);
      return [pkg, [...others].sort(comparePackages)];
    }),
  );
}

/** `name`, or `name:architecture` where that is neither the native one nor `noarch`. */
export function nameOf(universe: Universe, pkg: Package): string {
  return nameIn(pkg, universe.architectures.native);
}

export function comparePackages(a: Package, b: Package): number {
  return (
    compareText(a.name, b.name) ||
    compareText(a.architecture, b.architecture) ||
    compareText(a.version, b.version)
  );
}

/** Packages of the set that meet what one of it requires, recommends, or conflicts with the lack of. */
function* wants(
  universe: Universe,
  taken: Taken,
  pkg: Package,
  recommends: boolean,
): Generator<{ other: Package; relation: string }> {
  const demands = [
    ...pkg.requires.map((demand) => ({ ...demand, told: demand.text, isMet: true })),
    ...pkg.conflicts.map((demand) => ({ ...demand, told: `Conflicts: ${demand.text}`, isMet: false })),
    ...(recommends ? pkg.recommends : []).map((demand) => ({
      ...demand,
      told: `Recommends: ${demand.text}`,
      isMet: true,
    })),
  ];
  for (const { relation, told, isMet } of demands) {
    for (const packages of choicesOf(universe, taken.value, relation, isMet)) {
      if (packages.includes(pkg)) continue;
      for (const other of packagesBehind(universe, taken.value, packages))
        if (taken.value(other)) yield { other, relation: told };
    }
  }
}

/** What is there only because a lesser architecture may not stand alone. */
function tellTwins(universe: Universe, taken: Taken, pkg: Package, tell: Tell): void {
  for (const twin of universe.named(pkg.name)) {
    if (twin !== pkg && twin.version === pkg.version && taken.value(twin))
      tell(pkg, {
        by: nameOf(universe, twin),
        relation: `${pkg.name}(${pkg.architecture}) = ${pkg.version}`,
      });
  }
}

/**
 * Someone whose rich relation names the package, though by now its condition asks for another: it held when the package
 * was taken. Failing that, what was asked for as a whole.
 */
function tellMentions(universe: Universe, chosen: readonly Package[], pkg: Package, tell: Tell): void {
  const names = (demands: readonly Demand[]) =>
    demands.find(({ relation }) =>
      [...simplesOf(relation)].some((simple) => universe.providers(simple).includes(pkg)),
    );
  for (const other of chosen.filter((one) => one !== pkg)) {
    const found = names([...other.requires, ...other.recommends, ...other.conflicts]);
    if (found !== undefined) return tell(pkg, { by: nameOf(universe, other), relation: found.text });
  }
  tell(pkg, { by: "request", relation: pkg.name });
}

type Tell = (pkg: Package, reason: Reason) => void;

/** A supplement is wanted by everything of the set that its relation names. */
function tellSupplements(universe: Universe, taken: Taken, pkg: Package, tell: Tell): void {
  for (const { text, relation } of pkg.supplements) {
    if (!isMetByPackage(universe, taken, relation)) continue;
    const meeting = [...simplesOf(relation)].flatMap((simple) => universe.providers(simple));
    for (const other of [...new Set(meeting)].sort(comparePackages)) {
      if (other !== pkg && taken.value(other))
        tell(pkg, { by: nameOf(universe, other), relation: `Supplements: ${text}` });
    }
  }
}
