// What is taken: the packages a search has settled on so far, and what they would like to see taken too.
// Knows how to keep up with a search that grows and goes back; does not know what is taken next, nor why.

import type { Engine } from "../engine.ts";
import { Follower } from "./follower.ts";
import { type Taken, wantedBy } from "./fulfilment.ts";
import type { Demand, Package } from "./package.ts";
import { isRich } from "./relation.ts";
import type { Rule } from "./rule.ts";
import type { Universe } from "./universe.ts";

/** A view of what the engine has settled at the moment it is asked. */
export function takenIn(universe: Universe, engine: Engine<Rule>): Taken {
  const packages: Package[] = [];
  const value = (pkg: Package) => engine.value(pkg.number);
  const wishes = { recommends: openWishes(), suggests: openWishes() };
  const follower = new Follower();

  const count = (pkg: Package, by: 1 | -1): void => {
    for (const kind of ["recommends", "suggests"] as const) {
      if (pkg[kind].length === 0) continue;
      const plain = pkg[kind].filter(({ relation }) => !isRich(relation));
      const { counts, rich } = wishes[kind];
      for (const other of wantedBy(universe, value, plain)) counts.set(other, (counts.get(other) ?? 0) + by);
      const others = pkg[kind].filter(({ relation }) => isRich(relation));
      if (by > 0) rich.push(...others);
      else rich.length -= others.length;
    }
  };

  const keepUp = (): void => {
    const hasChanged = follower.keepUp(
      engine,
      (literal) => {
        if (literal <= 0) return;
        const pkg = universe.package(literal);
        packages.push(pkg);
        count(pkg, 1);
      },
      (literal) => {
        const pkg = literal > 0 ? packages.pop() : undefined;
        if (pkg !== undefined) count(pkg, -1);
      },
    );
    // A condition may have come true, or not be any longer, with anything that was settled.
    if (hasChanged) wishes.recommends.conditional = wishes.suggests.conditional = undefined;
  };
  return {
    packages() {
      keepUp();
      return packages;
    },
    isWanted(kind, pkg) {
      keepUp();
      const list = wishes[kind];
      if ((list.counts.get(pkg) ?? 0) > 0) return true;
      if (list.rich.length === 0) return false;
      list.conditional ??= new Set(wantedBy(universe, value, list.rich));
      return list.conditional.has(pkg);
    },
    value,
  };
}

interface Wishes {
  /** By how many relations a package is wished for, whatever else is taken. */
  readonly counts: Map<Package, number>;
  readonly rich: Demand[];
  /** What these wish for at the moment, once somebody asks. */
  conditional: ReadonlySet<Package> | undefined;
}

function openWishes(): Wishes {
  return { counts: new Map(), rich: [], conditional: undefined };
}
