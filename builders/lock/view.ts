// Answering a view's question: its workloads and their buildroot, chosen from the indexes.
// Knows the way from fetched indexes to what is composed; does not know lock files.

import { openSources } from "../../evaluator/deb/sources.ts";
import type { Stanza } from "../../evaluator/deb/stanza.ts";
import type { Universe } from "../../evaluator/deb/universe.ts";
import { type Composed, composeView } from "../../evaluator/view/compose.ts";
import type { ViewQuestion } from "../../evaluator/view/question.ts";
import { keptSources, type Pinned, type ReadIndex, sourcesOf, universeOf } from "./answer.ts";

export interface ViewIndexes {
  readonly packages: readonly ReadIndex[];
  /** The lists of source packages; empty where nobody asks what building takes. */
  readonly sources: readonly ReadIndex[];
}

/** Packages in `keep` stay at their pinned versions unless another one is forced. */
export function answerView(
  question: ViewQuestion,
  { packages, sources }: ViewIndexes,
  keep: readonly Pinned[],
  warn: (text: string) => void,
): Composed {
  const all = [...sourcesOf(question, packages), ...keptSources(question, keep)];
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
