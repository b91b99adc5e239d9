// What is taken: the packages a search has settled on so far, and what they would like to see taken too.
// Knows how to keep up with a search that grows and goes back; does not know what is taken next, nor why.

import type { Engine } from "../search.ts";
import { type Taken, wantedBy } from "./fulfilment.ts";
import type { Demand, Package } from "./package.ts";
import { isRich } from "./relation.ts";
import type { Rule } from "./rule.ts";
import type { Universe } from "./universe.ts";

/** A view of what the engine has settled at the moment it is asked. */
export function takenIn(universe: Universe, engine: Engine<Rule>): Taken {
  const packages: Package[] = [];
  let [seen, returns] = [0, 0];
  const value = (pkg: Package) => engine.value(pkg.number);
  const wishes = { recommends: openWishes(), suggests: openWishes() };

  /** Takes in what was settled since, or everything anew where something was taken back. */
  const keepUp = (): void => {
    if (returns !== engine.returns) {
      [seen, returns] = [0, engine.returns];
      packages.length = 0;
      Object.assign(wishes, { recommends: openWishes(), suggests: openWishes() });
    }
    for (; seen < engine.trail.length; seen++) {
      const literal = engine.trail[seen] ?? 0;
      if (literal <= 0) continue;
      const pkg = universe.package(literal);
      packages.push(pkg);
      for (const kind of ["recommends", "suggests"] as const) {
        const plain = pkg[kind].filter(({ relation }) => !isRich(relation));
        for (const other of wantedBy(universe, value, plain)) wishes[kind].plain.add(other);
        wishes[kind].rich.push(...pkg[kind].filter(({ relation }) => isRich(relation)));
      }
    }
  };
  return {
    packages() {
      keepUp();
      return packages;
    },
    wanted(kind) {
      keepUp();
      const list = wishes[kind];
      // A condition may have come true with anything that was settled.
      if (list.rich.length > 0 && list.readAt !== seen) {
        list.readAt = seen;
        list.all = new Set([...list.plain, ...wantedBy(universe, value, list.rich)]);
      }
      return list.rich.length > 0 ? list.all : list.plain;
    },
    value,
  };
}

interface Wishes {
  readonly plain: Set<Package>;
  readonly rich: Demand[];
  /** Both together, as they were when the trail was so long. */
  all: ReadonlySet<Package>;
  readAt: number;
}

function openWishes(): Wishes {
  return { plain: new Set(), rich: [], all: new Set(), readAt: -1 };
}
