// Answering a view's question: its workloads and their buildroot, chosen from the indexes.
// Knows the way from fetched indexes to what is composed; does not know lock files.

import { openSources } from "../../evaluator/deb/sources.ts";
import type { Stanza } from "../../evaluator/deb/stanza.ts";
import type { Universe } from "../../evaluator/deb/universe.ts";
import { isSearched } from "../../evaluator/question.ts";
import { type Composed, composeView } from "../../evaluator/view/compose.ts";
import type { ViewQuestion } from "../../evaluator/view/question.ts";
import { Fault } from "../../store/model/fault.ts";
import { type Held, refuseUnknownBase, universeOf } from "./answer.ts";
import { keptSources, type Listing, type ReadIndex, sourcesOf } from "./listing.ts";

export interface ViewIndexes {
  readonly packages: Listing;
  /** The lists of source packages; empty where nobody asks what building takes. */
  readonly sources: readonly ReadIndex[];
}

/**
 * What is held stays at its pinned versions unless another one is forced.
 *
 * @throws {Fault} `unresolved/unknown-base`, `unresolved/left-out`
 */
export function answerView(
  question: ViewQuestion,
  { packages, sources }: ViewIndexes,
  held: Held,
  warn: (text: string) => void,
): Composed {
  const { source, base, buildroot = [] } = question;
  refuseUnknownBase({ source, base: [...base, ...buildroot], exclude: [] }, packages, held);
  if (question.buildroot !== undefined && !isSearched(source, "repositories"))
    throw new Fault(
      "unresolved/left-out",
      `only the repositories of ${source.distro} list source packages, and they are left out`,
      {
        hint: "add repositories to its search, or leave buildroot out of the view",
      },
    );
  const all = [...sourcesOf(question, packages), ...keptSources(question, held.packages)];
  const universes = new Map<string, Universe>();
  const universe = (locals: readonly Stanza[]): Universe => {
    const key = JSON.stringify(locals);
    const known = universes.get(key) ?? universeOf({ source: question.source, locals, exclude: [] }, all);
    universes.set(key, known);
    return known;
  };
  const composed = composeView(question, { universe, source: openSources(sources.map(({ list }) => list)) });
  const warnings = new Set([...universes.values()].flatMap((each) => each.warnings()));
  for (const warning of [...warnings].sort()) warn(warning);
  return composed;
}
