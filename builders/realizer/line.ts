// The straight line: load → lock → evaluate → realize.
// Knows the order and when to go round again; each step is somebody else's.

import { readFileSync } from "node:fs";
import {
  allDerivations,
  evaluate,
  type Plan,
  type PlannedOutput,
  type Planning,
  type Wish,
  type World,
} from "../../evaluator/evaluate.ts";
import type { Kind } from "../../evaluator/kind.ts";
import { emptyLock, formatLock, type Lock } from "../../evaluator/lock.ts";
import { answersElsewhere, pruneLock } from "../../evaluator/lockchange.ts";
import { type Content, type Derivation, type Request, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault, Faults } from "../../store/model/fault.ts";
import { type FileServers, fetchAddresses, recordedPlace } from "../fetch/recipe.ts";
import type { Keeper } from "../keeper/client.ts";
import { ignoreFilesAbove } from "../load/ignored.ts";
import { digestLocals, load } from "../load/load.ts";
import { readFolder } from "../load/local.ts";
import { refuseForeign } from "../rootfs/runnable.ts";
import { readBinfmt } from "../sandbox/binfmt.ts";
import { type AskMeans, askViews, askWorld, type Locking, provisional, refuseOpenViews } from "./asking.ts";
import { askGit, refuseOpenGit } from "./askinggit.ts";
import { askSources, refuseOpenSources } from "./askingsources.ts";
import type { Means, Realized, RealizeOptions } from "./means.ts";
import { type MendMeans, mend } from "./mend.ts";
import { realize } from "./realize.ts";
import { areRecorded } from "./recorded.ts";
import { targetsOf } from "./targets.ts";

/** The world as the line reaches it. */
export interface LineMeans extends AskMeans {
  readonly kinds: readonly Kind<unknown>[];
  /** Plans a manifest by its kind. @throws {Fault} `usage/not-realizable` */
  readonly plan: (planning: Planning) => readonly PlannedOutput[];
  /** The folder of the manifests that ship. */
  readonly shipped: string;
  /** The architecture builds run on, as Debian calls it. */
  readonly host: string;
  readonly readLock: () => Lock | undefined;
  readonly writeLock: (lock: Lock) => void;
  /** Started when first asked for. */
  readonly keeper: () => Promise<Keeper>;
  readonly known: Means["known"];
  readonly paces: Means["paces"];
  readonly has: Means["has"];
  /** The text of a file in a tree of the store. @throws {Fault} `store/missing-blob`, `digest/bomb` */
  readonly readText: (tree: Digest, path: string) => string;
  /** Where an archive's files may be found, nearest first. */
  readonly mirrors: FileServers["mirrors"];
  readonly sourceServers: FileServers["sourceServers"];
  /** Makes room on the disk, where there is little and that is wanted, before more is written. */
  readonly makeRoom: () => Promise<void>;
  /** Whether there are caches to ask. */
  readonly caches: boolean;
  readonly absentOutputs: MendMeans["absentOutputs"];
  readonly now: () => number;
}

export interface LineOptions {
  readonly manifest: string;
  readonly wish: Wish;
  readonly locking: Locking;
  /**
   * `recorded`: nothing is built to tell what is to be built. Where that takes what is not recorded, the plan ends there:
   * it wants these facts, and no lock is written.
   */
  readonly facts?: "recorded" | undefined;
  /** Of a set of packages, those are planned that do not need what failed. */
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
  /** What failed of that; no lock is written where something did, and the plan is without what needs it. */
  readonly failures: readonly Fault[];
}

