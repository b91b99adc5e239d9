// Answering a view's question: its workloads and their buildroot, chosen from the indexes.
// Knows the way from fetched indexes to what is composed; does not know lock files.

import { openSources } from "../../evaluator/deb/sources.ts";
import type { Stanza } from "../../evaluator/deb/stanza.ts";
import { type Composed, composeView } from "../../evaluator/view/compose.ts";
import { debWorld } from "../../evaluator/view/debs.ts";
import type { ViewQuestion } from "../../evaluator/view/question.ts";
import { rpmWorld } from "../../evaluator/view/rpms.ts";
import type { ViewWorld } from "../../evaluator/view/world.ts";
import { keptLists, listsOf, type Pinned, type ReadIndex } from "./answer.ts";
import { debUniverse, type Listed, rpmUniverseOf } from "./world.ts";

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
  const lists = [...listsOf(question, packages), ...keptLists(question, keep)];
  const worlds = new Map<string, OpenedWorld>();
  const open = isRpm(question) ? openRpmWorld : openDebWorld;
  const composed = composeView(question, (locals) => {
    const key = JSON.stringify(locals);
    const known = worlds.get(key) ?? open(question, lists, { packages, sources }, locals);
    worlds.set(key, known);
    return known.world;
  });
  const warnings = new Set([...worlds.values()].flatMap((each) => each.warnings()));
  for (const warning of [...warnings].sort()) warn(warning);
  return composed;
}

interface OpenedWorld {
  readonly world: ViewWorld;
  readonly warnings: () => readonly string[];
}

function isRpm({ source }: ViewQuestion): boolean {
  return source.format === "rpm";
}

function openDebWorld(
  { source }: ViewQuestion,
  lists: readonly Listed[],
  { sources }: ViewIndexes,
  locals: readonly Stanza[],
): OpenedWorld {
  const all = debUniverse({ source, locals, exclude: [] }, lists);
  return { world: debWorld(all, openSources(sources.map(({ list }) => list))), warnings: all.warnings };
}

function openRpmWorld(
  { source }: ViewQuestion,
  lists: readonly Listed[],
  { packages, sources }: ViewIndexes,
  locals: readonly Stanza[],
): OpenedWorld {
  const all = rpmUniverseOf({ source, locals, exclude: [] }, lists);
  const listsIn = (indexes: readonly ReadIndex[]) => indexes.map(({ list }) => list);
  return { world: rpmWorld(all, listsIn(packages), listsIn(sources)), warnings: all.warnings };
}
