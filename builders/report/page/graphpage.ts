// The graph that a person walks: a package, who needs it to the left, what it needs to the right.
// Knows the page and its keys; does not know how ways are found, nor how lines are drawn.

import { countText } from "../amount.ts";
import type { NamesData } from "../form.ts";
import { graphHref, packageHref, workloadHref } from "../href.ts";
import { risingHas } from "../rising.ts";
import { follow, notThere } from "./detail.ts";
import { drawLines } from "./lines.ts";
import { load } from "./load.ts";
import { type Child, make, replace } from "./make.ts";
import { openShelf, type Shelf, versionOf } from "./packages.ts";
import { placeIn } from "./place.ts";
import { levelMark, partWords, sourceLink } from "./tag.ts";
import {
  chainWithin,
  type Members,
  type NearestChain,
  nearestChain,
  openMembers,
  openWeb,
  type Web,
} from "./web.ts";

interface World {
  readonly architecture: string;
  readonly names: NamesData;
  readonly shelf: Shelf;
  readonly web: Web;
  readonly members: Members;
}

/** How many of a side are shown at first: as many as one overlooks. */
const most = 18;

export async function openGraph(section: HTMLElement): Promise<void> {
  const names = await load("names");
  const worlds = new Map<string, World>();
  const live = make("p", { class: "unseen", role: "status" });
  section.after(live);
  let walked = false;
  const turn = ([architecture = "", name = ""]: readonly string[], world: World): Child => {
    const row = world.shelf.first[placeIn(names.packages, name)] ?? -1;
    if (row < 0) return [picker(names, architecture, name), notThere("package", name, "packages.html")];
    const needs = world.web.needs(row);
    const neededBy = world.web.neededBy(row);
    live.textContent = `${name}: needed by ${countText(neededBy.length)}, needs ${countText(needs.length)}`;
    return stage(row, name, { needs, neededBy }, world);
  };
  const show = async (parts: readonly string[]) => {
    const [first = ""] = parts;
    const architecture = names.architectures.includes(first) ? first : (names.architectures[0] ?? "");
    const world = worlds.get(architecture) ?? (await openWorld(architecture, names));
    worlds.set(architecture, world);
    const name = parts[1] || startOf(world);
    replace(section, turn([architecture, name], world));
    const graph = section.querySelector<HTMLElement>(".graph");
    if (graph === null) return;
    drawLines(graph);
    // Who came by a link of the graph goes on from the new middle; who opened the page starts at its top.
    if (walked) graph.querySelector<HTMLElement>(".middle")?.focus({ preventScroll: true });
    walked = true;
  };
  let turning = Promise.resolve();
  follow(section, (parts) => {
    turning = turning.then(() => show(parts)).catch((error: unknown) => replace(section, String(error)));
    return [...section.childNodes];
  });
  await turning;
  section.addEventListener("keydown", step);
  new ResizeObserver(() => {
    const graph = section.querySelector<HTMLElement>(".graph");
    if (graph !== null) drawLines(graph);
  }).observe(section);
}

async function openWorld(architecture: string, names: NamesData): Promise<World> {
  const place = names.architectures.indexOf(architecture);
  const [packages, needs, members] = await Promise.all([
    load(`packages-${place}`),
    load(`needs-${place}`),
    load(`members-${place}`),
  ]);
  const shelf = openShelf(names, packages);
  return { architecture, names, shelf, web: openWeb(shelf, needs), members: openMembers(members) };
}

/** Where one starts who has named nothing: what most others need. */
function startOf({ names, shelf, web }: World): string {
  const weights = web.weights();
  const best = weights.indexOf(weights.reduce((most, weight) => Math.max(most, weight), 0));
  return names.packages[shelf.names[best] ?? -1] ?? "";
}

interface Sides {
  readonly needs: readonly number[];
  readonly neededBy: readonly number[];
}

function stage(row: number, name: string, { needs, neededBy }: Sides, world: World): Child {
  const { names, architecture, shelf } = world;
  const { data } = shelf;
  const source = names.sources[data.source[row] ?? -1] ?? "";
  return [
    make("div", { class: "bar" }, make("h1", {}, "Graph"), picker(names, architecture, name)),
    chainPart(row, world),
    make(
      "div",
      { class: "graph" },
      side("left", "Needed by", "Nothing in the view needs it.", neededBy, world),
      make(
        "article",
        { class: "middle", tabindex: -1, "aria-label": name },
        make("h2", {}, make("a", { href: packageHref(name) }, name)),
        make("p", {}, versionOf(shelf, row), " ", levelMark(data.level[row] ?? 0)),
        make("p", { class: "note" }, "from ", sourceLink(source)),
        make("p", { class: "note" }, `in ${countText(data.workloads[row] ?? 0)} workloads`),
      ),
      side("right", "Needs", "It needs nothing else of the view.", needs, world),
    ),
    make(
      "p",
      { class: "note keys" },
      make("kbd", {}, "←"),
      " who needs it  ",
      make("kbd", {}, "→"),
      " what it needs  ",
      make("kbd", {}, "↑"),
      " ",
      make("kbd", {}, "↓"),
      " along a side  ",
      make("kbd", {}, "Enter"),
      " go there",
    ),
  ];
}

