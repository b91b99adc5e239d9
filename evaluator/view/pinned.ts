// Views in a lock: the answer to a view's question put in, and got out again.
// Knows where a lock has it; does not know how it was found, nor what reports make of it.

import type { Stanza } from "../deb/stanza.ts";
import { type Lock, type LockedIndex, lockedPackage } from "../lock.ts";
import { withPackages } from "../lockchange.ts";
import { keysIn, type LockedView } from "./answer.ts";
import type { Composed } from "./compose.ts";
import { type ViewQuestion, viewDigest, viewText } from "./question.ts";
import type { Member } from "./supply.ts";

export interface ViewAnswer {
  readonly question: ViewQuestion;
  readonly view: LockedView;
  /** What the keys in it stand for. */
  readonly packages: ReadonlyMap<string, Member>;
}

/** Absent where the lock has none for just this question. @throws {Fault} `unresolved/bad-lock` */
export function pinnedView(lock: Lock, question: ViewQuestion): ViewAnswer | undefined {
  const view = lock.views?.[viewDigest(question)];
  if (view === undefined) return undefined;
  const locals = new Map<string, Stanza>();
  for (const stanza of question.workloads.flatMap((workload) => workload.locals))
    locals.set(stanza["Package"] ?? "", stanza);
  const found = [...keysIn(view)].map(
    (key) => [key, lockedPackage(lock, view.distro, key, (name) => locals.get(name))] as const,
  );
  return { question, view, packages: new Map(found) };
}

/** The lock with one more view; `date` is that of the newest index. */
export function withView(
  lock: Lock,
  question: ViewQuestion,
  { view, packages }: Composed,
  { date, indexes }: { readonly date: number; readonly indexes: readonly LockedIndex[] },
): Lock {
  const { distro } = question.source;
  const locked: LockedView = { question: viewText(question), distro, date, ...view };
  return {
    ...withPackages(lock, distro, [...packages.values()], indexes),
    views: { ...lock.views, [viewDigest(question)]: locked },
  };
}
