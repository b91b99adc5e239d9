// Wishing: what may still be wished for beside the packages a search has settled on.
// Knows how to keep up with a search that grows and goes back; does not know what is taken of it.

import type { Engine } from "../engine.ts";
import { Follower } from "./follower.ts";
import { supplementersOf } from "./formula.ts";
import type { Package } from "./package.ts";
import { isRich } from "./relation.ts";
import type { Rule } from "./rule.ts";
import type { Universe } from "./universe.ts";

/** A view of what the engine has settled at the moment it is asked. */
export interface Wishing {
  /**
   * Packages taken, in the order they were, whose recommendations may be open.
   *
   * @param isOpen whether something is still wished for by the package
   */
  recommending(isOpen: (pkg: Package) => boolean): readonly Package[];
  /** Packages that are neither taken nor ruled out, and may supplement one that is taken; in no order. */
  supplementing(): ReadonlySet<Package>;
  isNameTaken(name: string): boolean;
}

/**
 * Only what changed is looked at again: a chain of 5,000 recommendations took 20 s when each round asked every package
 * there was, and takes 1 s now.
 */
export function wishingIn(universe: Universe, engine: Engine<Rule>): Wishing {
  const recommending = new Waiting();
  const supplementing = new Waiting();
  const names = new Map<string, number>();
  const follower = new Follower();
  /** How much of the trail there is. */
  let length = 0;

  const keepUp = (): void => {
    follower.keepUp(
      engine,
      (literal) => {
        length++;
        if (literal <= 0) return;
        const pkg = universe.package(literal);
        if (pkg.recommends.length > 0) recommending.add(pkg, length);
        for (const other of supplementersOf(universe, pkg)) supplementing.add(other, length);
        count(names, pkg.name, 1);
      },
      (literal) => {
        length--;
        recommending.cut(length);
        supplementing.cut(length);
        if (literal > 0) count(names, universe.package(literal).name, -1);
      },
    );
  };

  return {
    recommending(isOpen) {
      keepUp();
      // A condition may come true with anything that is taken.
      const isConditional = ({ recommends }: Package) => recommends.some(({ relation }) => isRich(relation));
      return recommending.look(length, (pkg) => isConditional(pkg) || isOpen(pkg));
    },
    supplementing() {
      keepUp();
      return new Set(supplementing.look(length, ({ number }) => engine.value(number) === undefined));
    },
    isNameTaken(name) {
      keepUp();
      return names.has(name);
    },
  };
}

interface Item {
  readonly pkg: Package;
  /** In the trail, from 1: what brought it. */
  readonly place: number;
}

/** Packages that are looked at until they are closed, which they stay as long as nothing before that is taken back. */
class Waiting {
  #open: Item[] = [];
  /** With how much of the trail there was, which rises. */
  readonly #closed: (Item & { readonly since: number })[] = [];
  /** How much of the trail was left at the least since the last look. */
  #least = Number.POSITIVE_INFINITY;

  add(pkg: Package, place: number): void {
    this.#reopen();
    this.#open.push({ pkg, place });
  }

  /** Of the trail only so much is left. */
  cut(length: number): void {
    this.#least = Math.min(this.#least, length);
  }

  /** In the order of their places. */
  look(length: number, isOpen: (pkg: Package) => boolean): readonly Package[] {
    this.#reopen();
    this.#open = this.#open.filter(({ pkg, place }) => {
      if (isOpen(pkg)) return true;
      this.#closed.push({ pkg, place, since: length });
      return false;
    });
    return this.#open.map(({ pkg }) => pkg);
  }

  /** Once for all that was taken back. */
  #reopen(): void {
    const least = this.#least;
    if (least === Number.POSITIVE_INFINITY) return;
    this.#least = Number.POSITIVE_INFINITY;
    while ((this.#open.at(-1)?.place ?? 0) > least) this.#open.pop();
    const before = this.#open.length;
    for (
      let last = this.#closed.at(-1);
      last !== undefined && last.since > least;
      last = this.#closed.at(-1)
    ) {
      this.#closed.pop();
      if (last.place <= least) this.#open.push(last);
    }
    if (this.#open.length > before) this.#open.sort((a, b) => a.place - b.place);
  }
}

function count(counts: Map<string, number>, key: string, by: 1 | -1): void {
  const sum = (counts.get(key) ?? 0) + by;
  if (sum === 0) counts.delete(key);
  else counts.set(key, sum);
}
