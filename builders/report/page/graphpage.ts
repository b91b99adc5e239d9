// The graph that a person walks: a package, who needs it to the left, what it needs to the right.
// Knows the page and its keys; does not know how ways are found, nor how lines are drawn.

import { countedText, countText } from "../amount.ts";
import type { NamesData } from "../form.ts";
import { graphHref, packageHref } from "../href.ts";
import { risingHas } from "../rising.ts";
import { follow, notThere } from "./detail.ts";
import { drawLines } from "./lines.ts";
import { load } from "./load.ts";
import { type Child, make } from "./make.ts";
import { versionOf } from "./packages.ts";
import { placeIn } from "./place.ts";
import { step } from "./step.ts";
import { levelMark, sourceLink } from "./tag.ts";
import { wayPart } from "./way.ts";
import { nameOf, openWorld, startOf, type World } from "./world.ts";

/** How many of a side are shown at first: as many as one overlooks. */
const most = 18;

export async function openGraph(section: HTMLElement): Promise<void> {
  const names = await load("names");
  const worlds = new Map<string, World>();
  const live = make("p", { class: "unseen", role: "status" });
  section.after(live);
  const show = async ([first = "", named = ""]: readonly string[]) => {
    const architecture = names.architectures.includes(first) ? first : (names.architectures[0] ?? "");
    const world = worlds.get(architecture) ?? (await openWorld(architecture, names));
    worlds.set(architecture, world);
    const name = named || startOf(world);
    const row = world.shelf.first[placeIn(names.packages, name)] ?? -1;
    if (row < 0) return [picker(names, architecture, name), notThere("package", name, "packages.html")];
    const sides = { needs: world.web.needs(row), neededBy: world.web.neededBy(row) };
    live.textContent = `${name}: needed by ${countText(sides.neededBy.length)}, needs ${countText(sides.needs.length)}`;
    return stage(row, name, sides, world);
  };
  const graph = () => section.querySelector<HTMLElement>(".graph");
  let walked = false;
  section.addEventListener("keydown", step);
  await follow(section, show, () => {
    drawLines(graph());
    // Who came by a link of the graph goes on from the new middle; who opened the page starts at its top.
    if (walked) graph()?.querySelector<HTMLElement>(".middle")?.focus({ preventScroll: true });
    walked = true;
  });
  new ResizeObserver(() => drawLines(graph())).observe(section);
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
    wayPart(row, world),
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
        make("p", { class: "note" }, `in ${countedText(data.workloads[row] ?? 0, "workload")}`),
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
  const { shelf, architecture } = world;
  const weight = (row: number) => shelf.data.workloads[row] ?? 0;
  const ordered = [...new Set(rows)].sort((a, b) => weight(b) - weight(a) || a - b);
  const list = make("ul");
  const nodeFor = (row: number) => {
    const name = nameOf(world, row);
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
    const found = ordered.filter((row) => nameOf(world, row).toLowerCase().includes(wanted));
    list.replaceChildren(...found.slice(0, count).map(nodeFor));
    more.hidden = found.length <= count;
    more.textContent = `${countText(found.length - count)} more`;
    drawLines(list.closest<HTMLElement>(".graph"));
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
