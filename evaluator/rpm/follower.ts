// Followers: what has changed in an engine's trail since somebody last looked.
// Knows what was settled and what was taken back; does not know what anybody makes of it.

import type { Clause, Engine } from "../engine.ts";

/** Follows what an engine has settled, from one look to the next. */
export class Follower {
  readonly #literals: number[] = [];
  readonly #stamps: number[] = [];

  /** Tells what was taken back since, the last first, then what was settled. False where nothing has changed. */
  keepUp<C extends Clause>(
    engine: Engine<C>,
    onSettled: (literal: number) => void,
    onTakenBack: (literal: number) => void,
  ): boolean {
    const [literals, stamps] = [this.#literals, this.#stamps];
    let hasChanged = false;
    for (let last = literals.length - 1; last >= 0 && stamps[last] !== engine.stampAt(last); last--) {
      hasChanged = true;
      stamps.pop();
      onTakenBack(literals.pop() ?? 0);
    }
    for (let next = literals.length; next < engine.trail.length; next++) {
      hasChanged = true;
      const literal = engine.trail[next] ?? 0;
      literals.push(literal);
      stamps.push(engine.stampAt(next) ?? 0);
      onSettled(literal);
    }
    return hasChanged;
  }
}
