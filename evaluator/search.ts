// Search: a complete conflict-driven solver over clauses that are made while it runs.
// Knows literals, levels and learning; does not know packages, nor why a clause holds.

/**
 * A disjunction of literals: a variable's number (from 1) for "is in", negated for "is not". Positive literals
 * stand in order of preference. The same object comes back in a core.
 */
export interface Clause {
  readonly literals: readonly number[];
}

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
  const nextDecision = (): number | undefined => {
    for (const literals of obligations) {
      // Unmet, and every negative literal false: whoever demands this is in.
      const calls = (literal: number) =>
        literal < 0 ? engine.value(literal) === false : engine.value(literal) !== true;
      if (literals.every(calls)) return literals.find((literal) => engine.value(literal) === undefined);
    }
    for (const { owner, literals } of wishes) {
      if (engine.value(owner) !== true || literals.some((literal) => engine.value(literal) === true))
        continue;
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

/** A clause at work: the two literals watched stand first. A learnt one knows what it was derived from. */
interface Node<C> {
  readonly literals: number[];
  readonly original: C | undefined;
  readonly parents: readonly Node<C>[];
}

interface Assignment<C> {
  readonly positive: boolean;
  readonly level: number;
  /** Absent for a decision. */
  readonly reason: Node<C> | undefined;
}

/**
 * What stands below {@link search}, for who decides by rules of his own: call {@link Engine.settle} after every clause
 * that was added and every decision, until nothing is left to be decided.
 */
export class Engine<C extends Clause> {
  readonly #expand: (variable: number) => readonly C[];
  /** By variable: half the time a map would take. */
  readonly #assigned: (Assignment<C> | undefined)[] = [];
  readonly #watchers = new Map<number, Node<C>[]>();
  readonly #expanded = new Set<number>();
  readonly #trail: number[] = [];
  /** Where in the trail each level begins; level 0 has no decision. */
  readonly #levels: number[] = [];
  readonly #learnt: (readonly number[])[] = [];
  #propagated = 0;
  #returns = 0;
  /** A clause that was false when it was added. */
  #pending: Node<C> | undefined;

  /** @param expand what holds once the variable is in; called once, when it first becomes true */
  constructor(expand: (variable: number) => readonly C[] = () => []) {
    this.#expand = expand;
  }

  /** True literals in the order they became so. */
  get trail(): readonly number[] {
    return this.#trail;
  }

  /** Clauses learnt so far, in that order; their literals stand in no order. */
  get learnt(): readonly (readonly number[])[] {
    return this.#learnt;
  }

  /** How many decisions stand. */
  get level(): number {
    return this.#levels.length;
  }

  /** Absent where nothing is known of it. */
  value(literal: number): boolean | undefined {
    const assignment = this.#assigned[Math.abs(literal)];
    return assignment === undefined ? undefined : assignment.positive === literal > 0;
  }

  /** The level a literal was settled at; 0 for one that is not. */
  levelOf(literal: number): number {
    return this.#assigned[Math.abs(literal)]?.level ?? 0;
  }

  /** Where the clause has a consequence already, decisions that came after that are taken back. */
  add(clause: C): void {
    const conflict = this.#add(clause);
    this.#pending ??= conflict;
  }

  decide(literal: number): void {
    this.#levels.push(this.#trail.length);
    this.#assign(literal, undefined);
  }

  /**
   * Draws every consequence. Where they clash, learns why, goes back as far as that needs, and goes on from there.
   * Gives clauses that cannot all hold, if it comes to that.
   */
  settle(): readonly C[] | undefined {
    for (;;) {
      const conflict = this.#pending ?? this.#propagate();
      this.#pending = undefined;
      if (conflict === undefined) return undefined;
      if (!this.#learnFrom(conflict)) return this.#core(conflict);
    }
  }

  /** How often something was taken back: as long as it stays the same, the trail has only grown. */
  get returns(): number {
    return this.#returns;
  }

  /** Takes back what was settled above a level. */
  backtrack(level: number): void {
    const start = this.#levels[level];
    if (start === undefined) return;
    this.#returns++;
    for (const literal of this.#trail.splice(start)) this.#assigned[Math.abs(literal)] = undefined;
    this.#levels.length = level;
    this.#propagated = Math.min(this.#propagated, this.#trail.length);
  }

  /** The clause that became false, if one did. */
  #propagate(): Node<C> | undefined {
    for (
      let literal = this.#trail[this.#propagated];
      literal !== undefined;
      literal = this.#trail[this.#propagated]
    ) {
      this.#propagated++;
      const conflict = this.#expandOnce(literal);
      if (conflict !== undefined) return conflict;
      // What came with it may have led back to before it.
      if (this.value(literal) !== true) continue;
      const clash = this.#visitWatchers(-literal);
      if (clash !== undefined) return clash;
    }
    return undefined;
  }

  #expandOnce(variable: number): Node<C> | undefined {
    if (variable < 0 || this.#expanded.has(variable)) return undefined;
    this.#expanded.add(variable);
    // All are added even when one conflicts, because nobody asks for them again.
    let conflict: Node<C> | undefined;
    for (const clause of this.#expand(variable)) conflict = this.#add(clause) ?? conflict;
    return conflict;
  }

  #add(clause: C): Node<C> | undefined {
    return this.#attach({ literals: [...new Set(clause.literals)], original: clause, parents: [] });
  }

  /** Puts a clause to work under the present assignment, where it may be unit or false already. */
  #attach(node: Node<C>): Node<C> | undefined {
    const { literals } = node;
    // Watches must be the last to become false, so that jumping back frees them first.
    const freedom = (literal: number): number => {
      const value = this.value(literal);
      return value === false ? (this.#assigned[Math.abs(literal)]?.level ?? 0) : Number.MAX_SAFE_INTEGER;
    };
    literals.sort((a, b) => freedom(b) - freedom(a));
    const [first, second] = literals;
    for (const literal of literals.slice(0, 2)) this.#watch(literal, node);
    if (first === undefined || this.value(first) === false) return node;
    if (second === undefined || this.value(second) === false) {
      if (this.value(first) !== undefined) return undefined;
      this.backtrack(second === undefined ? 0 : this.levelOf(second));
      this.#assign(first, node);
    }
    return undefined;
  }

  #visitWatchers(falsified: number): Node<C> | undefined {
    const nodes = this.#watchers.get(falsified) ?? [];
    const kept: Node<C>[] = [];
    let conflict: Node<C> | undefined;
    for (const node of nodes) {
      if (conflict !== undefined || !this.#moveWatch(node, falsified)) {
        kept.push(node);
        conflict ??= this.#settle(node);
      }
    }
    this.#watchers.set(falsified, kept);
    return conflict;
  }

  /** Whether another literal could be found to watch in place of the falsified one, which is put second. */
  #moveWatch(node: Node<C>, falsified: number): boolean {
    const { literals } = node;
    if (literals[0] === falsified && literals[1] !== undefined) {
      literals[0] = literals[1];
      literals[1] = falsified;
    }
    if (literals[0] !== undefined && this.value(literals[0]) === true) return false;
    const other = literals.findIndex((literal, i) => i > 1 && this.value(literal) !== false);
    const literal = literals[other];
    if (literal === undefined) return false;
    literals[1] = literal;
    literals[other] = falsified;
    this.#watch(literal, node);
    return true;
  }

  /** A clause of which at most the first literal is not false: asserts that, or is the conflict. */
  #settle(node: Node<C>): Node<C> | undefined {
    const [first] = node.literals;
    if (first === undefined || this.value(first) === false) return node;
    if (this.value(first) === undefined) this.#assign(first, node);
    return undefined;
  }

  /** Learns a clause, jumps back to where it is unit, and asserts it; false if there is nothing to jump over. */
  #learnFrom(conflict: Node<C>): boolean {
    const level = Math.max(0, ...conflict.literals.map((literal) => this.levelOf(literal)));
    if (level === 0) return false;
    this.backtrack(level);
    const parents: Node<C>[] = [conflict];
    const learnt = new Set<number>();
    const seen = new Set<number>();
    let open = 0;
    const take = (literals: readonly number[], except: number): void => {
      for (const literal of literals) {
        if (literal === except || seen.has(literal) || this.levelOf(literal) === 0) continue;
        seen.add(literal);
        if (this.levelOf(literal) === level) open++;
        else learnt.add(literal);
      }
    };
    take(conflict.literals, 0);
    let at = this.#trail.length - 1;
    let pivot = 0;
    for (; ; at--) {
      pivot = this.#trail[at] ?? 0;
      if (!seen.has(-pivot)) continue;
      if (--open === 0) break;
      const reason = this.#assigned[Math.abs(pivot)]?.reason;
      if (reason === undefined) continue;
      parents.push(reason);
      take(reason.literals, pivot);
    }
    const back = Math.max(0, ...[...learnt].map((literal) => this.levelOf(literal)));
    this.backtrack(back);
    const literals = [-pivot, ...learnt];
    this.#learnt.push(literals);
    this.#attach({ literals, original: undefined, parents });
    return true;
  }

  /** The original clauses a conflict at level 0 rests on. */
  #core(conflict: Node<C>): C[] {
    const visited = new Set([conflict]);
    const core: C[] = [];
    for (const node of visited) {
      if (node.original !== undefined) core.push(node.original);
      for (const parent of node.parents) visited.add(parent);
      for (const literal of node.literals) {
        const assignment = this.#assigned[Math.abs(literal)];
        if (assignment?.level === 0 && assignment.reason !== undefined) visited.add(assignment.reason);
      }
    }
    return core;
  }

  #assign(literal: number, reason: Node<C> | undefined): void {
    this.#assigned[Math.abs(literal)] = { positive: literal > 0, level: this.#levels.length, reason };
    this.#trail.push(literal);
  }

  #watch(literal: number, node: Node<C>): void {
    const nodes = this.#watchers.get(literal);
    if (nodes === undefined) this.#watchers.set(literal, [node]);
    else nodes.push(node);
  }
}
