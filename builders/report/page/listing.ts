// A list of thousands of rows as a table: ordered by its columns, filtered, shown a part at a time.
// Knows tables, keys and the address that keeps its state; does not know what the rows are.

import { countText } from "../amount.ts";
import { hashFilters } from "../href.ts";
import { type Child, make, replace } from "./make.ts";

export interface Column<T> {
  readonly key: string;
  readonly label: string;
  /** Numbers stand to the right, and the largest come first. */
  readonly kind?: "number" | "text";
  readonly cell: (row: T) => Child;
  /** Absent where the column is no order. Texts by code units, numbers by size. */
  readonly value?: (row: T) => string | number;
}

export interface Choice<T> {
  readonly key: string;
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
  readonly accepts: (row: T, value: string) => boolean;
}

export interface Listing<T> {
  readonly heading?: string;
  readonly caption: string;
  /** What a row is, and several of them. */
  readonly nouns: readonly [one: string, many: string];
  readonly rows: readonly T[];
  /** The first is what a row is about. */
  readonly columns: readonly Column<T>[];
  readonly choices: readonly Choice<T>[];
  /** What the filter looks in. */
  readonly text: (row: T) => string;
  /** Before the keys in the page's address, where it has several lists. */
  readonly prefix?: string;
  /** The column that orders it at first; the first one where none is named. */
  readonly order?: string;
  /** False where the address has something else to say. */
  readonly kept?: boolean;
}

/** Rows that are added at a time: as many as fit into any window, and few enough to appear at once. */
const step = 120;

export function showListing<T>(section: HTMLElement, listing: Listing<T>): void {
  const { heading, rows, columns, choices, prefix = "", kept = true } = listing;
  const { order = columns[0]?.key ?? "" } = listing;
  const texts = rows.map((row) => listing.text(row).toLowerCase());
  const body = make("tbody");
  const count = make("p", { class: "status", role: "status" });
  const more = make("button", { type: "button", class: "more" });
  const filter = make("input", {
    type: "search",
    placeholder: "Filter",
    "aria-label": `Filter ${listing.nouns[1]}`,
    spellcheck: false,
  });
  const selects = choices.map((choice) => ({ choice, select: selectFor(choice) }));
  const heads = columns.map((column) => ({ column, ...headFor(column) }));
  let sort = { key: order, down: false };
  let shown: T[] = [];

  const extend = () => {
    const from = body.childElementCount;
    body.append(...shown.slice(from, from + step).map((row) => rowFor(row, columns)));
    const left = shown.length - body.childElementCount;
    more.hidden = left <= 0;
    more.textContent = `Show ${countText(Math.min(step, left))} more of ${countText(left)}`;
  };
  const update = () => {
    const words = filter.value
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    const wanted = selects.filter(({ select }) => select.value !== "");
    shown = rows.filter(
      (row, i) =>
        words.every((word) => texts[i]?.includes(word)) &&
        wanted.every(({ choice, select }) => choice.accepts(row, select.value)),
    );
    const column = columns.find(({ key }) => key === sort.key);
    if (column?.value) shown = sorted(shown, column.value, sort.down);
    for (const { column, head } of heads) {
      if (column.key === sort.key) head.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
    const noun = listing.nouns[rows.length === 1 ? 0 : 1];
    count.textContent =
      shown.length === rows.length
        ? `${countText(rows.length)} ${noun}`
        : `${countText(shown.length)} of ${countText(rows.length)} ${noun}`;
    body.replaceChildren();
    extend();
  };
  const keep = () => {
    const state = new Map(hashFilters(location.hash));
    const put = (key: string, value: string) =>
      value === "" ? state.delete(prefix + key) : state.set(prefix + key, value);
    put("q", filter.value.trim());
    for (const { choice, select } of selects) put(choice.key, select.value);
    const isFirst = sort.key === order && !sort.down;
    put("sort", isFirst ? "" : `${sort.down ? "-" : ""}${sort.key}`);
    const hash = [...state]
      .sort()
      .map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
      .join("&");
    history.replaceState(null, "", hash === "" ? location.pathname : `#${hash}`);
  };
  const take = () => {
    const state = kept ? hashFilters(location.hash) : new Map<string, string>();
    filter.value = state.get(`${prefix}q`) ?? "";
    for (const { choice, select } of selects) select.value = state.get(prefix + choice.key) ?? "";
    const wanted = state.get(`${prefix}sort`) ?? order;
    sort = { key: wanted.replace(/^-/, ""), down: wanted.startsWith("-") };
    update();
  };
  const change = () => {
    update();
    if (kept) keep();
  };

  filter.addEventListener("input", change);
  for (const { select } of selects) select.addEventListener("change", change);
  for (const { column, button } of heads)
    button?.addEventListener("click", () => {
      sort = { key: column.key, down: sort.key === column.key ? !sort.down : column.kind === "number" };
      change();
    });
  more.addEventListener("click", () => {
    const next = body.childElementCount;
    extend();
    body.children[next]?.querySelector("a")?.focus();
  });
  if (kept) window.addEventListener("hashchange", take);
  take();
  replace(
    section,
    heading !== undefined && make("h2", {}, heading),
    make(
      "div",
      { class: "tools" },
      filter,
      selects.map(({ choice, select }) => make("label", {}, make("span", {}, choice.label), select)),
      count,
    ),
    make(
      "div",
      { class: "wide", role: "region", "aria-label": listing.caption, tabindex: 0 },
      make(
        "table",
        { class: "list" },
        make("caption", { class: "unseen" }, listing.caption),
        make(
          "thead",
          {},
          make(
            "tr",
            {},
            heads.map(({ head }) => head),
          ),
        ),
        body,
      ),
    ),
    more,
  );
  // Whoever scrolls to the end wants more.
  new IntersectionObserver(
    (entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting) && !more.hidden) extend();
    },
    { rootMargin: "600px" },
  ).observe(more);
}

function rowFor<T>(row: T, columns: readonly Column<T>[]): HTMLTableRowElement {
  return make(
    "tr",
    {},
    columns.map(({ cell, kind }, i) =>
      i === 0
        ? make("th", { scope: "row" }, cell(row))
        : make("td", { class: kind === "number" && "number" }, cell(row)),
    ),
  );
}

function headFor<T>({ label, kind, value }: Column<T>) {
  const button = value === undefined ? undefined : make("button", { type: "button" }, label);
  return {
    head: make("th", { scope: "col", class: kind === "number" && "number" }, button ?? label),
    button,
  };
}

function selectFor<T>({ options }: Choice<T>): HTMLSelectElement {
  return make(
    "select",
    {},
    make("option", { value: "" }, "all"),
    options.map(({ value, label }) => make("option", { value }, label)),
  );
}

/** Equal ones stay in the order they have. */
function sorted<T>(rows: readonly T[], value: (row: T) => string | number, down: boolean): T[] {
  const keyed = rows.map((row) => ({ row, key: value(row) }));
  const sign = down ? -1 : 1;
  return keyed.sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : 0)).map(({ row }) => row);
}
