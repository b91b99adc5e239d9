// Collection: what nothing keeps alive goes, beside sessions that go on.
// Knows what may go and in which order; does not know whether a root's link is still there, nor threads.

import { basename } from "node:path";
import { budgetOf, keepYoung } from "./budget.ts";
import { type Held, openHeld } from "./held.ts";
import type { Layout } from "./layout.ts";
import { type Live, openLive } from "./mark.ts";
import { type Generation, generationPlace, readProfile, readProfiles } from "./profiles.ts";
import { isRoot, type RootFile, readRoots, rootFile, rootId } from "./roots.ts";
import { openSweep, type Sweep } from "./sweep.ts";
import { namesIn } from "./usage.ts";
import type { Collection, CollectionParts, CollectionWish } from "./wish.ts";

/**
 * Removes what no root and no session keeps. Only one process at a time collects.
 *
 * May be killed at any point: statements go before the trees they name, trees before their blobs, with a flush in
 * between, so a power cut cannot undo the first and keep the second either. What can be made again at once goes
 * first: downloads that were cut off, checkouts, outputs. These are renamed away before they are taken apart,
 * because one that is there counts as complete.
 *
 * @throws {Fault} `store/corrupt` where a record that is kept cannot be read: nothing is removed then; or the
 * signal's reason
 */
export async function collect(parts: CollectionParts, wish: CollectionWish): Promise<Collection> {
  const { layout, records, journals } = parts;
  const live = openLive(layout, records);
  const held = openHeld(live, journals);
  const roots = readRoots(layout);
  const dropped = roots.filter((root) => isDropped(root, wish, held));
  for (const root of roots) if (!dropped.includes(root)) live.keep(root.root);
  const letGo = new Map(generationsLetGo(layout, wish).map((one) => [placeOf(layout, one), one]));
  for (const generation of keptGenerations(layout, letGo)) live.keep(generation);
  const sweep = openSweep(parts, held, wish);
  const done = (above = 0): Collection => ({
    ...sweep.outcome(),
    roots: {
      kept: roots.length - dropped.length,
      dropped: [...dropped.map(linkOf), ...[...letGo.values()].map(nameOf)],
    },
    ...(above > 0 && { above }),
  });

  await sweep.remove([...letGo.keys()], (file) => isThere(layout, letGo.get(file)));
  await sweep.remove(
    dropped.map(({ name }) => `${layout.roots}/${name}`),
    (file) => isDropped(rootFile(layout, basename(file)), wish, held),
  );
  await sweep.remove(leftoversOfRoots(layout), (file) => !isHeldLeftover(basename(file), held));
  const budget = budgetOf(layout, wish);
  if (budget?.excess === 0) return done();
  let above = budget ? 0 : keepYoung(layout, live, records, wish, undefined);
  await sweepVolatile(layout, live, held, sweep, budget !== undefined);
  if (budget && sweep.bytes() >= budget.excess) return done();
  if (budget) above = keepYoung(layout, live, records, wish, budget.size);
  // What is being written beside its place is held by who writes it.
  await sweep.files("results", (name, hex) => (isWhole(name) ? live : held).requests.has(hex));
  if (!wish.dryRun) parts.history.retain((hex) => live.requests.has(hex));
  await sweep.files("logs", (name, hex) => (isWhole(name) ? live : held).requests.has(hex));
  await sweep.files("trees", (name, hex) => (isWhole(name) ? live : held).trees.has(hex));
  await sweep.files("blobs", (name, hex) => name[64] === "." && live.blobs.has(hex));
  return done(above);
}

/** What can be made again at once: with `all` also checkouts of what is kept, unless a session uses them. */
async function sweepVolatile(
  layout: Layout,
  live: Live,
  held: Held,
  sweep: Sweep,
  all: boolean,
): Promise<void> {
  await sweep.folders("rest", layout.partial, (name) => held.partials.has(name));
  await sweep.folders("rest", layout.failed, (name) => held.requests.has(name));
  await sweep.folders("rest", layout.corrupt, () => false);
  await sweep.folders("checkouts", layout.checkouts, (name) => (all ? held.trees : live.trees).has(name));
  await sweep.folders("outputs", layout.outputs, (name) => live.trees.has(name));
}

/** A root that has been registered anew since its link was looked at is none of those that are gone. */
function isDropped({ name, stamp, root }: RootFile, { dead }: CollectionWish, held: Held): boolean {
  return dead.some((one) => one.name === name && one.stamp === stamp) && !held.links.has(rootId(root));
}

/** What killed processes left while they wrote roots. */
function leftoversOfRoots({ roots }: Layout): string[] {
  return namesIn(roots)
    .filter((name) => !isRoot(name))
    .map((name) => `${roots}/${name}`);
}

/** A root's name is the beginning of what is held of it. */
function isHeldLeftover(name: string, { links }: Held): boolean {
  return [...links].some((hex) => hex.startsWith(name.slice(0, 32)));
}

const linkOf = ({ root }: RootFile) => root.link;
const isWhole = (name: string) => name.length === 64;

type LetGo = CollectionWish["generations"][number];

const nameOf = ({ profile, number }: LetGo) => `generation ${number} of ${profile}`;
const placeOf = (layout: Layout, { profile, number }: LetGo) => generationPlace(layout, profile, number);

/** Those of the wish that are still there. */
function generationsLetGo(layout: Layout, { generations }: CollectionWish): LetGo[] {
  return generations.filter((one) => isThere(layout, one));
}

/** Numbers begin anew in a profile of which all was let go. */
function isThere(layout: Layout, one: LetGo | undefined): boolean {
  return (
    one !== undefined &&
    readProfile(layout, one.profile).generations.some(
      ({ number, made }) => number === one.number && made === one.made,
    )
  );
}

function keptGenerations(layout: Layout, letGo: ReadonlyMap<string, LetGo>): Generation[] {
  return readProfiles(layout).flatMap(({ name, generations }) =>
    generations.filter(({ number, made }) => {
      const one = letGo.get(generationPlace(layout, name, number));
      return one?.made !== made;
    }),
  );
}
