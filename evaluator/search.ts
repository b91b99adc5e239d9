// Search: a complete conflict-driven solver over clauses that are made while it runs.
// Knows what is decided next; does not know how consequences are drawn, packages, nor why a clause holds.

import { type Clause, Engine } from "./engine.ts";

export interface Expansion<C extends Clause> {
  /** What holds once the variable is in; each has its negation among its literals. */
  readonly clauses: readonly C[];
  /** One variable of each should be in where that is possible without giving up anything else. */
  readonly wishes: readonly (readonly number[])[];
}

export type Outcome<C extends Clause> =
  | { readonly chosen: readonly number[] }
  /** Clauses that cannot all hold; not necessarily a smallest such set. */
  | { readonly core: readonly C[] };

/**
 * Decides only to meet a clause that is not met, in the order the clauses came, by the first literal still open:
 * without conflicts the result is what a greedy walk by preference gives. Learns from every conflict (first unique
 * implication point) and jumps back, so it ends, and is complete. Deterministic.
 *
 * @param expand called once for each variable, when it first becomes true
 */
export function search<C extends Clause>(
  roots: readonly C[],
  expand: (variable: number) => Expansion<C>,
): Outcome<C> {
  /** Clauses with a positive literal, which may call for a decision. */
  const obligations: (readonly number[])[] = [];
  const wishes: { readonly owner: number; readonly literals: readonly number[] }[] = [];
  const note = (clauses: readonly C[]): readonly C[] => {
    for (const { literals } of clauses)
      if (literals.some((literal) => literal > 0)) obligations.push(literals);
    return clauses;
  };
  const engine = new Engine<C>((variable) => {
    const { clauses, wishes: more } = expand(variable);
    for (const literals of more) wishes.push({ owner: variable, literals });
    return note(clauses);
  });
  for (const root of note(roots)) engine.add(root);
  const isTrue = (literal: number) => engine.value(literal) === true;
  // Those before are met, and stay so until something is taken back.
  let [metObligations, metWishes, returns] = [0, 0, 0];
  const nextDecision = (): number | undefined => {
    if (returns !== engine.returns) [metObligations, metWishes, returns] = [0, 0, engine.returns];
    while (obligations[metObligations]?.some(isTrue)) metObligations++;
    for (let i = metObligations; i < obligations.length; i++) {
      const literals = obligations[i] ?? [];
      // Unmet, and every negative literal false: whoever demands this is in.
      const calls = (literal: number) => (literal < 0 ? engine.value(literal) === false : !isTrue(literal));
      if (literals.every(calls)) return literals.find((literal) => engine.value(literal) === undefined);
    }
    while (wishes[metWishes]?.literals.some(isTrue)) metWishes++;
    for (let i = metWishes; i < wishes.length; i++) {
      const { owner = 0, literals = [] } = wishes[i] ?? {};
      if (!isTrue(owner) || literals.some(isTrue)) continue;
      const open = literals.find((literal) => engine.value(literal) === undefined);
      if (open !== undefined) return open;
    }
    return undefined;
  };
  for (;;) {
    const core = engine.settle();
    if (core !== undefined) return { core };
    const decision = nextDecision();
    if (decision === undefined) return { chosen: engine.trail.filter((literal) => literal > 0) };
    engine.decide(decision);
  }
}
