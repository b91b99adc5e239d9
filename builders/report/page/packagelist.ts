// The lists of packages: all of them, and those that only build.
// Knows their columns; does not know how lists work.

import { countText, sizeText } from "../amount.ts";
import type { NamesData } from "../form.ts";
import { type ListChoice, type ListColumn, showListing } from "./listing.ts";
import { load, loadAll } from "./load.ts";
import { type Item, itemsOf, onEach, openShelf, type Shelf, versionOf } from "./packages.ts";
import { agreed, levelMark, packageLink, sourceLink, whereTags } from "./tag.ts";

export async function fillPackages(section: HTMLElement): Promise<void> {
  const { names, shelves, items } = await openItems();
  showListing(section, {
    caption: "Packages by architecture",
    nouns: ["package", "packages"],
    rows: items,
    columns: packageColumns(names, shelves),
    choices: [levelChoice(shelves), architectureChoice(names)],
    text: ({ name }) => name,
  });
}

export async function fillBuildrootPackages(section: HTMLElement): Promise<void> {
  const { names, shelves, items } = await openItems();
  const building = items.filter((item) => levelsOf(item, shelves).some((level) => level > 0));
  showListing(section, {
    heading: "Packages that only build",
    followed: true,
    caption: "Packages that only build, by architecture",
    nouns: ["package", "packages"],
    rows: building,
    columns: packageColumns(names, shelves).filter(({ key }) => key !== "workloads"),
    choices: [levelChoice(shelves), architectureChoice(names)],
    text: ({ name }) => name,
  });
}

export async function openItems() {
  const [names, data] = await Promise.all([load("names"), loadAll("packages")]);
  const shelves = data.map((one) => openShelf(names, one));
  return { names, shelves, items: itemsOf(names, shelves) };
}

export function packageColumns(names: NamesData, shelves: readonly Shelf[]): ListColumn<Item>[] {
  const { architectures } = names;
  const sourceOf = (item: Item) =>
    onEach(item, shelves, ({ data }, row) => names.sources[data.source[row] ?? -1] ?? "");
  const most = (item: Item, column: "size" | "workloads") =>
    Math.max(...onEach(item, shelves, ({ data }, row) => data[column][row] ?? 0).map((value) => value ?? 0));
  return [
    { key: "name", label: "Package", cell: ({ name }) => packageLink(name), value: ({ name }) => name },
    {
      key: "version",
      label: "Version",
      cell: (item) => agreed(onEach(item, shelves, versionOf), architectures),
    },
    {
      key: "source",
      label: "Source",
      cell: (item) => agreed(sourceOf(item), architectures, sourceLink),
      value: (item) => sourceOf(item).find((source) => source !== undefined) ?? "",
    },
    {
      key: "level",
      label: "Level",
      cell: (item) =>
        agreed(
          onEach(item, shelves, ({ data }, row) => data.level[row] ?? 0),
          architectures,
          levelMark,
        ),
      value: (item) => Math.min(...levelsOf(item, shelves)),
    },
    {
      key: "size",
      label: "Installed",
      kind: "number",
      cell: (item) => sizeText(most(item, "size")),
      value: (item) => most(item, "size"),
    },
    {
      key: "workloads",
      label: "Workloads",
      kind: "number",
      cell: (item) => countText(most(item, "workloads")),
      value: (item) => most(item, "workloads"),
    },
    whereColumn(architectures),
  ];
}

export function levelsOf(item: Item, shelves: readonly Shelf[]): number[] {
  return onEach(item, shelves, ({ data }, row) => data.level[row] ?? 0).filter(
    (level) => level !== undefined,
  );
}

function levelChoice(shelves: readonly Shelf[]): ListChoice<Item> {
  const levels = shelves.flatMap(({ data }) => [...new Set(data.level)]);
  return choiceOfLevels(levels, (item) => levelsOf(item, shelves));
}

export function choiceOfLevels<T>(
  levels: Iterable<number>,
  levelsIn: (row: T) => readonly number[],
): ListChoice<T> {
  return {
    key: "level",
    label: "Level",
    options: [...new Set(levels)]
      .sort((a, b) => a - b)
      .map((level) => ({ value: String(level), label: String(level) })),
    accepts: (row, value) => levelsIn(row).includes(Number(value)),
  };
}

export function whereColumn(architectures: readonly string[]): ListColumn<Pick<Item, "on">> {
  return {
    key: "where",
    label: "Architectures",
    cell: ({ on }) => whereTags(architectures, (place) => (on[place] ?? -1) >= 0) || "all",
  };
}

export function architectureChoice({ architectures }: NamesData): ListChoice<Pick<Item, "on">> {
  return {
    key: "architecture",
    label: "Architecture",
    options: architectures.flatMap((one, place) => [
      { value: String(place), label: one },
      ...(architectures.length > 1 ? [{ value: `only-${place}`, label: `only ${one}` }] : []),
    ]),
    accepts: ({ on }, value) => {
      const place = Number(value.replace("only-", ""));
      return (
        (on[place] ?? -1) >= 0 && (!value.startsWith("only-") || on.every((row, i) => i === place || row < 0))
      );
    },
  };
}
