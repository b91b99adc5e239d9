// Settling: what is held by a lock makes way for what is to move, and for what that forces.
// Knows what is held and what stands together; does not know how packages are chosen.

import { openAsked } from "../../evaluator/asked.ts";
import type { ClosureQuestion } from "../../evaluator/question.ts";
import type { ChosenPackage } from "../../evaluator/resolution.ts";
import type { Pinned } from "./pinned.ts";
import { type Asked, type Listed, openSupply } from "./supply.ts";

export type Chosen = Pick<ChosenPackage, "name" | "version" | "architecture" | "stanza" | "origin">;

/** What was chosen in one go: a root, a view's environment, one of its workloads. */
export interface Closed
  extends Asked,
    Pick<ClosureQuestion, "requests" | "base" | "recommends" | "brought" | "groups"> {
  readonly packages: readonly Chosen[];
}

export interface Attempted<T> {
  readonly answer: T;
  /** They are to have the same version of a package, unless one of them cannot. */
  readonly closed: readonly Closed[];
}

export interface SettleMeans<T> {
  /** Names that are to move as far as they can, whatever is held; they are not held themselves. */
  readonly moving: readonly string[];
  /** What there is to choose from, without what is held. */
  readonly lists: readonly Listed[];
  /** What is held, as lists. */
  readonly keep: (held: readonly Pinned[]) => readonly Listed[];
  readonly choose: (held: readonly Pinned[]) => Attempted<T>;
}

/**
 * Chooses with what is held, and again as long as something held has to give way: to the newest of a name that is to
 * move and was kept back by others (`libfoo-dev (= version)` beside a `libfoo` that is to move), or because one set had
 * to take another version than the others keep. What gives way is replaced by what forced it, not let go: nothing else
 * moves. Each package gives way once, so it ends.
 */
export function settle<T>(held: readonly Pinned[], means: SettleMeans<T>): T {
  let left = held;
  let now = means.choose(left);
  const replaced = new Set<string>();
  const replace = (others: readonly Chosen[]) => {
    const fresh = others.filter((item) => item.origin !== "local" && !replaced.has(placeOf(item)));
    if (fresh.length === 0) return false;
    for (const item of fresh) replaced.add(placeOf(item));
    left = replacedIn(left, fresh);
    now = means.choose(left);
    return true;
  };
  for (const name of means.moving)
    replace(now.closed.flatMap((closed) => forcedBy(name, closed, left, means)));
  while (replace(tornIn(now.closed, left)));
  return now.answer;
}

/** What asking for the newest of the name too would change; nothing where it is there, or cannot be had. */
function forcedBy<T>(
  name: string,
  closed: Closed,
  held: readonly Pinned[],
  { lists, keep }: SettleMeans<T>,
): readonly Chosen[] {
  const there = closed.packages.filter((item) => item.name === name && item.origin !== "local");
  if (there.length === 0) return [];
  const now = openSupply(closed, lists);
  const newest = there.flatMap(({ architecture, version }) => {
    const best = now.preferred(name, architecture);
    return best === undefined || best.version === version ? [] : [best.request];
  });
  if (newest.length === 0) return [];
  const kept = openSupply(closed, [...lists, ...keep(held)]);
  const opened = openAsked(kept, closed);
  if (!opened.ok) return [];
  const { requests, members } = opened;
  const resolution = kept.resolve({ ...closed, requests: [...requests, ...newest], members });
  if (!resolution.ok) return [];
  const before = new Set(closed.packages.map((item) => `${placeOf(item)} ${item.version}`));
  return resolution.packages.filter((item) => !before.has(`${placeOf(item)} ${item.version}`));
}

/** Versions that some set took although another keeps the held one, and has no other. */
function tornIn(closed: readonly Closed[], held: readonly Pinned[]): Chosen[] {
  const isHeld = new Set(
    held.map(({ stanza }) => `${stanza["Package"]} ${stanza["Architecture"]} ${stanza["Version"]}`),
  );
  const sets = closed.map(({ packages }) => Map.groupBy(packages, placeOf));
  const places = new Set(sets.flatMap((set) => [...set.keys()]));
  return [...places].flatMap((place) => {
    const versions = sets.flatMap((set) => set.get(place) ?? []);
    const kept = versions.find((item) => isHeld.has(`${place} ${item.version}`));
    const forced = sets.flatMap((set) => {
      const own = set.get(place) ?? [];
      return own.some(({ version }) => version === kept?.version) ? [] : own.slice(0, 1);
    });
    return kept === undefined ? [] : forced.slice(0, 1);
  });
}

function replacedIn(held: readonly Pinned[], others: readonly Chosen[]): Pinned[] {
  const places = new Set(others.map(placeOf));
  const stay = held.filter(({ stanza }) => !places.has(`${stanza["Package"]} ${stanza["Architecture"]}`));
  const fresh = others.flatMap(({ origin, stanza }): Pinned[] =>
    origin === "local" ? [] : [{ from: `${origin.repository} ${origin.suite}`, stanza }],
  );
  return [...stay, ...fresh];
}

function placeOf({ name, architecture }: Pick<Chosen, "name" | "architecture">): string {
  return `${name} ${architecture}`;
}
