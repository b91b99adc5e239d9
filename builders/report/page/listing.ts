// A list of thousands of rows as a table: ordered by its columns, filtered, shown a part at a time.
// Knows tables and the page's address; does not know what the rows are, nor which are shown.

import { countText } from "../amount.ts";
import { hashFilters, hashOf } from "../href.ts";
import { type Child, make, replace } from "./make.ts";
import {
  type Choice,
  type Column,
  firstOrder,
  type Order,
  type Rules,
  rowsFor,
  turned,
  type Wish,
  wishIn,
  withWish,
} from "./order.ts";

/** The first of a list is what a row is about. */
export interface ListColumn<T> extends Column<T> {
  readonly label: string;
  readonly cell: (row: T) => Child;
}

export interface ListChoice<T> extends Choice<T> {
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: string }[];
}

export interface Listing<T> extends Rules<T> {
  readonly heading?: string;
  readonly caption: string;
  /** What a row is, and several of them. */
  readonly nouns: readonly [one: string, many: string];
  readonly rows: readonly T[];
  readonly columns: readonly ListColumn<T>[];
  readonly choices: readonly ListChoice<T>[];
  /** What the filter looks in. */
  readonly text: (row: T) => string;
  /** False where the address has something else to say. */
  readonly kept?: boolean;
  /** True where something follows that one wants to come to: more rows are only shown on demand. */
  readonly followed?: boolean;
}

export function showListing<T>(section: HTMLElement, listing: Listing<T>): void {
  const { rows, kept = true } = listing;
  const texts = rows.map((row) => listing.text(row).toLowerCase());
  const table = openTable(listing);
  const tools = openTools(listing);
  let order = firstOrder(listing);
  const wish = (): Wish => ({ ...tools.read(), order });
  const update = () => {
    const shown = rowsFor(rows, texts, listing, wish());
    table.show(shown, order);
    tools.tell(shown.length);
  };
  const change = () => {
    update();
    if (kept) keepAddress(withWish(hashFilters(location.hash), wish(), listing));
  };
  const take = () => {
    const wanted = wishIn(kept ? hashFilters(location.hash) : new Map(), listing);
    tools.write(wanted);
    order = wanted.order;
    update();
  };
  tools.element.addEventListener("input", change);
  table.onHead((column) => {
    order = turned(column, order);
    change();
  });
  if (kept) window.addEventListener("hashchange", take);
  take();
  const { heading } = listing;
  replace(
    section,
    heading !== undefined && make("h2", {}, heading),
    tools.element,
    table.element,
    table.more,
  );
}

/** No new entry in the browser's history: a filter is no page. */
function keepAddress(filters: ReadonlyMap<string, string>): void {
  history.replaceState(null, "", filters.size === 0 ? location.pathname : hashOf(filters));
}

interface Tools {
  readonly element: HTMLElement;
  read(): Omit<Wish, "order">;
  write(wish: Wish): void;
  /** How many rows are shown. */
  tell(count: number): void;
}

function openTools<T>({ nouns, choices, rows }: Listing<T>): Tools {
  const label = `Filter ${nouns[1]}`;
  const filter = make("input", {
    type: "search",
    placeholder: "Filter",
    "aria-label": label,
    spellcheck: "false",
  });
  const selects = choices.map((choice) => ({ choice, select: selectFor(choice) }));
  const status = make("p", { class: "status", role: "status" });
  const labelled = selects.map(({ choice, select }) =>
    make("label", {}, make("span", {}, choice.label), select),
  );
  return {
    element: make("div", { class: "tools" }, filter, labelled, status),
    read: () => ({
      written: filter.value,
      chosen: new Map(selects.map(({ choice, select }) => [choice.key, select.value])),
    }),
    write({ written, chosen }) {
      filter.value = written;
      for (const { choice, select } of selects) select.value = chosen.get(choice.key) ?? "";
    },
    tell(count) {
      const all = `${countText(rows.length)} ${nouns[rows.length === 1 ? 0 : 1]}`;
      status.textContent = count === rows.length ? all : `${countText(count)} of ${all}`;
    },
  };
}

function selectFor<T>({ options }: ListChoice<T>): HTMLSelectElement {
  const all = make("option", { value: "" }, "all");
  return make(
    "select",
    {},
    all,
    options.map(({ value, label }) => make("option", { value }, label)),
  );
}

interface Table<T> {
  readonly element: HTMLElement;
  readonly more: HTMLElement;
  show(rows: readonly T[], order: Order): void;
  onHead(action: (column: Column<T>) => void): void;
}

/** Rows that are added at a time: more than fit into a window, and few enough to appear at once. */
const step = { followed: 40, last: 120 } as const;

function openTable<T>({ caption, columns, followed = false }: Listing<T>): Table<T> {
  const body = make("tbody");
  const more = make("button", { type: "button", class: "more" });
  const heads = columns.map((column) => ({ column, ...headFor(column) }));
  const size = followed ? step.followed : step.last;
  let rows: readonly T[] = [];
  const extend = () => {
    const from = body.childElementCount;
    body.append(...rows.slice(from, from + size).map((row) => rowFor(row, columns)));
    const left = rows.length - body.childElementCount;
    more.hidden = left <= 0;
    more.textContent = `Show ${countText(Math.min(size, left))} more of ${countText(left)}`;
  };
  more.addEventListener("click", () => {
    const next = body.childElementCount;
    extend();
    body.children[next]?.querySelector("a")?.focus();
  });
  if (!followed) whenNear(more, extend);
  const head = make(
    "thead",
    {},
    make(
      "tr",
      {},
      heads.map(({ head }) => head),
    ),
  );
  const table = make("table", { class: "list" }, make("caption", { class: "unseen" }, caption), head, body);
  return {
    element: make("div", { class: "wide", role: "region", "aria-label": caption, tabindex: 0 }, table),
    more,
    show(wanted, { key, down }) {
      for (const { column, head } of heads) {
        if (column.key === key) head.setAttribute("aria-sort", down ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      }
      rows = wanted;
      body.replaceChildren();
      extend();
    },
    onHead(action) {
      for (const { column, button } of heads) button?.addEventListener("click", () => action(column));
    },
  };
}

/** Whoever scrolls to the end wants more. */
function whenNear(end: HTMLElement, action: () => void): void {
  const look: IntersectionObserverCallback = (entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting) && !end.hidden) action();
  };
  new IntersectionObserver(look, { rootMargin: "600px" }).observe(end);
}

function rowFor<T>(row: T, columns: readonly ListColumn<T>[]): HTMLTableRowElement {
  const cells = columns.map(({ cell, kind }, i) =>
    i === 0
      ? make("th", { scope: "row" }, cell(row))
      : make("td", { class: kind === "number" && "number" }, cell(row)),
  );
  return make("tr", {}, cells);
}

function headFor<T>({ label, kind, value }: ListColumn<T>) {
  const button = value === undefined ? undefined : make("button", { type: "button" }, label);
  return {
    head: make("th", { scope: "col", class: kind === "number" && "number" }, button ?? label),
    button,
  };
}
