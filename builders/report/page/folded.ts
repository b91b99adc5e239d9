// A list of names of which the first are shown, and the others when they are asked for.
// Knows how much is shown at once; does not know what is named.

import { countText } from "../amount.ts";
import { type Child, make } from "./make.ts";

export interface Folded {
  readonly count: number;
  readonly item: (place: number) => Child;
  /** How many are shown at first. */
  readonly first?: number;
  readonly none: string;
  readonly kind?: string;
}

export function foldedList({ count, item, first = 60, none, kind = "names" }: Folded): HTMLElement {
  if (count === 0) return make("p", { class: "empty" }, none);
  const list = make("ul", { class: kind });
  const extend = (to: number) => {
    const from = list.childElementCount;
    list.append(
      ...Array.from({ length: Math.min(to, count) - from }, (_, i) => make("li", {}, item(from + i))),
    );
  };
  extend(first);
  if (count <= first) return list;
  const more = make("button", { type: "button", class: "more" }, `Show all ${countText(count)}`);
  more.addEventListener("click", () => {
    extend(count);
    more.remove();
    list.children[first]?.querySelector("a")?.focus();
  });
  return make("div", {}, list, more);
}
