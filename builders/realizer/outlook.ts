// The outlook of a run: in which order what is ready begins, and how long it will still take.
// Knows what is left and for how long it has run; forecasts are somebody else's, and so is what becomes of anything.

import type { Derivation } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { isFetching } from "../recipes.ts";
import { type Forecast, forecastOf, type Rest, ranksOf, remainingPaths, timeLeft } from "./forecast.ts";
import type { Means, RealizeOptions } from "./means.ts";
import type { Task } from "./queue.ts";

/** Where a run stands. */
export interface Standing {
  /** What has to be made or brought, and is not there yet. */
  isLeft(item: Derivation): boolean;
  isOffered(item: Derivation): boolean;
  /** Where its inputs are known. */
  requestOf(item: Derivation): Digest | undefined;
}

export interface Outlook {
  /** What it is in the queue; offered or not is told by how it stands now. */
  taskOf(item: Derivation): Task;
  /** To be told while it still stands as it did in the queue. */
  begin(item: Derivation): void;
  /** Tells how long it will take, at most once a second. */
  tell(): void;
}

/** Looks up what each that is left took before, once: ranks never change after. */
export function openOutlook(
  all: readonly Derivation[],
  users: ReadonlyMap<Digest, readonly Derivation[]>,
  standing: Standing,
  means: Pick<Means, "paces" | "emit" | "now">,
  places: Pick<RealizeOptions, "jobs" | "downloads">,
): Outlook {
  const left = all.filter(standing.isLeft);
  const paces = means.paces(
    left.map((item) => ({
      builder: item.builder,
      label: item.label,
      request: standing.requestOf(item),
    })),
  );
  const paceOf = new Map(left.map(({ digest }, index) => [digest, paces[index]]));
  const forecast = (item: Derivation): Forecast =>
    forecastOf(item, paceOf.get(item.digest), standing.isOffered(item));
  const duration = (item: Derivation) => (standing.isLeft(item) ? forecast(item).duration : 0);
  const ranks = ranksOf(all, remainingPaths(all, users, duration));
  const begun = new Map<Digest, { readonly since: number; readonly rest: Rest }>();
  let toldAt = -Infinity;
  const restOf = (item: Derivation): Rest => {
    const one = begun.get(item.digest);
    if (one !== undefined) return { ...one.rest, left: Math.max(0, one.rest.left - means.now() + one.since) };
    const { duration: left, recorded } = forecast(item);
    return { left, recorded, download: isDownload(item, standing) };
  };
  const leftOf = (item: Derivation) => (standing.isLeft(item) ? restOf(item).left : 0);
  return {
    taskOf: (item) => ({
      id: item.digest,
      rank: ranks.get(item.digest) ?? all.length,
      kind: isDownload(item, standing) ? "download" : "build",
      memory: forecast(item).memory,
    }),
    begin(item) {
      begun.delete(item.digest);
      begun.set(item.digest, { since: means.now(), rest: restOf(item) });
    },
    tell() {
      if (means.now() - toldAt < tellEvery) return;
      toldAt = means.now();
      const paths = remainingPaths(all, users, leftOf).values();
      const longest = paths.reduce((most, path) => Math.max(most, path), 0);
      const time = timeLeft(all.filter(standing.isLeft).map(restOf), longest, places);
      if (time !== undefined) means.emit({ type: "estimate", left: Math.round(time) });
    },
  };
}

/** Milliseconds. */
const tellEvery = 1000;

/** From the network or out of a cache: it takes a place of its own kind. */
function isDownload(item: Derivation, { isOffered }: Pick<Standing, "isOffered">): boolean {
  return isOffered(item) || isFetching(item.builder);
}
