// The search box on every page: a combobox as the ARIA Authoring Practices have it.
// Knows keys and options; does not know how names are found.

import { countText } from "../amount.ts";
import { packageHref, sourceHref, workloadHref } from "../href.ts";
import { load } from "./load.ts";
import { find, make, replace } from "./make.ts";
import { openSearch, type Search } from "./search.ts";

interface Kind {
  readonly label: string;
  readonly href: (name: string) => string;
  readonly search: Search;
}

const most = 12;

export function openSearchBox(): void {
  const input = find("#search", HTMLInputElement);
  const found = find("#found", HTMLElement);
  const status = find("#found-count", HTMLElement);
  const box = found.parentElement ?? found;
  box.hidden = false;
  let active = -1;
  let kinds: Promise<Kind[]> | undefined;
  const options = () => [...found.querySelectorAll<HTMLAnchorElement>("[role=option]")];
  const show = (open: boolean) => {
    found.hidden = !open;
    input.setAttribute("aria-expanded", String(open));
    if (!open) activate(-1);
  };
  const activate = (place: number) => {
    const all = options();
    all[active]?.setAttribute("aria-selected", "false");
    active = place;
    all[active]?.setAttribute("aria-selected", "true");
    all[active]?.scrollIntoView({ block: "nearest" });
    if (active < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `found-${active}`);
  };
  const close = () => {
    show(false);
    input.value = "";
    input.blur();
  };
  const look = async () => {
    kinds ??= openKinds();
    const all = await kinds;
    const written = input.value.trim();
    const groups = all.map((kind) => ({ kind, ...kind.search(written, most) }));
    const count = groups.reduce((sum, group) => sum + group.count, 0);
    let next = 0;
    replace(
      found,
      groups.map(({ kind, hits, count }) =>
        hits.length === 0
          ? false
          : make(
              "div",
              { role: "group", "aria-label": kind.label },
              make(
                "div",
                { class: "kind", "aria-hidden": "true" },
                kind.label,
                make("span", { class: "count" }, countText(count)),
              ),
              hits.map(({ name }) =>
                make(
                  "a",
                  {
                    role: "option",
                    id: `found-${next++}`,
                    href: kind.href(name),
                    tabindex: -1,
                    "aria-selected": "false",
                  },
                  name,
                ),
              ),
            ),
      ),
      count === 0 && make("p", { class: "empty" }, "Nothing has this in its name."),
    );
    status.textContent = written === "" ? "" : `${countText(count)} found`;
    active = -1;
    show(written !== "");
    if (next > 0 && written !== "") activate(0);
  };
  input.addEventListener("input", () => void look());
  input.addEventListener("focus", () => {
    kinds ??= openKinds();
    if (input.value.trim() !== "") void look();
  });
  input.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.key === "Escape") close();
    else if (event.key === "Enter") options()[active]?.click();
    else if (event.key === "ArrowDown" && count > 0) activate((active + 1) % count);
    else if (event.key === "ArrowUp" && count > 0) activate((active - 1 + count) % count);
    else return;
    event.preventDefault();
  });
  // Going to another part of the same page leaves the box as it was.
  found.addEventListener("click", (event) => {
    if (event.target instanceof HTMLAnchorElement && !event.ctrlKey && !event.metaKey) close();
  });
  document.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !box.contains(event.target)) show(false);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
}

async function openKinds(): Promise<Kind[]> {
  const { packages, sources, workloads } = await load("names");
  return [
    { label: "Workloads", href: workloadHref, search: openSearch(workloads) },
    { label: "Packages", href: packageHref, search: openSearch(packages) },
    { label: "Sources", href: sourceHref, search: openSearch(sources) },
  ];
}
