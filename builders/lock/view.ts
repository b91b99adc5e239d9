// Answering a view's question: its workloads and their buildroot, chosen from the indexes.
// Knows the way from fetched indexes to what is composed; does not know lock files.

import { openSources } from "../../evaluator/deb/sources.ts";
import type { Stanza } from "../../evaluator/deb/stanza.ts";
import { isSearched } from "../../evaluator/question.ts";
import { type Composed, composeView } from "../../evaluator/view/compose.ts";
import { debSupply } from "../../evaluator/view/debs.ts";
import type { ViewQuestion } from "../../evaluator/view/question.ts";
import { rpmSupply } from "../../evaluator/view/rpms.ts";
import type { ViewSupply } from "../../evaluator/view/supply.ts";
import { sortedWarnings } from "../../evaluator/warning.ts";
import { Fault } from "../../store/model/fault.ts";
import { type Held, refuseUnknownBase } from "./answer.ts";
import { keptLists, type Listing, listsOf, type ReadIndex } from "./listing.ts";
import type { Pinned } from "./pinned.ts";
import { type Closed, settle } from "./settle.ts";
import { debUniverse, type Listed, rpmUniverseOf } from "./supply.ts";

export interface ViewIndexes {
  readonly packages: Listing;
  /** The lists of source packages; empty where nobody asks what building takes. */
  readonly sources: readonly ReadIndex[];
}

/**
 * What is held stays at its pinned versions unless another one is forced.
 *
 * @throws {Fault} `unresolved/unknown-base`, `unresolved/left-out`, `unresolved/unsatisfiable` where the base cannot be had
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
  const lists = listsOf(question, packages);
  const keep = (pinned: readonly Pinned[]) => keptLists(question, pinned, packages);
  const warnings = new Set<string>();
  const open = isRpm(question) ? openRpmSupply : openDebSupply;
  const composed = settle(held.packages, {
    ...{ moving: held.moving, lists, keep },
    choose(pinned) {
      const all = [...lists, ...keep(pinned)];
      const supplies = new Map<string, OpenedSupply>();
      const answer = composeView(question, (locals) => {
        const key = JSON.stringify(locals);
        const known = supplies.get(key) ?? open(question, all, { packages, sources }, locals);
        supplies.set(key, known);
        return known.supply;
      });
      for (const each of supplies.values()) for (const warning of each.warnings()) warnings.add(warning);
      return { answer, closed: closedIn(question, answer) };
    },
  });
  for (const warning of sortedWarnings(warnings)) warn(warning);
  return composed;
}

/** The environment, and each workload that can be had. */
function closedIn({ source, base, workloads }: ViewQuestion, { view, packages }: Composed): Closed[] {
  const members = (keys: readonly string[]) => keys.flatMap((key) => packages.get(key) ?? []);
  const alone = { source, base, exclude: [] };
  return [
    { ...alone, requests: [], locals: [], packages: members(view.base) },
    ...workloads.flatMap((workload): Closed[] => {
      const { failure, missing = [], required = [], others = [] } = view.workloads[workload.name] ?? {};
      if (failure !== undefined) return [];
      const requests = workload.requests.filter((text) => !missing.includes(text));
      return [{ ...alone, ...workload, requests, packages: members([...required, ...others]) }];
    }),
  ];
}

interface OpenedSupply {
  readonly supply: ViewSupply;
  readonly warnings: () => readonly string[];
}

function isRpm({ source }: ViewQuestion): boolean {
  return source.format === "rpm";
}

function openDebSupply(
  { source }: ViewQuestion,
  lists: readonly Listed[],
  { sources }: ViewIndexes,
  locals: readonly Stanza[],
): OpenedSupply {
  const all = debUniverse({ source, locals, exclude: [] }, lists);
  return { supply: debSupply(all, openSources(sources.map(({ list }) => list))), warnings: all.warnings };
}

function openRpmSupply(
  { source }: ViewQuestion,
  lists: readonly Listed[],
  { packages, sources }: ViewIndexes,
  locals: readonly Stanza[],
): OpenedSupply {
  const all = rpmUniverseOf({ source, locals, exclude: [] }, lists);
  const listsIn = (indexes: readonly ReadIndex[]) => indexes.map(({ list }) => list);
  return { supply: rpmSupply(all, listsIn(packages.indexes), listsIn(sources)), warnings: all.warnings };
}
