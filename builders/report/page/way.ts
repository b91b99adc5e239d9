// The way to a package from what a workload asks for.
// Knows how it is shown; does not know how it is found.

import { countedText } from "../amount.ts";
import { graphHref, workloadHref } from "../href.ts";
import { fromRising } from "../rising.ts";
import { make, replace } from "./make.ts";
import { partWords, sourceLink } from "./tag.ts";
import { chainWithin, nearestChain } from "./web.ts";
import { nameOf, type World } from "./world.ts";

/** The way from a workload's request; of several workloads the nearest first, and any other on demand. */
export function wayPart(row: number, world: World): HTMLElement {
  const { names, web, members } = world;
  const having = members.of(row);
  const nearest = nearestChain(web, members, row);
  const first = nearest?.workload ?? having[0]?.workload;
  if (first === undefined) return buildWay(row, world);
  const way = make("ol", { class: "chain" });
  const show = (workload: number, rows: readonly number[] | undefined) => {
    const name = names.workloads[workload] ?? "";
    const as = having.find((one) => one.workload === workload)?.as ?? "base";
    const rest = rows?.map((at, i) => link(i === 0 ? "asks for" : "needs", packageLink(at, row, world)));
    const start = link("workload", make("a", { href: workloadHref(name) }, name));
    replace(way, start, rest ?? link(`has it as ${partWords[as]}`));
  };
  show(first, nearest?.rows);
  const options = having.map(({ workload }) =>
    make("option", { value: workload, selected: workload === first }, names.workloads[workload] ?? ""),
  );
  const select = make("select", { "aria-label": "Workload whose way is shown" }, options);
  select.addEventListener("change", () => {
    const workload = Number(select.value);
    show(workload, chainWithin(web, members, workload, row));
  });
  return make("div", { class: "way" }, having.length > 1 && select, way);
}

function link(word: string, what?: HTMLElement): HTMLElement {
  return make("li", {}, make("span", { class: "relation" }, word), what !== undefined && [" ", what]);
}

function packageLink(at: number, current: number, world: World): HTMLElement {
  const name = nameOf(world, at);
  return make(
    "a",
    { href: graphHref(world.architecture, name), "aria-current": at === current && "true" },
    name,
  );
}

/** What no workload has is there because something is built with it. */
function buildWay(row: number, world: World): HTMLElement {
  const { names, builds } = world;
  const { count = 0, sources = [] } = builds.get(row) ?? {};
  const [source] = fromRising(sources);
  if (source === undefined)
    return make("p", { class: "way empty" }, "No workload has it, and nothing is built with it.");
  const others =
    count > 1 && make("span", { class: "note" }, `and ${countedText(count - 1, "other source")}`);
  return make(
    "div",
    { class: "way" },
    make(
      "ol",
      { class: "chain" },
      link("source", sourceLink(names.sources[source] ?? "")),
      link("is built with", make("span", { "aria-current": "true" }, nameOf(world, row))),
    ),
    others,
  );
}
