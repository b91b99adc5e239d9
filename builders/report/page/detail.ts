// A page about one thing, which its address names.
// Knows how pages follow the address; does not know what they show.

import { hashParts } from "../href.ts";
import { showTrouble } from "./load.ts";
import { type Child, make, replace } from "./make.ts";

/**
 * Shows what the address says, now and whenever it says something else; `shown` is called when it is there. Where the
 * address changes while something is being made, that is not shown any more.
 */
export async function follow(
  section: HTMLElement,
  show: (parts: readonly string[]) => Child | Promise<Child>,
  shown: () => void = () => {},
): Promise<void> {
  const title = document.title;
  let latest = 0;
  const turn = async () => {
    const mine = ++latest;
    const parts = hashParts(location.hash);
    try {
      const content = await show(parts);
      if (mine !== latest) return;
      replace(section, content);
      document.title = [parts.at(-1) ?? "", title].filter((text) => text !== "").join(" · ");
      shown();
    } catch (error) {
      showTrouble(section, error);
    }
  };
  window.addEventListener("hashchange", () => {
    window.scrollTo(0, 0);
    void turn();
  });
  await turn();
}

export function notThere(kind: string, name: string, list: string): Child {
  return [
    make("h1", {}, name === "" ? `No ${kind} is named` : name),
    make(
      "p",
      { class: "empty" },
      `The view has no such ${kind}. `,
      make("a", { href: list }, `All ${kind}s`),
    ),
  ];
}

/** A count beside a heading. */
export function headed(text: string, count?: string): HTMLElement {
  return make("h2", {}, text, count !== undefined && [" ", make("span", { class: "count" }, count)]);
}
