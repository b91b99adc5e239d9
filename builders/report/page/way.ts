// The way to a package from what a workload asks for.
// Knows how it is shown; does not know how it is found.

import { graphHref, workloadHref } from "../href.ts";
import { make, replace } from "./make.ts";
import { partWords } from "./tag.ts";
import { chainWithin, type NearestChain, nearestChain } from "./web.ts";
import { nameOf, type World } from "./world.ts";

/** The way from a workload's request; of several workloads the nearest first, and any other on demand. */
export function wayPart(row: number, world: World): HTMLElement {
  const { names, shelf, web, members, architecture } = world;
  const having = members.of(row);
  const way = make("ol", { class: "chain" });
  const wordFor = (workload: number) =>
    partWords[having.find((one) => one.workload === workload)?.as ?? "base"];

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
            { href: graphHref(architecture, nameOf(world, at)), "aria-current": at === row && "true" },
            nameOf(world, at),
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