/** The same package on another architecture, where it is there. */
function picker({ architectures, absent, packages }: NamesData, chosen: string, name: string): Child {
  const place = placeIn(packages, name);
  const isThere = (architecture: number) => place >= 0 && !risingHas(absent[architecture] ?? [], place);
  return (
    architectures.length > 1 &&
    make(
      "nav",
      { class: "choice", "aria-label": "Architecture" },
      architectures.map((one, architecture) =>
        isThere(architecture)
          ? make("a", { href: graphHref(one, name), "aria-current": one === chosen && "true" }, one)
          : make("span", { class: "none", title: `not on ${one}` }, one),
      ),
    )
  );
}

function side(
  where: "left" | "right",
  heading: string,
  none: string,
  rows: readonly number[],
  world: World,
): HTMLElement {
  const { names, shelf, architecture } = world;
  const weight = (row: number) => shelf.data.workloads[row] ?? 0;
  const ordered = [...new Set(rows)].sort((a, b) => weight(b) - weight(a) || a - b);
  const list = make("ul");
  const nodeFor = (row: number) => {
    const name = names.packages[shelf.names[row] ?? -1] ?? "";
    const level = shelf.data.level[row] ?? 0;
    return make(
      "li",
      {},
      make(
        "a",
        { href: graphHref(architecture, name) },
        make("span", {}, name),
        level > 0 && levelMark(level),
      ),
    );
  };
  const filter = make("input", {
    type: "search",
    placeholder: `Filter ${countText(ordered.length)}`,
    "aria-label": `Filter: ${heading}`,
  });
  const more = make("button", { type: "button", class: "more" });
  const fill = (count: number) => {
    const wanted = filter.value.trim().toLowerCase();
    const found = ordered.filter((row) =>
      (names.packages[shelf.names[row] ?? -1] ?? "").toLowerCase().includes(wanted),
    );
    list.replaceChildren(...found.slice(0, count).map(nodeFor));
    more.hidden = found.length <= count;
    more.textContent = `${countText(found.length - count)} more`;
    const graph = list.closest<HTMLElement>(".graph");
    if (graph !== null) drawLines(graph);
  };
  filter.addEventListener("input", () => fill(most));
  more.addEventListener("click", () => fill(list.childElementCount + 10 * most));
  fill(most);
  return make(
    "section",
    { class: `side ${where}`, "aria-label": heading },
    make("h2", {}, heading, " ", make("span", { class: "count" }, countText(ordered.length))),
    ordered.length > most && filter,
    ordered.length === 0 ? make("p", { class: "empty" }, none) : list,
    more,
  );
}

/** The way from a workload's request; of several workloads the nearest first, and any other on demand. */
function chainPart(row: number, { names, shelf, web, members, architecture }: World): HTMLElement {
  const having = members.of(row);
  const way = make("ol", { class: "chain" });
  const wordFor = (workload: number) =>
    partWords[having.find((one) => one.workload === workload)?.as ?? "base"];
  const nameOf = (at: number) => names.packages[shelf.names[at] ?? -1] ?? "";
  const show = (chain: NearestChain | undefined, workload: number) => {
    const name = names.workloads[workload] ?? "";
    replace(
      way,
      make(
        "li",
        {},
        make("span", { class: "relation" }, "workload"),
        " ",
        make("a", { href: workloadHref(name) }, name),
      ),
      chain?.rows.map((at, i) =>
        make(
          "li",
          {},
          make("span", { class: "relation" }, i === 0 ? "asks for" : "needs"),
          " ",
          make(
            "a",
            { href: graphHref(architecture, nameOf(at)), "aria-current": at === row && "true" },
            nameOf(at),
          ),
        ),
      ),
      chain === undefined &&
        make("li", {}, make("span", { class: "relation" }, `has it as ${wordFor(workload)}`)),
    );
  };
  const nearest = nearestChain(web, members, row);
  const first = nearest?.workload ?? having[0]?.workload;
  if (first === undefined)
    return make(
      "p",
      { class: "way empty" },
      `No workload has it: it is there to build level ${Math.max(0, (shelf.data.level[row] ?? 0) - 1)}.`,
    );
  show(nearest, first);
  const select = make(
    "select",
    { "aria-label": "Workload whose way is shown" },
    having.map(({ workload }) =>
      make("option", { value: workload, selected: workload === first }, names.workloads[workload] ?? ""),
    ),
  );
  select.addEventListener("change", () => {
    const workload = Number(select.value);
    const rows = chainWithin(web, members, workload, row);
    show(rows && { workload, rows }, workload);
  });
  return make("div", { class: "way" }, having.length > 1 && select, way);
}

/** Arrow keys: across between the sides and the middle, up and down along a side. */
function step(event: KeyboardEvent): void {
  const target = event.target;
  if (
    !(target instanceof HTMLElement) ||
    target.matches("input, select") ||
    event.altKey ||
    event.ctrlKey ||
    event.metaKey
  )
    return;
  const graph = target.closest<HTMLElement>(".graph");
  if (graph === null) return;
  const links = (where: string) => [...graph.querySelectorAll<HTMLElement>(`.${where} li a`)];
  const at = target.closest(".left") ? "left" : target.closest(".right") ? "right" : "middle";
  const along = links(at);
  const place = along.indexOf(target);
  const middle = graph.querySelector<HTMLElement>(".middle");
  const goal = {
    ArrowLeft: at === "right" ? middle : at === "middle" ? links("left")[0] : undefined,
    ArrowRight: at === "left" ? middle : at === "middle" ? links("right")[0] : undefined,
    ArrowDown: at === "middle" ? undefined : along[Math.min(place + 1, along.length - 1)],
    ArrowUp: at === "middle" ? undefined : along[Math.max(place - 1, 0)],
  }[event.key];
  if (goal === undefined || goal === null) return;
  event.preventDefault();
  goal.focus();
}
