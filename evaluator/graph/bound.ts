// Bounds on versions: what several requirements of one name come to together.
// Knows intervals; does not know packages.

import type { Operator } from "../deb/version.ts";
import { compareText } from "../text.ts";
import type { Atom, Bound, PackageFormat, Requirement } from "./described.ts";

/** Whether something provided in this version, or without one, is within all bounds. */
export function isWithin(
  version: string | undefined,
  bounds: readonly Bound[],
  format: PackageFormat,
): boolean {
  if (bounds.length === 0) return true;
  if (version === undefined) return format.unversionedSatisfies;
  return bounds.every((bound) => holds(format.compare(version, bound.version), bound.operator));
}

/** Two bounds that no version can be within; undefined where some can. */
export function contradiction(
  bounds: readonly Bound[],
  { compare }: PackageFormat,
): readonly [Bound, Bound] | undefined {
  // The same two, whatever the order they are written in.
  const sorted = bounds.toSorted(
    (a, b) => compareText(a.version, b.version) || compareText(a.operator, b.operator),
  );
  for (const low of sorted.filter(({ operator }) => isLower(operator))) {
    for (const high of sorted.filter(({ operator }) => isUpper(operator))) {
      const order = compare(low.version, high.version);
      const isOpen = low.operator === ">>" || high.operator === "<<";
      if (order > 0 || (order === 0 && isOpen)) return [low, high];
    }
  }
  return undefined;
}

/** What needs one name and nothing else, several times, becomes one requirement with all bounds; the others stay. */
export function mergeRequirements(requirements: readonly Requirement[]): readonly Requirement[] {
  const merged = new Map<string, { texts: string[]; atom: Atom }>();
  const others: Requirement[] = [];
  for (const requirement of requirements) {
    const atom = onlyAtom(requirement);
    if (atom === undefined) {
      others.push(requirement);
      continue;
    }
    const key = `${atom.name}:${atom.architecture ?? ""}`;
    const known = merged.get(key) ?? { texts: [], atom: { ...atom, bounds: [] } };
    merged.set(key, {
      texts: [...known.texts, requirement.text],
      atom: { ...known.atom, bounds: [...known.atom.bounds, ...atom.bounds] },
    });
  }
  const single = [...merged.values()].map(({ texts, atom }) => ({
    text: [...new Set(texts)].sort().join(", "),
    choices: [[atom]],
  }));
  return [...single, ...others];
}

function onlyAtom(requirement: Requirement): Atom | undefined {
  if ("answers" in requirement || requirement.choices.length !== 1) return undefined;
  const [atoms = []] = requirement.choices;
  return atoms.length === 1 ? atoms[0] : undefined;
}

function isLower(operator: Operator): boolean {
  return operator === ">=" || operator === ">>" || operator === "=";
}

function isUpper(operator: Operator): boolean {
  return operator === "<=" || operator === "<<" || operator === "=";
}

function holds(order: number, operator: Operator): boolean {
  if (order === 0) return operator === "=" || operator === ">=" || operator === "<=";
  return order < 0 ? operator === "<<" || operator === "<=" : operator === ">>" || operator === ">=";
}
