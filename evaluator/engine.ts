// Engines: what follows from clauses and decisions, and what is learnt where they clash.
// Knows literals, levels and learning; does not know what is decided next, packages, nor why a clause holds.

/**
 * A disjunction of literals: a variable's number (from 1) for "is in", negated for "is not". Positive literals
 * stand in order of preference. The same object comes back in a core.
 */
export interface Clause {
  readonly literals: readonly number[];
}

/** A clause at work: the two literals watched stand first. A learnt one knows what it was derived from. */
interface Node<C> {
  readonly literals: number[];
  readonly original: C | undefined;
  readonly parents: readonly Node<C>[];
}

/**
 * The part of a conflict-driven solver that decides nothing: call {@link Engine.settle} after every clause
 * that was added and every decision, until nothing is left to be decided.
 */
export class Engine<C extends Clause> {
  readonly #expand: (variable: number) => readonly C[];
  // By variable, with room for more.
  /** 1 for what is in, -1 for what is not, 0 where nothing is known. */
  #signs = new Int8Array(roomAtFirst);
  #depths = new Int32Array(roomAtFirst);
  /** Absent for a decision. */
  #reasons = new Array<Node<C> | undefined>(roomAtFirst);
  /** By literal: a variable's two stand side by side. */
  #watchers = new Array<Node<C>[] | undefined>(2 * roomAtFirst);
  readonly #expanded = new Set<number>();
  readonly #trail: number[] = [];
  /** When each literal of the trail was settled, in assignments since the beginning. */
  readonly #stamps: number[] = [];
  #assignments = 0;
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
    const sign = this.#signs[literal < 0 ? -literal : literal];
    return sign === undefined || sign === 0 ? undefined : sign > 0 === literal > 0;
  }

  /** The level a literal was settled at; 0 for one that is not. */
  levelOf(literal: number): number {
    const variable = Math.abs(literal);
    return this.#signs[variable] ? (this.#depths[variable] ?? 0) : 0;
  }

  /** What stands at this place of the trail, as long as it does: no two assignments have the same one. */
  stampAt(place: number): number | undefined {
    return this.#stamps[place];
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
    for (let i = start; i < this.#trail.length; i++) this.#signs[Math.abs(this.#trail[i] ?? 0)] = 0;
    this.#trail.length = start;
    this.#stamps.length = start;
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
    return this.#attach({ literals: distinct(clause.literals), original: clause, parents: noParents });
  }

  /** Puts a clause to work under the present assignment, where it may be unit or false already. */
  #attach(node: Node<C>): Node<C> | undefined {
    const { literals } = node;
    // Watches must be the last to become false, so that jumping back frees them first.
    const freedom = (literal: number): number =>
      this.value(literal) === false ? this.levelOf(literal) : Number.MAX_SAFE_INTEGER;
    if (literals.some((literal) => this.value(literal) === false))
      literals.sort((a, b) => freedom(b) - freedom(a));
    const [first, second] = literals;
    if (first !== undefined) this.#watch(first, node);
    if (second !== undefined) this.#watch(second, node);
    if (first === undefined || this.value(first) === false) return node;
    if (second === undefined || this.value(second) === false) {
      if (this.value(first) !== undefined) return undefined;
      this.backtrack(second === undefined ? 0 : this.levelOf(second));
      this.#assign(first, node);
    }
    return undefined;
  }

  /** Who came last is looked at first, as libsolv's lists have it. */
  #visitWatchers(falsified: number): Node<C> | undefined {
    const nodes = this.#watchers[placeOf(falsified)];
    if (nodes === undefined) return undefined;
    let conflict: Node<C> | undefined;
    let kept = nodes.length;
    for (let i = nodes.length - 1; i >= 0; i--) {
      const node = nodes[i];
      if (node === undefined || (conflict === undefined && this.#moveWatch(node, falsified))) continue;
      nodes[--kept] = node;
      conflict ??= this.#settle(node);
    }
    nodes.splice(0, kept);
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
    const level = this.#highest(conflict.literals);
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
      const reason = this.#reasons[Math.abs(pivot)];
      if (reason === undefined) continue;
      parents.push(reason);
      take(reason.literals, pivot);
    }
    const back = this.#highest(learnt);
    this.backtrack(back);
    const literals = [-pivot, ...learnt];
    this.#learnt.push(literals);
    this.#attach({ literals, original: undefined, parents });
    return true;
  }

  /** A clause may be longer than a call has room for arguments. */
  #highest(literals: Iterable<number>): number {
    let highest = 0;
    for (const literal of literals) highest = Math.max(highest, this.levelOf(literal));
    return highest;
  }

  /** The original clauses a conflict at level 0 rests on. */
  #core(conflict: Node<C>): C[] {
    const visited = new Set([conflict]);
    const core: C[] = [];
    for (const node of visited) {
      if (node.original !== undefined) core.push(node.original);
      for (const parent of node.parents) visited.add(parent);
      for (const literal of node.literals) {
        const reason = this.#reasons[Math.abs(literal)];
        if (this.#signs[Math.abs(literal)] && this.levelOf(literal) === 0 && reason !== undefined)
          visited.add(reason);
      }
    }
    return core;
  }

  #assign(literal: number, reason: Node<C> | undefined): void {
    const variable = Math.abs(literal);
    this.#makeRoom(variable);
    this.#signs[variable] = literal > 0 ? 1 : -1;
    this.#depths[variable] = this.#levels.length;
    this.#reasons[variable] = reason;
    this.#trail.push(literal);
    this.#stamps.push(this.#assignments++);
  }

  #watch(literal: number, node: Node<C>): void {
    this.#makeRoom(Math.abs(literal));
    const place = placeOf(literal);
    const nodes = this.#watchers[place];
    if (nodes === undefined) this.#watchers[place] = [node];
    else nodes.push(node);
  }

  #makeRoom(variable: number): void {
    if (variable < this.#signs.length) return;
    const room = 2 * variable;
    const [signs, depths] = [new Int8Array(room), new Int32Array(room)];
    signs.set(this.#signs);
    depths.set(this.#depths);
    [this.#signs, this.#depths] = [signs, depths];
    this.#reasons = roomier(this.#reasons, room);
    this.#watchers = roomier(this.#watchers, 2 * room);
  }
}

const roomAtFirst = 1024;
const noParents: readonly never[] = [];

function placeOf(literal: number): number {
  return literal < 0 ? -2 * literal + 1 : 2 * literal;
}

/** Made at once: an array that grows by leaps becomes a dictionary. */
function roomier<T>(items: readonly (T | undefined)[], room: number): (T | undefined)[] {
  const copy = new Array<T | undefined>(room);
  for (let i = 0; i < items.length; i++) if (items[i] !== undefined) copy[i] = items[i];
  return copy;
}

/** A copy without repetitions. */
function distinct(literals: readonly number[]): number[] {
  if (literals.length === 2 && literals[0] !== literals[1]) return literals.slice();
  return [...new Set(literals)];
}
