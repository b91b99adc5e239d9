// The search box on every page: a combobox as the ARIA Authoring Practices have it.
// Knows keys and options; does not know how names are found.

import { countText } from "../amount.ts";
import { packageHref, sourceHref, workloadHref } from "../href.ts";
import { load } from "./load.ts";
import { type Child, find, make, replace } from "./make.ts";
import { openSearch, type Search } from "./search.ts";

interface Kind {
  readonly label: string;
  readonly href: (name: string) => string;
  readonly search: Search;
}

/** Names of one kind that are shown. */
const most = 12;

export function openSearchBox(): void {
  const input = find("#search", HTMLInputElement);
  const found = find("#found", HTMLElement);
  const status = find("#found-count", HTMLElement);
  const box = found.parentElement ?? found;
  const options = openOptions(input, found);
  // Names are loaded when somebody is about to search.
  let kinds: Promise<Kind[]> | undefined;
  const look = async () => {
    kinds ??= openKinds();
    const all = await kinds;
    const written = input.value.trim();
    const count = fill(found, all, written);
    status.textContent = written === "" ? "" : `${countText(count)} found`;
    options.show(written !== "");
  };
  const close = () => {
    options.show(false);
    input.value = "";
    input.blur();
  };
  box.hidden = false;
  input.addEventListener("input", () => void look());
  input.addEventListener("focus", () => {
    kinds ??= openKinds();
    if (input.value.trim() !== "") void look();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
    else if (event.key === "Enter") options.choose();
    else if (event.key === "ArrowDown") options.move(1);
    else if (event.key === "ArrowUp") options.move(-1);
    else return;
    event.preventDefault();
  });
  // Going to another part of the same page leaves the box as it was.
  found.addEventListener("click", (event) => {
    if (event.target instanceof HTMLAnchorElement && !event.ctrlKey && !event.metaKey) close();
  });
  document.addEventListener("pointerdown", (event) => {
    if (event.target instanceof Node && !box.contains(event.target)) options.show(false);
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    input.focus();
    input.select();
  });
}

/** Shows what is found; how much there is of it. */
function fill(found: HTMLElement, kinds: readonly Kind[], written: string): number {
  const groups = kinds.map((kind) => ({ kind, ...kind.search(written, most) }));
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  let next = 0;
  const option = (name: string, { href }: Kind) =>
    make(
      "a",
      { role: "option", id: `found-${next++}`, href: href(name), tabindex: -1, "aria-selected": "false" },
      name,
    );
  replace(
    found,
    groups.map(
      ({ kind, hits, count }): Child =>
        hits.length > 0 &&
        make(
          "div",
          { role: "group", "aria-label": kind.label },
          make(
            "div",
            { class: "kind", "aria-hidden": "true" },
            kind.label,
            make("span", { class: "count" }, countText(count)),
          ),
          hits.map(({ name }) => option(name, kind)),
        ),
    ),
    count === 0 && make("p", { class: "empty" }, "Nothing has this in its name."),
  );
  return count;
}

interface Options {
  /** With the first one active. */
  show(open: boolean): void;
  /** Around at the ends. */
  move(by: number): void;
  choose(): void;
}

function openOptions(input: HTMLInputElement, found: HTMLElement): Options {
  let active = -1;
  const all = () => [...found.querySelectorAll<HTMLAnchorElement>("[role=option]")];
  const activate = (place: number) => {
    const options = all();
    options[active]?.setAttribute("aria-selected", "false");
    active = place < options.length ? place : -1;
    options[active]?.setAttribute("aria-selected", "true");
    options[active]?.scrollIntoView({ block: "nearest" });
    if (active < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", `found-${active}`);
  };
  return {
    show(open) {
      found.hidden = !open;
      input.setAttribute("aria-expanded", String(open));
      activate(open ? 0 : -1);
    },
    move(by) {
      const { length } = all();
      if (length > 0) activate((active + by + length) % length);
    },
    choose: () => all()[active]?.click(),
  };
}

async function openKinds(): Promise<Kind[]> {
  const { packages, sources, workloads } = await load("names");
  return [
    { label: "Workloads", href: workloadHref, search: openSearch(workloads) },
    { label: "Packages", href: packageHref, search: openSearch(packages) },
    { label: "Sources", href: sourceHref, search: openSearch(sources) },
  ];
}