/** Everything up to realizing: a plan without open questions, its lock written where that was asked for. */
export async function planLine(
  options: LineOptions,
  means: LineMeans,
  build: RealizeOptions,
): Promise<Planned> {
  const { assembly, tools, files: read } = await load(options.manifest, means.shipped, means.kinds);
  const written = means.readLock();
  const asking = mayAsk(options, written);
  // Indexes will be fetched: the keeper starts beside what comes before. Who waits for it is told if it cannot.
  if (asking) means.keeper().catch(() => {});
  const targets = targetsOf(assembly, options.wish, means.host);
  const found = targets.map((target) => digestLocals(assembly, target));
  const locals = new Map(found.flatMap((one) => [...one.locals]));
  const executables = new Set(found.flatMap((one) => [...one.executables]));
  const folders = [...locals].flatMap(([path, content]) =>
    splitContent(content).kind === "tree" ? [path] : [],
  );
  const files = [...read, ...locals.keys(), ...folders.flatMap(ignoreFilesAbove)];
  const updating = options.locking.mode === "update";
  let lock = written ?? emptyLock;
  // A package is locked for one architecture at a time, and built for any: what is locked for others stays.
  const kind = assembly.manifests.get(assembly.root)?.kind.name ?? "";
  const [isSet, isOfOne] = [kind === "packages", kind === "packages" || kind === "package"];
  const elsewhere = new Set(
    isOfOne || options.wish.architecture !== undefined
      ? answersElsewhere(
          lock,
          targets.map(({ arch }) => arch),
        )
      : [],
  );
  let world: World = {
    assembly,
    tools,
    locals,
    executables,
    host: means.host,
    lock: updating
      ? { ...lock, answers: kept(lock.answers, elsewhere), views: {}, sources: {}, git: {} }
      : lock,
    provisional: new Map(),
    facts: new Map(),
  };
  const facts: Derivation[] = [];
  const failures: Fault[] = [];
  // A lock answers for the whole manifest, whichever outputs are wanted today.
  const { outputs: _, select: __, ...whole } = options.wish;
  const wishes: Wish[] = asking ? [whole, options.wish] : [options.wish];
  const asked = new Set(elsewhere);
  for (;;) {
    const plan = evaluate(world, wishes[0] ?? options.wish, means.plan);
    for (const question of plan.asked) asked.add(question);
    if (isOpen(plan)) {
      if (asking) {
        const { locking } = options;
        lock = await askWorld(plan.open, { world, locking, lock }, means);
        world = { ...world, lock };
        lock = await askViews(plan.openViews, { world, locking, lock }, means);
        world = { ...world, lock };
        lock = await askSources(plan.openSources, { world, locking, lock: written ?? emptyLock }, means);
        world = { ...world, lock };
        lock = await askGit(plan.openGit, { world, locking, lock: written ?? emptyLock }, means);
        world = { ...world, lock };
      } else {
        refuseOpenViews(plan.openViews);
        refuseOpenSources(plan.openSources);
        refuseOpenGit(plan.openGit);
        world = {
          ...world,
          provisional: new Map([
            ...world.provisional,
            ...plan.open.map((question) => provisional(question, world)),
          ]),
        };
      }
    } else if (plan.wanted.length > 0) {
      if (options.facts === "recorded" && !(await areRecorded(plan.wanted, means)))
        return { plan, world, changedLock: undefined, files, facts, failures };
      facts.push(...plan.wanted.map(({ derivation }) => derivation));
      const gathered =
        options.keepGoing && isSet
          ? await gatherWhatCanBe(plan.wanted, world, means, build)
          : { facts: await gatherFacts(plan.wanted, world, means, build), failures: [] };
      const told = new Map(gathered.facts);
      const missed = plan.wanted.map(({ derivation }) => derivation.digest).filter((one) => !told.has(one));
      failures.push(...gathered.failures);
      world = {
        ...world,
        facts: new Map([...world.facts, ...told]),
        ...(missed.length > 0 && { failed: new Set([...(world.failed ?? []), ...missed]) }),
      };
    } else if (wishes.length > 1) {
      wishes.shift();
    } else {
      if (!asking || failures.length > 0)
        return { plan, world, changedLock: undefined, files, facts, failures };
      const pruned = pruneLock(world.lock, asked);
      const changedLock = written && formatLock(pruned) === formatLock(written) ? undefined : pruned;
      if (changedLock) means.writeLock(changedLock);
      return { plan, world, changedLock, files, facts, failures };
    }
  }
}

function kept<T>(answers: Readonly<Record<string, T>>, digests: ReadonlySet<Digest>): Record<string, T> {
  return Object.fromEntries(Object.entries(answers).filter(([digest]) => digests.has(digest as Digest)));
}

function isOpen({ open, openViews, openSources, openGit }: Plan): boolean {
  return open.length + openViews.length + openSources.length + openGit.length > 0;
}

