// The packages of all architectures, side by side by name.
// Pure. Knows the data's form; does not know how it is loaded or shown.

import type { NamesData, PackagesData } from "../form.ts";
import { fromRising } from "../rising.ts";

/** One architecture's packages by row. */
export interface Shelf {
  readonly data: PackagesData;
  /** By row: the place of its name. */
  readonly names: readonly number[];
  /** By a name's place: the first row that has it, -1 where none has; rows of one name follow each other. */
  readonly first: Int32Array;
  readonly placeholders: ReadonlySet<number>;
}

/** A name, and on each architecture its first row, or -1. */
export interface Item {
  readonly place: number;
  readonly name: string;
  readonly on: readonly number[];
}

export function openShelf({ packages }: NamesData, data: PackagesData): Shelf {
  const names = fromRising(data.name);
  const first = new Int32Array(packages.length).fill(-1);
  for (let row = names.length - 1; row >= 0; row--) first[names[row] ?? 0] = row;
  return { data, names, first, placeholders: new Set(fromRising(data.placeholders)) };
}

/** All that are somewhere, in the order of their names. */
export function itemsOf({ packages }: NamesData, shelves: readonly Shelf[]): Item[] {
  return packages.flatMap((name, place) => {
    const on = shelves.map(({ first }) => first[place] ?? -1);
    return on.some((row) => row >= 0) ? [{ place, name, on }] : [];
  });
}

export function rowsNamed({ first, names }: Shelf, place: number): number[] {
  const from = first[place] ?? -1;
  if (from < 0) return [];
  let end = from;
  while (names[end] === place) end++;
  return Array.from({ length: end - from }, (_, i) => from + i);
}

export function versionOf({ data: { version, versions } }: Shelf, row: number): string {
  return versions[version[row] ?? -1] ?? "";
}

/** Values of an item by architecture, with equal ones together; `undefined` where it is not there. */
export function onEach<T>(
  item: Pick<Item, "on">,
  shelves: readonly Shelf[],
  value: (shelf: Shelf, row: number) => T,
): (T | undefined)[] {
  return item.on.map((row, architecture) => {
    const shelf = shelves[architecture];
    return row < 0 || shelf === undefined ? undefined : value(shelf, row);
  });
}
