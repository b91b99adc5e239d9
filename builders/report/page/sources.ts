// The sources of all architectures, side by side by name.
// Pure. Knows the data's form; does not know how it is loaded or shown.

import type { NamesData, SourcesData } from "../form.ts";
import { fromRising } from "../rising.ts";

export interface SourceItem {
  readonly place: number;
  readonly name: string;
  /** By architecture: its level, -1 where it is not wanted. */
  readonly on: readonly number[];
  /** By architecture; undefined where it is not wanted. */
  readonly versions: readonly (string | undefined)[];
  /** How many packages of it are in the view and its buildroot. */
  readonly packages: number;
  readonly archful: boolean;
  /** Whether manifests make it. */
  readonly local: boolean;
  /** Places of the architectures where it cannot be built. */
  readonly failed: readonly number[];
}

/** Sources that the view tells of: what is only named has nothing to be told. */
export function sourceItems({ sources }: NamesData, data: SourcesData): SourceItem[] {
  const archful = new Set(fromRising(data.archful));
  const local = new Set(fromRising(data.local));
  const failed = data.failed.map((rising) => new Set(fromRising(rising)));
  return sources.flatMap((name, place) => {
    const on = data.level.map((levels) => levels[place] ?? -1);
    if (on.every((level) => level < 0)) return [];
    const versions = data.version.map((places) => data.versions[places[place] ?? -1]);
    const item: SourceItem = {
      place,
      name,
      on,
      versions,
      packages: data.packages[place]?.length ?? 0,
      archful: archful.has(place),
      local: local.has(place),
      failed: failed.flatMap((places, architecture) => (places.has(place) ? [architecture] : [])),
    };
    return [item];
  });
}

export function lowestLevel({ on }: SourceItem): number {
  return Math.min(...on.filter((level) => level >= 0));
}
