// Answering what a plan leaves open: by asking the world, or among what is pinned.
// Knows in which order, and what no answer means; does not know how any is found.

import type { Plan, World } from "../../evaluator/evaluate.ts";
import { emptyLock, type Lock } from "../../evaluator/lock.ts";
import { questionDigest } from "../../evaluator/question.ts";
import { askViews, askWorld, type Locking, provisional, refuseOpenViews } from "./asking.ts";
import { askGit, refuseOpenGit } from "./askinggit.ts";
import { askSources, refuseOpenSources } from "./askingsources.ts";
import { type Leave, leaving } from "./leave.ts";
import type { LineMeans } from "./linemeans.ts";

export interface Answering {
  readonly locking: Locking;
  /** Whether the world may be asked. */
  readonly asking: boolean;
  /** The lock as it was read. */
  readonly written: Lock | undefined;
  /** Whether those of a set are planned for whom there are answers. */
  readonly keepGoing: boolean;
}

export function isOpen({ open, openViews, openSources, openGit }: Plan): boolean {
  return open.length + openViews.length + openSources.length + openGit.length > 0;
}

/** The world with answers to all that is open, or with why there is none. @throws {Fault} `unresolved/…`, `network/…` */
export async function answerOpen(
  plan: Plan,
  world: World,
  { locking, asking, written, keepGoing }: Answering,
  means: LineMeans,
): Promise<World> {
  const untold = new Map(world.untold);
  const leave: Leave | undefined = keepGoing ? (digest, fault) => void untold.set(digest, fault) : undefined;
  if (!asking) return { ...answerFromLock(plan, world, leave), untold };
  const before = written ?? emptyLock;
  const given = (lock: Lock) => ({ world: { ...world, lock }, locking, leave });
  let { lock } = world;
  // What this run has chosen already stays as it is; what was pinned of sources may move once.
  lock = await askWorld(plan.open, { ...given(lock), lock }, means);
  lock = await askViews(plan.openViews, { ...given(lock), lock }, means);
  lock = await askSources(plan.openSources, { ...given(lock), lock: before }, means);
  lock = await askGit(plan.openGit, { ...given(lock), lock: before }, means);
  return { ...world, lock, untold };
}

function answerFromLock(plan: Plan, world: World, leave: Leave | undefined): World {
  refuseOpenViews(plan.openViews);
  refuseOpenSources(plan.openSources);
  refuseOpenGit(plan.openGit);
  const found = plan.open.flatMap((question) => {
    const answer = leaving(questionDigest(question), leave, () => provisional(question, world));
    return answer === undefined ? [] : [answer];
  });
  return { ...world, provisional: new Map([...world.provisional, ...found]) };
}
