// Small parts that several pages show: links, levels, architectures, what differs between these.
// Knows how they look; does not know where the values come from.

import type { FailureText } from "../form.ts";
import { graphHref, packageHref, sourceHref, workloadHref } from "../href.ts";
import { type Child, make } from "./make.ts";
import type { Part } from "./web.ts";

export function packageLink(name: string): HTMLElement {
  return make("a", { href: packageHref(name) }, name);
}

export function sourceLink(name: string): HTMLElement {
  return make("a", { href: sourceHref(name) }, name);
}

export function workloadLink(name: string): HTMLElement {
  return make("a", { href: workloadHref(name) }, name);
}

export function graphLink(architecture: string, name: string): HTMLElement {
  return make("a", { href: graphHref(architecture, name), class: "walk" }, "Walk the graph");
}

export function levelMark(level: number): HTMLElement {
  const meaning = ["runs", "builds what runs"][level] ?? `builds level ${level - 1}`;
  return make("span", { class: `level l${Math.min(level, 2)}`, title: `level ${level}: ${meaning}` }, level);
}

export const partOrder = ["required", "dependency", "base"] as const;
export const partWords: Readonly<Record<Part, string>> = {
  required: "asked for",
  dependency: "dependency",
  base: "base",
};

export function partMark(part: Part): HTMLElement {
  return make("span", { class: `mark ${part}` }, partWords[part]);
}

/** Of a source that no repository has. */
export function localMark(): HTMLElement {
  return make("span", { class: "mark", title: "manifests make it: there is no source package" }, "local");
}

export function architectureTags(architectures: readonly string[]): Child {
  return architectures.map((architecture) => [make("span", { class: "tag" }, architecture), " "]);
}

/** Nothing where it is on all of them: what is everywhere needs no word. */
export function whereTags(architectures: readonly string[], isOn: (place: number) => boolean): Child {
  const on = architectures.filter((_, place) => isOn(place));
  return on.length === architectures.length ? false : architectureTags(on);
}

/** One value where all that are there agree, else each with its architectures. */
export function agreed<T extends string | number>(
  values: readonly (T | undefined)[],
  architectures: readonly string[],
  show: (value: T) => Child = (value) => value,
): Child {
  const there = values.flatMap((value, place) => (value === undefined ? [] : [{ value, place }]));
  const groups = [...Map.groupBy(there, ({ value }) => value)];
  if (groups.length === 1 && groups[0] !== undefined) return show(groups[0][0]);
  return groups.map(([value, same]) =>
    make(
      "div",
      { class: "variant" },
      show(value),
      " ",
      architectureTags(same.map(({ place }) => architectures[place] ?? "")),
    ),
  );
}

/** The same argument on several architectures is told once. `title` is what each means. */
export function failureParts(
  title: string,
  failures: readonly { readonly architecture: number; readonly failure: FailureText }[],
  architectures: readonly string[],
): Child {
  return [...Map.groupBy(failures, ({ failure }) => failure.explanation.join("\n")).values()].map((same) =>
    make(
      "article",
      { class: "failure" },
      make(
        "h2",
        {},
        title,
        " ",
        architectureTags(same.map(({ architecture }) => architectures[architecture] ?? "")),
      ),
      same[0] && argumentPart(same[0].failure),
    ),
  );
}

function argumentPart({ explanation, hint }: FailureText): Child {
  return [
    make(
      "ul",
      { class: "argument" },
      explanation.map((line) => make("li", {}, line)),
    ),
    hint !== undefined && make("p", { class: "hint" }, hint),
  ];
}

/** A row for each thing that is said, a column for each architecture. */
export function sideBySide(
  caption: string,
  architectures: readonly string[],
  rows: readonly { readonly label: string; readonly cells: readonly Child[]; readonly kind?: "number" }[],
): HTMLElement {
  return make(
    "div",
    { class: "wide", role: "region", "aria-label": caption, tabindex: 0 },
    make(
      "table",
      { class: "figures" },
      make("caption", { class: "unseen" }, caption),
      make(
        "thead",
        {},
        make(
          "tr",
          {},
          make("td"),
          architectures.map((one) => make("th", { scope: "col" }, one)),
        ),
      ),
      make(
        "tbody",
        {},
        rows.map(({ label, cells, kind }) =>
          make(
            "tr",
            {},
            make("th", { scope: "row" }, label),
            cells.map((cell) =>
              make(
                "td",
                { class: kind === "number" && "number" },
                isNothing(cell) ? make("span", { class: "none" }, "–") : cell,
              ),
            ),
          ),
        ),
      ),
    ),
  );
}

function isNothing(cell: Child): boolean {
  return cell === undefined || cell === false || cell === "" || (Array.isArray(cell) && cell.length === 0);
}
