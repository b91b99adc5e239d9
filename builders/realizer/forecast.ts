// Forecasts: how long a derivation will take and how much memory, by what is recorded of it or, failing that, by its kind.
// Pure. Decides order and waiting alone: nothing here is part of any key, and a wrong forecast makes nothing wrong.

import type { Pace } from "../../store/history.ts";
import type { Derivation } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { isFetching } from "../recipes.ts";

export interface Forecast {
  /** Milliseconds. */
  readonly duration: number;
  /** Bytes. */
  readonly memory: number;
  /** Whether the duration is one that was measured. */
  readonly recorded: boolean;
}

const [mebi, second] = [2 ** 20, 1000];

/** What is told of those that nothing is recorded of: orders of magnitude, as they came out on machines of two cores. */
const byBuilder: Readonly<Record<string, Pick<Forecast, "duration" | "memory">>> = {
  ...kinds(["tree", "deb-source", "rpm", "checks"], 60 * second, 1024 * mebi),
  ...kinds(["rootfs", "rpmroot", "customize", "repackage"], 5 * second, 256 * mebi),
  ...kinds(["ext4", "squashfs", "oci", "tar"], 5 * second, 256 * mebi),
  ...kinds(["rpm-requires", "srpm", "deb-unpack", "index"], 2 * second, 256 * mebi),
};
const other = { duration: 0.2 * second, memory: 64 * mebi };

function kinds(names: readonly string[], duration: number, memory: number) {
  return Object.fromEntries(names.map((name) => [name, { duration, memory }]));
}

/** Bytes a millisecond: 20 MB/s of a download; unpacking is quicker, and grows with the same size. */
const fetched = 20_000;
const unpacked = 40_000;

/** What is over before it was looked at was seen to hold nothing. */
const leastMemory = 16 * mebi;

/** `offered`: it comes out of a cache. Of what is fetched the size alone counts: networks differ from day to day. */
export function forecastOf(item: Derivation, pace: Pace | undefined, offered: boolean): Forecast {
  if (offered) return { duration: other.duration, memory: 0, recorded: false };
  if (isFetching(item.builder))
    return { duration: 50 + (sizeOf(item) ?? 0) / fetched, memory: 0, recorded: false };
  const { duration, memory } = byBuilder[item.builder] ?? { ...other, duration: unpackingOf(item) };
  return {
    duration: pace?.duration ?? duration,
    memory: pace?.memory === undefined ? memory : Math.max(leastMemory, pace.memory),
    recorded: pace !== undefined,
  };
}

function unpackingOf(item: Derivation): number {
  const sizes = Object.values(item.inputs).map((input) =>
    "derivation" in input ? (sizeOf(input.derivation) ?? 0) : 0,
  );
  return item.builder === "unpack" ? 20 + Math.max(0, ...sizes) / unpacked : other.duration;
}

function sizeOf({ parameters }: Derivation): number | undefined {
  const size = (parameters as { size?: unknown } | null)?.size;
  return typeof size === "number" ? size : undefined;
}

/**
 * The longest path from the beginning of each to the end of all, in milliseconds; `all` has inputs before their users.
 * What takes no time any more is told by `durationOf`.
 */
export function remainingPaths(
  all: readonly Derivation[],
  users: ReadonlyMap<Digest, readonly Derivation[]>,
  durationOf: (item: Derivation) => number,
): Map<Digest, number> {
  const paths = new Map<Digest, number>();
  for (const item of all.toReversed()) {
    let longest = 0;
    for (const user of users.get(item.digest) ?? []) longest = Math.max(longest, paths.get(user.digest) ?? 0);
    paths.set(item.digest, longest + durationOf(item));
  }
  return paths;
}

/** The place of each in the order in which they begin where they can: the longest path first, else as in `all`. */
export function ranksOf(all: readonly Derivation[], paths: ReadonlyMap<Digest, number>): Map<Digest, number> {
  const path = ({ digest }: Derivation) => paths.get(digest) ?? 0;
  const sorted = all.toSorted((a, b) => path(b) - path(a));
  return new Map(sorted.map(({ digest }, rank) => [digest, rank]));
}

/** Something that is not done, and what is left of it. */
export interface Rest {
  /** Milliseconds, of what it is forecast to take. */
  readonly left: number;
  readonly recorded: boolean;
  readonly download: boolean;
}

/**
 * Milliseconds until all is done: what the longest path takes, or what there is to do takes in the places there are,
 * whichever is longer. Undefined where less than half of it was ever measured: that would be a guess.
 */
export function timeLeft(
  rests: readonly Rest[],
  longestPath: number,
  places: { readonly jobs: number; readonly downloads: number },
): number | undefined {
  const sum = (some: readonly Rest[]) => some.reduce((total, { left }) => total + left, 0);
  const measured = sum(rests.filter(({ recorded }) => recorded));
  if (measured === 0 || measured * 2 < sum(rests)) return undefined;
  const builds = sum(rests.filter(({ download }) => !download)) / places.jobs;
  const downloads = sum(rests.filter(({ download }) => download)) / places.downloads;
  return Math.max(longestPath, builds, downloads);
}
