// The page of a workload: what it asks for, all that it comes to on each architecture, and what is wrong with it.
// Knows what is shown where; does not know how the data is found.

import { countText, sizeText } from "../amount.ts";
import type { NamesData, WorkloadData } from "../form.ts";
import { follow, headed, notThere } from "./detail.ts";
import { foldedList } from "./folded.ts";
import { type ListColumn, showListing } from "./listing.ts";
import { load, loadAll } from "./load.ts";
import { type Child, make } from "./make.ts";
import { packageColumns } from "./packagelist.ts";
import { type Item, openShelf, type Shelf } from "./packages.ts";
import { placeIn } from "./place.ts";
import { agreed, failureParts, partMark, partOrder, partWords, sideBySide, whereTags } from "./tag.ts";
import { type Members, openMembers, type Part } from "./web.ts";

interface World {
  readonly names: NamesData;
  readonly data: readonly WorkloadData[];
  readonly shelves: readonly Shelf[];
  readonly members: readonly Members[];
}

export async function openWorkload(section: HTMLElement): Promise<void> {
  const [names, data, packages, members] = await Promise.all([
    load("names"),
    load("workloads"),
    loadAll("packages"),
    loadAll("members"),
  ]);
  const shelves = packages.map((one) => openShelf(names, one));
  const world = { names, data, shelves, members: members.map(openMembers) };
  await follow(section, ([name = ""]) => show(name, world));
}

function show(name: string, world: World): Child {
  const place = placeIn(world.names.workloads, name);
  const workload = world.data[place];
  if (workload === undefined) return notThere("workload", name, "workloads.html");
  const { description, maintainer, labels } = workload;
  return [
    make("h1", {}, name),
    description !== "" && make("p", { class: "lead" }, description),
    make(
      "dl",
      { class: "facts" },
      fact("Maintainer", maintainer),
      fact("Labels", labels.join(", ")),
      fact("Architectures", world.names.architectures.filter((_, i) => workload.on[i]).join(", ")),
    ),
    failures(workload, world),
    figures(name, place, workload, world),
    missing(workload, world),
    packagesPart(place, world),
  ];
}

function fact(label: string, text: string): Child {
  return text !== "" && make("div", {}, make("dt", {}, label), make("dd", {}, text));
}

function figures(name: string, place: number, { on }: WorkloadData, { names, members }: World): HTMLElement {
  const counts = (as: Part) =>
    on.map(
      (cell, i) =>
        cell !== null && cell.failure === undefined && countText(members[i]?.rows(place, as).length ?? 0),
    );
  const sound = (text: (cell: { packages: number; size: number }) => string) =>
    on.map(
      (cell) => cell !== null && (cell.failure ? make("span", { class: "mark bad" }, "fails") : text(cell)),
    );
  return sideBySide(`${name} by architecture`, names.architectures, [
    { label: "Packages", kind: "number", cells: sound(({ packages }) => countText(packages)) },
    { label: "Installed", kind: "number", cells: sound(({ size }) => sizeText(size)) },
    { label: "Asked for", kind: "number", cells: counts("required") },
    { label: "Dependencies", kind: "number", cells: counts("dependency") },
    { label: "Base", kind: "number", cells: counts("base") },
  ]);
}

function failures({ on }: WorkloadData, { names }: World): Child {
  const failed = on.flatMap((cell, architecture) =>
    cell?.failure ? [{ architecture, failure: cell.failure }] : [],
  );
  return failureParts("No solution", failed, names.architectures);
}

function missing({ on }: WorkloadData, { names }: World): Child {
  const all = [...new Set(on.flatMap((cell) => cell?.missing ?? []))];
  if (all.length === 0) return false;
  const item = (i: number): Child => {
    const name = all[i] ?? "";
    return [name, " ", whereTags(names.architectures, (place) => on[place]?.missing.includes(name) === true)];
  };
  return [
    headed("Asked for and nowhere", countText(all.length)),
    foldedList({ count: all.length, item, none: "" }),
  ];
}

interface PartItem extends Item {
  readonly as: readonly (Part | undefined)[];
}

/** The packages of all architectures together, what was asked for first. */
function packagesPart(workload: number, { names, shelves, members }: World): Child {
  const rows = new Map<number, { on: number[]; as: (Part | undefined)[] }>();
  for (const [architecture, shelf] of shelves.entries())
    for (const as of partOrder)
      for (const row of members[architecture]?.rows(workload, as) ?? []) {
        const name = shelf.names[row] ?? -1;
        const item = rows.get(name) ?? { on: shelves.map(() => -1), as: shelves.map(() => undefined) };
        item.on[architecture] = row;
        item.as[architecture] = as;
        rows.set(name, item);
      }
  const items = [...rows]
    .sort(([a], [b]) => a - b)
    .map(([place, item]): PartItem => ({ place, name: names.packages[place] ?? "", ...item }));
  if (items.length === 0) return false;
  const section = make("section");
  const [name, version, , , size, , where] = packageColumns(names, shelves) as ListColumn<PartItem>[];
  const as: ListColumn<PartItem> = {
    key: "as",
    label: "As",
    cell: ({ as }) => agreed(as, names.architectures, (one) => partMark(one)),
    value: ({ as }) => Math.min(...as.map((one) => (one === undefined ? 9 : partOrder.indexOf(one)))),
  };
  showListing(section, {
    caption: "Packages of the workload",
    nouns: ["package", "packages"],
    rows: items,
    columns: [name, as, version, size, where].filter((column) => column !== undefined),
    choices: [
      {
        key: "as",
        label: "As",
        options: partOrder.map((value) => ({ value, label: partWords[value] })),
        accepts: ({ as }, value) => as.some((one) => one === value),
      },
    ],
    text: (item) => item.name,
    order: "as",
    kept: false,
  });
  return [headed("Packages", countText(items.length)), section];
}
