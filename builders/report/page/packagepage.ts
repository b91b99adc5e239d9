// The page of a package: its versions on all architectures, what it needs, who needs it, and which workloads have it.
// Knows what is shown where; does not know how the data is found.

import { countText, sizeText } from "../amount.ts";
import type { NamesData, NeedsData } from "../form.ts";
import { fromRising } from "../rising.ts";
import { follow, headed, notThere } from "./detail.ts";
import { foldedList } from "./folded.ts";
import { load, loadAll } from "./load.ts";
import { type Child, make } from "./make.ts";
import { type Item, openShelf, rowsNamed, type Shelf, versionOf } from "./packages.ts";
import { placeIn } from "./place.ts";
import {
  graphLink,
  levelMark,
  packageLink,
  partMark,
  partOrder,
  sideBySide,
  sourceLink,
  whereTags,
  workloadLink,
} from "./tag.ts";
import { type Members, openMembers, openWeb, type Web } from "./web.ts";

interface World {
  readonly names: NamesData;
  readonly shelves: readonly Shelf[];
  readonly needs: readonly NeedsData[];
  readonly webs: readonly Web[];
  readonly members: readonly Members[];
}

export async function openPackage(section: HTMLElement): Promise<void> {
  const [names, packages, needs, members] = await Promise.all([
    load("names"),
    loadAll("packages"),
    loadAll("needs"),
    loadAll("members"),
  ]);
  const shelves = packages.map((data) => openShelf(names, data));
  const webs = shelves.flatMap((shelf, place) => {
    const data = needs[place];
    return data === undefined ? [] : [openWeb(shelf, data)];
  });
  const world = { names, shelves, needs, webs, members: members.map(openMembers) };
  await follow(section, ([name = ""]) => show(name, world));
}

function show(name: string, world: World): Child {
  const { names, shelves } = world;
  const place = placeIn(names.packages, name);
  const on = shelves.map(({ first }) => first[place] ?? -1);
  if (on.every((row) => row < 0)) return notThere("package", name, "packages.html");
  const item = { place, name, on };
  return [
    make("h1", {}, name),
    figures(item, world),
    workloads(item, world),
    builds(item, world),
    make(
      "div",
      { class: "columns" },
      neighbours("Needed by", "Nothing in the view needs it.", item, world, ({ neededBy }) => neededBy),
      neighbours("Needs", "It needs nothing else of the view.", item, world, ({ needs }) => needs),
    ),
  ];
}

function figures({ place, name, on }: Item, { names, shelves }: World): HTMLElement {
  const { architectures } = names;
  const cells = (value: (shelf: Shelf, row: number) => Child) =>
    shelves.map((shelf) => rowsNamed(shelf, place).map((row, i) => [i > 0 && make("br"), value(shelf, row)]));
  return sideBySide(`${name} by architecture`, architectures, [
    {
      label: "Version",
      cells: cells((shelf, row) => [
        versionOf(shelf, row),
        shelf.placeholders.has(row) && [" ", make("span", { class: "mark" }, "placeholder")],
      ]),
    },
    {
      label: "Architecture",
      cells: cells(({ data }, row) => data.architectures[data.architecture[row] ?? -1]),
    },
    {
      label: "Source",
      cells: cells(({ data }, row) => sourceLink(names.sources[data.source[row] ?? -1] ?? "")),
    },
    { label: "Level", cells: cells(({ data }, row) => levelMark(data.level[row] ?? 0)) },
    { label: "Installed", cells: cells(({ data }, row) => sizeText(data.size[row] ?? 0)) },
    { label: "To download", cells: cells(({ data }, row) => sizeText(data.download[row] ?? 0)) },
    {
      label: "Graph",
      cells: architectures.map((architecture, i) => (on[i] ?? -1) >= 0 && graphLink(architecture, name)),
    },
  ]);
}

function workloads({ on }: Item, { names, members }: World): Child {
  const byWorkload = Map.groupBy(
    on.flatMap((row, place) =>
      row < 0 ? [] : (members[place]?.of(row) ?? []).map((one) => ({ ...one, place })),
    ),
    ({ workload }) => workload,
  );
  const rows = [...byWorkload].sort(
    ([a, [one]], [b, [other]]) =>
      partOrder.indexOf(one?.as ?? "base") - partOrder.indexOf(other?.as ?? "base") || a - b,
  );
  const item = (i: number): Child => {
    const [workload, its] = rows[i] ?? [-1, []];
    return [
      workloadLink(names.workloads[workload] ?? ""),
      [...Map.groupBy(its, ({ as }) => as)].map(([as, same]) => [
        " ",
        partMark(as),
        " ",
        whereTags(names.architectures, (place) => same.some((one) => one.place === place)),
      ]),
    ];
  };
  return [
    headed("Workloads", countText(rows.length)),
    foldedList({ count: rows.length, item, first: 24, none: "No workload has it." }),
  ];
}

function builds({ on }: Item, { names, needs }: World): Child {
  const found = on.flatMap((row, place) => {
    const built = row < 0 ? undefined : needs[place]?.builds.find((one) => one.row === row);
    return built === undefined ? [] : [{ ...built, place }];
  });
  if (found.length === 0) return false;
  const sources = [...new Set(found.flatMap((one) => fromRising(one.sources)))].sort((a, b) => a - b);
  const most = Math.max(...found.map(({ count }) => count));
  return [
    headed("Builds", countText(most)),
    foldedList({
      count: sources.length,
      none: "",
      item: (i) => {
        const source = sources[i] ?? -1;
        const isOn = (place: number) =>
          found.some((one) => one.place === place && fromRising(one.sources).includes(source));
        return [sourceLink(names.sources[source] ?? ""), " ", whereTags(names.architectures, isOn)];
      },
    }),
    most > sources.length && make("p", { class: "empty" }, `and ${countText(most - sources.length)} more`),
  ];
}

/** Of all architectures together, each with where it is so, the most wanted first. */
function neighbours(
  heading: string,
  none: string,
  { place, on }: Item,
  { names, shelves, webs }: World,
  side: (web: Web) => (row: number) => readonly number[],
): HTMLElement {
  const where = new Map<number, Set<number>>();
  let weights = new Map<number, number>();
  for (const [architecture, shelf] of shelves.entries())
    for (const row of rowsNamed(shelf, place))
      for (const other of webs[architecture] ? side(webs[architecture])(row) : []) {
        const name = shelf.names[other] ?? -1;
        where.set(name, (where.get(name) ?? new Set()).add(architecture));
        weights = weights.set(name, Math.max(weights.get(name) ?? 0, shelf.data.workloads[other] ?? 0));
      }
  const rows = [...where].sort(([a], [b]) => (weights.get(b) ?? 0) - (weights.get(a) ?? 0) || a - b);
  const there = on.flatMap((row, architecture) => (row < 0 ? [] : [architecture]));
  const item = (i: number): Child => {
    const [name, set] = rows[i] ?? [-1, new Set<number>()];
    const everywhere = there.every((architecture) => set.has(architecture));
    const tags = !everywhere && whereTags(names.architectures, (architecture) => set.has(architecture));
    return [packageLink(names.packages[name] ?? ""), tags && [" ", tags]];
  };
  return make(
    "section",
    {},
    headed(heading, countText(rows.length)),
    foldedList({ count: rows.length, item, none, kind: "names one" }),
  );
}
