// The lists of what is not the same on all architectures.
// Knows when something differs; does not know how lists work.

import { type ListChoice, showListing } from "./listing.ts";
import { levelsOf, openItems, packageColumns } from "./packagelist.ts";
import type { Item, Shelf } from "./packages.ts";
import { onEach, versionOf } from "./packages.ts";
import { openSourceItems, sourceColumns } from "./sourcelist.ts";
import type { SourceItem } from "./sources.ts";

export async function fillDifferences(section: HTMLElement, what: "packages" | "sources"): Promise<void> {
  if (what === "packages") await fillPackages(section);
  else await fillSources(section);
}

async function fillPackages(section: HTMLElement): Promise<void> {
  const { names, shelves, items } = await openItems();
  showListing(section, {
    heading: "Packages",
    followed: true,
    caption: "Packages that differ between architectures",
    nouns: ["package that differs", "packages that differ"],
    rows: items.filter((item) => isPartial(item) || differs(item, shelves)),
    columns: packageColumns(names, shelves),
    choices: [kindChoice((item: Item) => (isPartial(item) ? "where" : "version"))],
    text: ({ name }) => name,
  });
}

async function fillSources(section: HTMLElement): Promise<void> {
  const { names, items } = await openSourceItems();
  const isMissing = ({ on }: SourceItem) => on.some((level) => level < 0);
  const isUneven = ({ versions, on }: SourceItem) => new Set(versions).size > 1 || new Set(on).size > 1;
  showListing(section, {
    heading: "Sources",
    caption: "Sources that differ between architectures",
    nouns: ["source that differs", "sources that differ"],
    rows: items.filter((item) => isMissing(item) || isUneven(item) || item.archful),
    columns: sourceColumns(names),
    choices: [
      kindChoice(
        (item: SourceItem) => (isMissing(item) ? "where" : isUneven(item) ? "version" : "archful"),
        true,
      ),
    ],
    text: ({ name }) => name,
    prefix: "source-",
  });
}

function isPartial({ on }: Item): boolean {
  return on.some((row) => row < 0);
}

function differs(item: Item, shelves: readonly Shelf[]): boolean {
  return new Set(onEach(item, shelves, versionOf)).size > 1 || new Set(levelsOf(item, shelves)).size > 1;
}

function kindChoice<T>(kindOf: (row: T) => string, archful = false): ListChoice<T> {
  return {
    key: "kind",
    label: "Difference",
    options: [
      { value: "where", label: "not everywhere" },
      { value: "version", label: "version or level" },
      ...(archful ? [{ value: "archful", label: "build requirements" }] : []),
    ],
    accepts: (row, value) => kindOf(row) === value,
  };
}
