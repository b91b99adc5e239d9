// The straight line: load → lock → evaluate → realize.
// Knows the order and when to go round again; each step is somebody else's.

import { allDerivations, evaluate, type Plan, type Wish, type World } from "../../evaluator/evaluate.ts";
import { emptyLock, formatLock, type Lock } from "../../evaluator/lock.ts";
import {
  answersElsewhere,
  answersOfOther,
  pruneLock,
  withAsked,
  withKept,
} from "../../evaluator/lockchange.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import type { Target } from "../../evaluator/manifest/variables.ts";
import { variantsIn } from "../../evaluator/manifest/variant.ts";
import { type BuildType, type Derivation, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { Fault } from "../../store/model/fault.ts";
import { ignoreFilesAbove } from "../load/ignored.ts";
import { digestLocals, load } from "../load/load.ts";
import { type Answering, answerOpen, isOpen } from "./answers.ts";
import type { Locking } from "./asking.ts";
import { filesBeside } from "./beside.ts";
import { gatherFacts } from "./facts.ts";
import { judge, type LeftOut } from "./leftout.ts";
import type { LineMeans } from "./linemeans.ts";
import { type RealizeOptions, Unfinished } from "./means.ts";
import { recordedOf } from "./recorded.ts";
import { targetsOf } from "./targets.ts";

export interface LineOptions {
  readonly manifest: string;
  readonly wish: Wish;
  readonly locking: Locking;
  /**
   * `recorded`: nothing is built to tell what is to be built. Where that takes what is not recorded, the plan ends there:
   * it wants these facts, and no lock is written.
   */
  readonly facts?: "recorded" | undefined;
  /** Of a set of packages, those are planned that do not need what failed or was refused. */
  readonly keepGoing?: boolean | undefined;
}

export interface Planned {
  readonly plan: Plan;
  readonly world: World;
  /** Present where it is other than what was read. */
  readonly changedLock: Lock | undefined;
  /** Every file and folder the plan depends on, the lock aside. */
  readonly files: readonly string[];
  /** What had to be there before it could be told what is to be built. */
  readonly facts: readonly Derivation[];
  /** What failed of that, and was refused: the plan is without what needs it, and the lock knows that it is not whole. */
  readonly failures: readonly Fault[];
  /** Of a set, of what nothing is built. */
  readonly leftOut: readonly LeftOut[];
}

/** Everything up to realizing: a plan without open questions, its lock written where that was asked for. */
export async function planLine(
  options: LineOptions,
  means: LineMeans,
  build: RealizeOptions,
): Promise<Planned> {
  const { assembly, tools, files: read } = await load(options.manifest, means.shipped, means.kinds);
  const written = means.readLock();
  const targets = targetsOf(assembly, options.wish, means.host);
  const { buildType = "release" } = targets[0] ?? {};
  const asking = mayAsk(options, written, buildType);
  // Indexes will be fetched: the keeper starts beside what comes before. Who waits for it is told if it cannot.
  if (asking) means.keeper().catch(() => {});
  const { files, ...local } = localsOf(assembly, targets);
  const elsewhere = new Set([
    ...lockedElsewhere(assembly, written, targets, options.wish),
    ...answersOfOther(written ?? emptyLock, buildType),
  ]);
  const world: World = {
    ...{ assembly, tools, ...local, host: means.host },
    lock: lockToBegin(written ?? emptyLock, options.locking),
    provisional: new Map(),
    facts: new Map(),
    untold: new Map(),
  };
  const isSet = kindOf(assembly) === "packages";
  const keepGoing = isSet && options.keepGoing === true;
  const round: Round = { options, isSet, written, asking, locking: options.locking, keepGoing };
  let way: Way = { world, asked: new Set(), facts: [], failures: [] };
  // A lock answers for the whole manifest, whichever outputs are wanted today; of a set for what was planned of it.
  const { outputs: _, ...whole } = options.wish;
  if (asking) way = await settled(way, whole, round, means, build);
  const end = await settled(way, options.wish, round, means, build);
  const { faults, leftOut } = judge(end.plan, assembly, round);
  const failures = [...end.failures, ...faults];
  const isWhole = failures.length === 0 && options.wish.select === undefined;
  const all = withKept(end.world.lock, written ?? emptyLock, elsewhere);
  const lock = isWhole
    ? wholeLock(all, { asked: end.asked, elsewhere }, assembly, buildType)
    : { ...all, partial: true as const };
  const changedLock = asking && end.plan.wanted.length === 0 ? changed(lock, written) : undefined;
  if (changedLock) means.writeLock(changedLock);
  const { plan, world: reached, facts } = end;
  const beside = filesBeside(allDerivations(plan.outputs));
  return {
    ...{ plan, world: reached, changedLock, facts, failures, leftOut },
    files: [...read, ...files, ...beside],
  };
}

interface Round extends Answering {
  readonly options: LineOptions;
  readonly isSet: boolean;
}

/** How far it has come. */
interface Way {
  readonly world: World;
  /** Every question that was asked on the way. */
  readonly asked: ReadonlySet<Digest>;
  readonly facts: readonly Derivation[];
  readonly failures: readonly Fault[];
}

/** Plans, and answers what is open, until nothing is; it may still want facts where they are not to be built. */
async function settled(
  begun: Way,
  wish: Wish,
  round: Round,
  means: LineMeans,
  build: RealizeOptions,
): Promise<Way & { readonly plan: Plan }> {
  for (let way = begun; ; ) {
    const plan = evaluate(way.world, wish, means.plan);
    way = { ...way, asked: new Set([...way.asked, ...plan.asked]) };
    judge(plan, way.world.assembly, round);
    if (isOpen(plan)) {
      way = { ...way, world: await answerOpen(plan, way.world, round, means) };
    } else if (plan.wanted.length === 0) {
      return { ...way, plan };
    } else {
      const ready = round.options.facts === "recorded" ? await recordedOf(plan.wanted, means) : plan.wanted;
      if (ready.length === 0) return { ...way, plan };
      way = await withFacts(way, ready, round, means, build);
    }
  }
}

async function withFacts(
  { world, asked, facts, failures }: Way,
  wanted: Plan["wanted"],
  { keepGoing, locking, asking }: Round,
  means: LineMeans,
  build: RealizeOptions,
): Promise<Way> {
  const gathered = await gatherFacts(wanted, { world, keepGoing }, means, build).catch((error: unknown) => {
    // What was chosen stays chosen: the next attempt is at the same thing.
    if (error instanceof Unfinished && locking.mode === "first" && asking)
      means.writeLock({ ...world.lock, partial: true });
    throw error;
  });
  const derivations = wanted.map(({ derivation }) => derivation);
  const missed = derivations.filter(({ digest }) => !gathered.facts.has(digest));
  return {
    world: {
      ...world,
      facts: new Map([...world.facts, ...gathered.facts]),
      untold: new Map([...world.untold, ...missed.map(({ digest }) => [digest, undefined] as const)]),
    },
    asked,
    facts: [...facts, ...derivations],
    failures: [...failures, ...gathered.failures],
  };
}

/** What the manifests name of the disk, and every file and folder that this depends on. */
function localsOf(
  assembly: Assembly,
  targets: readonly Target[],
): Pick<World, "locals" | "executables"> & { readonly files: readonly string[] } {
  const found = targets.map((target) => digestLocals(assembly, target));
  const locals = new Map(found.flatMap((one) => [...one.locals]));
  const executables = new Set(found.flatMap((one) => [...one.executables]));
  const folders = [...locals].flatMap(([path, content]) =>
    splitContent(content).kind === "tree" ? [path] : [],
  );
  return { locals, executables, files: [...locals.keys(), ...folders.flatMap(ignoreFilesAbove)] };
}

function kindOf(assembly: Assembly): string {
  return assembly.manifests.get(assembly.root)?.kind.name ?? "";
}

/** A package is locked for one architecture at a time, and built for any: what is locked for others stays. */
function lockedElsewhere(
  assembly: Assembly,
  written: Lock | undefined,
  targets: readonly Target[],
  { architecture }: Wish,
): ReadonlySet<Digest> {
  const isOfOne = ["packages", "package"].includes(kindOf(assembly)) || architecture !== undefined;
  const architectures = targets.map(({ arch }) => arch);
  return new Set(isOfOne && written ? answersElsewhere(written, architectures) : []);
}

/** What is asked, and what is asked elsewhere; of manifests with variants, with what this build type asks. */
function wholeLock(
  all: Lock,
  { asked, elsewhere }: { readonly asked: ReadonlySet<Digest>; readonly elsewhere: ReadonlySet<Digest> },
  { manifests }: Assembly,
  buildType: BuildType,
): Lock {
  const { builds: _, ...plain } = pruneLock(all, new Set([...elsewhere, ...asked]));
  const isVaried = [...manifests.values()].some(({ document }) => variantsIn(document.value).length > 0);
  return isVaried
    ? withAsked({ ...plain, ...(all.builds && { builds: all.builds }) }, buildType, asked)
    : plain;
}

/** An update asks everything anew that it is about; packages stay known, for those that are not to move. */
function lockToBegin(lock: Lock, { mode }: Locking): Lock {
  return mode === "update" ? { ...lock, answers: {}, views: {}, sources: {}, git: {} } : lock;
}

/** Undefined where it is what was read. */
function changed(lock: Lock, written: Lock | undefined): Lock | undefined {
  return written && formatLock(lock) === formatLock(written) ? undefined : lock;
}

function mayAsk({ locking }: LineOptions, written: Lock | undefined, buildType: BuildType): boolean {
  return (
    locking.mode === "lock" ||
    locking.mode === "update" ||
    (locking.mode === "first" && isUnlocked(written, buildType))
  );
}

/** Whether nothing was locked before, or not all, or nothing of this build type where they differ. */
function isUnlocked(written: Lock | undefined, buildType: BuildType): boolean {
  const { partial, builds } = written ?? { partial: true };
  return partial === true || (builds !== undefined && builds[buildType] === undefined);
}
