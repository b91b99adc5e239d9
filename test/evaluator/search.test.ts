// The solver, against exhaustive search over small formulas.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Clause } from "../../evaluator/engine.ts";
import { search } from "../../evaluator/search.ts";

const most = 6;
const literal = fc.integer({ min: 1, max: most }).chain((n) => fc.constantFrom(n, -n));
const clause = fc
  .uniqueArray(literal, { minLength: 1, maxLength: 4, selector: Math.abs })
  .map((literals) => ({ literals }));
const root = fc
  .uniqueArray(literal, { minLength: 0, maxLength: 3, selector: Math.abs })
  .map((literals) => ({ literals }));
/** Clauses each variable brings along, guarded by its negation; and its wishes. */
const expansion = fc.record({
  clauses: fc.array(clause, { maxLength: 4 }),
  wishes: fc.array(fc.uniqueArray(fc.integer({ min: 1, max: most }), { minLength: 1, maxLength: 2 }), {
    maxLength: 1,
  }),
});
const problem = fc.record({
  roots: fc.array(root, { minLength: 1, maxLength: 4 }),
  expansions: fc.array(expansion, { minLength: most, maxLength: most }),
});

function guarded(expansions: readonly { clauses: Clause[]; wishes: number[][] }[]) {
  return expansions.map(({ clauses, wishes }, i) => ({
    wishes,
    clauses: clauses
      .filter(({ literals }) => !literals.includes(i + 1))
      .map(({ literals }) => ({ literals: [-(i + 1), ...literals.filter((item) => item !== -(i + 1))] })),
  }));
}

function holds({ literals }: Clause, chosen: ReadonlySet<number>): boolean {
  return literals.some((item) => chosen.has(Math.abs(item)) === item > 0);
}

function isSatisfiable(clauses: readonly Clause[]): boolean {
  return Array.from({ length: 2 ** most }, (_, bits) => bits).some((bits) => {
    const chosen = new Set(
      Array.from({ length: most }, (_, i) => i + 1).filter((n) => bits & (1 << (n - 1))),
    );
    return clauses.every((item) => holds(item, chosen));
  });
}

test("finds a model exactly where there is one, and a core where there is none", () => {
  let unsatisfiable = 0;
  fc.assert(
    fc.property(problem, ({ roots, expansions }) => {
      const byVariable = guarded(expansions);
      const expanded: number[] = [];
      const outcome = search(roots, (variable) => {
        expanded.push(variable);
        return byVariable[variable - 1] ?? { clauses: [], wishes: [] };
      });
      const all = [...roots, ...byVariable.flatMap(({ clauses }) => clauses)];
      expect(new Set(expanded).size).toBe(expanded.length);
      if ("chosen" in outcome) {
        const chosen = new Set(outcome.chosen);
        expect(all.filter((item) => !holds(item, chosen))).toEqual([]);
      } else {
        unsatisfiable++;
        expect(outcome.core.every((item) => all.includes(item))).toBe(true);
        expect(isSatisfiable(outcome.core)).toBe(false);
      }
    }),
    { numRuns: 5000 },
  );
  expect(unsatisfiable).toBeGreaterThan(500);
});

test("prefers earlier literals, and what is in already", () => {
  const outcome = search([{ literals: [2] }, { literals: [3, 1] }, { literals: [1, 2] }], () => ({
    clauses: [],
    wishes: [],
  }));
  expect(outcome).toEqual({ chosen: [2, 3] });
});

test("wishes come true unless they cost something", () => {
  const clauses: Record<number, Clause[]> = { 2: [{ literals: [-2, -1] }], 3: [{ literals: [-3, 4] }] };
  const outcome = search([{ literals: [1] }], (variable) => ({
    clauses: clauses[variable] ?? [],
    wishes: variable === 1 ? [[2], [2, 3]] : [],
  }));
  expect(outcome).toEqual({ chosen: [1, 3, 4] });
});

test("pigeons: one more than there are holes", () => {
  const holes = 5;
  const at = (pigeon: number, hole: number) => pigeon * holes + hole + 1;
  const pigeons = Array.from({ length: holes + 1 }, (_, i) => i);
  const everyHole = Array.from({ length: holes }, (_, i) => i);
  const roots = pigeons.map((pigeon) => ({ literals: everyHole.map((hole) => at(pigeon, hole)) }));
  const apart = everyHole.flatMap((hole) =>
    pigeons.flatMap((a) =>
      pigeons.filter((b) => b > a).map((b) => ({ literals: [-at(a, hole), -at(b, hole)] })),
    ),
  );
  expect(search([...roots, ...apart], () => ({ clauses: [], wishes: [] }))).toHaveProperty("core");
  expect(search([...roots.slice(1), ...apart], () => ({ clauses: [], wishes: [] }))).toHaveProperty("chosen");
});