/** Brings derivations into being, sending local files to the store as they are needed. */
export async function realizeLine(
  targets: readonly Derivation[],
  world: World,
  means: LineMeans,
  options: RealizeOptions,
): Promise<Realized> {
  const { known, has, paces, emit, now } = means;
  refuseForeign(allDerivations(targets.map((derivation) => ({ derivation }))), means.host, readBinfmt);
  const sent = new Set<Content>();
  const build: Means["build"] = async ({ request, derivation, rebuild }) => {
    const keeper = await startedKeeper(means);
    await means.makeRoom();
    await sendLocals(request, world, means, sent);
    const { builder, digest: id, label } = derivation;
    const hints = builder === "fetch" ? fetchAddresses(derivation, means) : derivation.hints;
    const place = recordedPlace(derivation.hints);
    const origin = place === undefined ? {} : { origin: place };
    return await keeper.build({ request, id, label, hints, ...origin, rebuild });
  };
  const bring: Means["bring"] = async ({ request, derivation, rebuild }) => {
    const { digest: id, label, hints } = derivation;
    const place = recordedPlace(hints);
    const origin = place === undefined ? {} : { origin: place };
    return await (await startedKeeper(means)).bring({
      request,
      id,
      label,
      hints: undefined,
      ...origin,
      rebuild,
    });
  };
  const offers: Means["offers"] = async (requests) =>
    means.caches ? await (await startedKeeper(means)).offers(requests) : new Map();
  const keep: Means["keep"] = async (requests) =>
    requests.length === 0
      ? []
      : (await (await startedKeeper(means)).keep({ requests, contents: [] })).requests;
  try {
    return await realize(
      targets,
      { known, has, keep, offers, bring, build, paces, mend: () => mend(means), emit, now },
      options,
    );
  } catch (error) {
    throw error instanceof NoKeeper ? error.cause : error;
  }
}

/** No failure of any derivation, but the end of the run: it is told once, not for each that is ready. */
class NoKeeper extends Error {}

/** @throws {NoKeeper} */
async function startedKeeper(means: LineMeans): Promise<Keeper> {
  return await means.keeper().catch((cause: unknown) => {
    throw new NoKeeper("the keeper did not start", { cause });
  });
}

/** Sends to the store what a request takes of local files; `sent` is what was sent already. */
export async function sendLocals(
  request: Request,
  world: World,
  means: LineMeans,
  sent: Set<Content>,
): Promise<void> {
  const local = new Set(world.locals.values());
  const contents = Object.values(request.inputs).filter((input) => local.has(input) && !sent.has(input));
  if (contents.length === 0) return;
  const keeper = await means.keeper();
  for (const content of contents) sent.add(content);
  for (const content of (await keeper.keep({ requests: [], contents })).contents)
    await sendLocal(content, world, keeper);
}

function mayAsk({ locking }: LineOptions, written: Lock | undefined): boolean {
  return (
    locking.mode === "lock" ||
    locking.mode === "update" ||
    (locking.mode === "first" && written === undefined)
  );
}

async function gatherFacts(
  wanted: Plan["wanted"],
  world: World,
  means: LineMeans,
  options: RealizeOptions,
): Promise<[Digest, string][]> {
  const { results } = await realizeLine(
    wanted.map(({ derivation }) => derivation),
    world,
    means,
    options,
  );
  return wanted.map(({ derivation, output, path }) => {
    const content = results.get(derivation.digest)?.outputs[output];
    if (content === undefined) throw new Error(`${derivation.label} has no output ${output}`);
    return [derivation.digest, means.readText(splitContent(content).digest, path)];
  });
}

/** Each that can be, where all could not: what was built for them is not built again. */
async function gatherWhatCanBe(
  wanted: Plan["wanted"],
  world: World,
  means: LineMeans,
  options: RealizeOptions,
): Promise<{ readonly facts: readonly [Digest, string][]; readonly failures: readonly Fault[] }> {
  try {
    return { facts: await gatherFacts(wanted, world, means, options), failures: [] };
  } catch (error) {
    if (!(error instanceof Faults) || options.signal?.aborted) throw error;
    const quiet = { ...means, emit: () => {} };
    const each = await Promise.all(
      wanted.map((one) => gatherFacts([one], world, quiet, options).catch(() => [])),
    );
    return { facts: each.flat(), failures: error.faults };
  }
}

async function sendLocal(content: Content, world: World, keeper: Keeper): Promise<void> {
  const path = [...world.locals].find(([, known]) => known === content)?.[0];
  if (path === undefined) return;
  const { kind, digest } = splitContent(content);
  const stored =
    kind === "blob" ? await keeper.putBlob(readFileSync(path)) : await keeper.putFolder(readFolder(path));
  if (stored === digest) return;
  throw new Fault("manifest/changed", `${path} changed while kit was reading it`, {
    hint: "repeat the command",
  });
}
