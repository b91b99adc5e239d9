// What to say of a view's unwanted packages and sources when it is locked.
// Knows what is told of them; does not know how a chain is found, nor who is told.

import { fieldOf, readableStanza, type Stanza } from "../../evaluator/deb/stanza.ts";
import { sourceOf } from "../../evaluator/source.ts";
import type { ViewAnswer } from "../../evaluator/view/pinned.ts";
import type { Unwanted } from "../../evaluator/view/result.ts";
import type { ReadIndex } from "../lock/listing.ts";
import type { Remark } from "../lock/once.ts";
import type { ViewIndexes } from "../lock/view.ts";
import type { PlannedView } from "./plan.ts";

/** Each once, with the shortest way to it of the first workload by name that has it, and how many others do. */
export function unwantedRemarks(unwanted: readonly Unwanted[]): Remark[] {
  const things = Map.groupBy(unwanted, ({ architecture, what, name }) => `${architecture} ${what} ${name}`);
  return [...things.values()].flatMap((cases): Remark[] => {
    const [first] = cases;
    if (first === undefined) return [];
    const { architecture, what, name, workload, chain } = first;
    const others = new Set(cases.map((one) => one.workload)).size - 1;
    const too =
      others === 0 ? "" : `; so ${others === 1 ? "does 1 other workload" : `do ${others} other workloads`}`;
    const package_ = what === "package" ? name : `${chain.at(-1)?.package ?? "a package"} of ${name}`;
    const way = chain.map((link) => link.package).join(" -> ");
    return [
      { architecture, text: `workload ${workload} pulls in ${package_}, which is unwanted: ${way}${too}` },
    ];
  });
}

/** Names in `unwanted` that nothing has on any architecture: misspelt, or long gone. */
export function unknownUnwanted(
  { manifest: { unwanted }, distro, on }: Pick<PlannedView, "manifest" | "distro" | "on">,
  listings: readonly ViewIndexes[],
): string[] {
  const answers = [...on.values()];
  const told = (what: string, names: readonly string[]) =>
    [...new Set(names)].sort().map((name) => `${distro} has no ${what} ${name}, which is unwanted`);
  return [
    ...told(
      "package",
      unwanted.packages.filter((name) => !hasPackage(name, answers, listings)),
    ),
    ...told(
      "source",
      unwanted.sources.filter((name) => !hasSource(name, answers, listings)),
    ),
  ];
}

function hasPackage(name: string, answers: readonly ViewAnswer[], listings: readonly ViewIndexes[]): boolean {
  const isIt = (stanza: Stanza) => fieldOf(stanza, "Package") === name;
  return (
    stanzasBeside(answers, listings).some(isIt) ||
    listings.some(({ packages }) =>
      packages.indexes.some(({ list }) => list.table("named").get(name).length > 0),
    )
  );
}

function hasSource(name: string, answers: readonly ViewAnswer[], listings: readonly ViewIndexes[]): boolean {
  const isIt = (stanza: Stanza) => sourceNameOf(stanza) === name;
  return (
    answers.some(({ question }) => Object.hasOwn(question.placeholders, name)) ||
    stanzasBeside(answers, listings).some(isIt) ||
    listings.some(({ sources }) => sources.some(({ list }) => list.table("named").get(name).length > 0)) ||
    // Without lists of sources their packages tell; of 63,000 stanzas in 0.2 s.
    listings.some(({ packages }) => packages.indexes.some((index) => isBuiltFrom(name, index)))
  );
}

function isBuiltFrom(source: string, { list }: ReadIndex): boolean {
  for (let number = 0; number < list.size; number++) {
    const text = list.text(number);
    if (text.includes(source) && readableStanza(text).some((stanza) => sourceNameOf(stanza) === source))
      return true;
  }
  return false;
}

/** What no list has: packages of manifests and placeholders, and those that only the lock or the store have. */
function stanzasBeside(answers: readonly ViewAnswer[], listings: readonly ViewIndexes[]): Stanza[] {
  return [
    ...answers.flatMap(({ question }) => question.workloads.flatMap(({ locals }) => locals)),
    ...answers.flatMap(({ packages }) => [...packages.values()].map(({ stanza }) => stanza)),
    ...listings.flatMap(({ packages }) => packages.stored?.packages.map(({ stanza }) => stanza) ?? []),
  ];
}

function sourceNameOf(stanza: Stanza): string {
  return sourceOf({
    name: fieldOf(stanza, "Package") ?? "",
    version: fieldOf(stanza, "Version") ?? "",
    stanza,
  }).name;
}
