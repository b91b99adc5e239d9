// The lists of sources: all of them, and those that packages are built from which only build.
// Knows their columns; does not know how lists work.

import { countText } from "../amount.ts";
import type { NamesData } from "../form.ts";
import { type ListChoice, type ListColumn, showListing } from "./listing.ts";
import { load } from "./load.ts";
import { make } from "./make.ts";
import { architectureChoice, choiceOfLevels, whereColumn } from "./packagelist.ts";
import { lowestLevel, type SourceItem, sourceItems } from "./sources.ts";
import { agreed, architectureTags, levelMark, localMark, sourceLink } from "./tag.ts";

export async function fillSources(section: HTMLElement): Promise<void> {
  const { names, items } = await openSourceItems();
  showListing(section, {
    caption: "Sources by architecture",
    nouns: ["source", "sources"],
    rows: items,
    columns: sourceColumns(names),
    choices: [levelChoice(items), architectureChoice(names), stateChoice],
    text: ({ name }) => name,
  });
}

export async function fillBuildrootSources(section: HTMLElement): Promise<void> {
  const { names, items } = await openSourceItems();
  const building = items.filter((item) => lowestLevel(item) > 0);
  showListing(section, {
    heading: "Their sources",
    caption: "Sources of packages that only build, by architecture",
    nouns: ["source", "sources"],
    rows: building,
    columns: sourceColumns(names),
    choices: [levelChoice(building), architectureChoice(names), stateChoice],
    text: ({ name }) => name,
    prefix: "source-",
  });
}

export async function openSourceItems() {
  const [names, data] = await Promise.all([load("names"), load("sources")]);
  return { names, data, items: sourceItems(names, data) };
}

export function sourceColumns({ architectures }: NamesData): ListColumn<SourceItem>[] {
  return [
    { key: "name", label: "Source", cell: ({ name }) => sourceLink(name), value: ({ name }) => name },
    { key: "version", label: "Version", cell: ({ versions }) => agreed(versions, architectures) },
    {
      key: "level",
      label: "Level",
      cell: ({ on }) =>
        agreed(
          on.map((level) => (level < 0 ? undefined : level)),
          architectures,
          levelMark,
        ),
      value: lowestLevel,
    },
    {
      key: "packages",
      label: "Packages",
      kind: "number",
      cell: ({ packages }) => countText(packages),
      value: ({ packages }) => packages,
    },
    {
      key: "build",
      label: "Build",
      cell: ({ archful, local, failed }) => [
        local && localMark(),
        failed.length > 0 && make("span", { class: "mark bad" }, "fails"),
        failed.length > 0 &&
          failed.length < architectures.length && [
            " ",
            architectureTags(failed.map((place) => architectures[place] ?? "")),
          ],
        failed.length > 0 && " ",
        archful &&
          make(
            "span",
            { class: "mark", title: "its build requirements differ between architectures" },
            "archful",
          ),
      ],
      value: ({ archful, local, failed }) => (failed.length > 0 ? 0 : archful ? 1 : local ? 2 : 3),
    },
    whereColumn(architectures),
  ];
}

function levelChoice(items: readonly SourceItem[]): ListChoice<SourceItem> {
  const levels = items.flatMap(({ on }) => on.filter((level) => level >= 0));
  return choiceOfLevels(levels, ({ on }) => on);
}

const stateChoice: ListChoice<SourceItem> = {
  key: "build",
  label: "Build",
  options: [
    { value: "fails", label: "fails" },
    { value: "archful", label: "archful" },
    { value: "local", label: "local" },
  ],
  accepts: ({ archful, local, failed }, value) =>
    value === "fails" ? failed.length > 0 : value === "local" ? local : archful,
};
