// The straight line: load → lock → evaluate → realize.
// Knows the order and when to go round again; each step is somebody else's.

import { readFileSync } from "node:fs";
import { isBaseSet } from "../../evaluator/deb/package.ts";
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
import {
  emptyLock,
  formatLock,
  type Lock,
  type LockedAnswer,
  pruneLock,
  withAnswer,
} from "../../evaluator/lock.ts";
import type { Assembly } from "../../evaluator/manifest/assembly.ts";
import {
  type Closure,
  type ClosureQuestion,
  questionDigest,
  questionFrame,
  questionText,
  sourceText,
} from "../../evaluator/question.ts";
import { type Content, type Derivation, type Request, splitContent } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { Fault } from "../../store/model/fault.ts";
import type { Emit } from "../event.ts";
import { fetchAddresses } from "../fetch/recipe.ts";
import type { Keeper } from "../keeper/client.ts";
import { digestLocals, load } from "../load/load.ts";
import { readFolder } from "../load/local.ts";
import { answerFromPinned, answerQuestion, type ReadIndex, refuseOlder } from "../lock/answer.ts";
import { refuseForeign } from "../rootfs/runnable.ts";
import type { Means, Realized, RealizeOptions } from "./means.ts";
import { type MendMeans, mend } from "./mend.ts";
import { realize } from "./realize.ts";
import { targetsOf } from "./targets.ts";

/** The world as the line reaches it. */
export interface LineMeans {
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
  readonly has: Means["has"];
  /** The text of a file in a tree of the store. @throws {Fault} `store/missing-blob`, `digest/bomb` */
  readonly readText: (tree: Digest, path: string) => string;
  /** The indexes a question is about, fetched once a run. */
  readonly indexes: (question: ClosureQuestion, assembly: Assembly) => Promise<readonly ReadIndex[]>;
  /** Where an archive's files may be found, nearest first. */
  readonly mirrors: (archive: string) => readonly string[];
  /** Makes room on the disk, where there is little and that is wanted, before more is written. */
  readonly makeRoom: () => Promise<void>;
  /** Whether there are caches to ask. */
  readonly caches: boolean;
  readonly absentOutputs: MendMeans["absentOutputs"];
  readonly emit: Emit;
  readonly now: () => number;
}

export interface LineOptions {
  readonly manifest: string;
  readonly wish: Wish;
  /**
   * What to do with open questions: `first` locks where there is no lock file and else resolves among what is
   * pinned; `pinned` never locks; `lock` asks the world; `update` asks it again, of all or of some packages.
   */
  readonly locking:
    | { readonly mode: "first" | "pinned" | "lock" }
    | { readonly mode: "update"; readonly packages: readonly string[] };
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
  const files = [...read, ...locals.keys()];
  const updating = options.locking.mode === "update";
  let lock = written ?? emptyLock;
  let world: World = {
    assembly,
    tools,
    locals,
    executables,
    host: means.host,
    lock: updating ? { ...lock, answers: {} } : lock,
    provisional: new Map(),
    facts: new Map(),
  };
  const facts: Derivation[] = [];
  // A lock answers for the whole manifest, whichever outputs are wanted today.
  const { outputs: _, ...whole } = options.wish;
  for (;;) {
    const plan = evaluate(world, asking ? whole : options.wish, means.plan);
    if (plan.open.length > 0) {
      if (asking) {
        lock = await askWorld(plan.open, world, options, lock, means);
        world = { ...world, lock };
      } else {
        world = {
          ...world,
          provisional: new Map([
            ...world.provisional,
            ...plan.open.map((question) => provisional(question, world)),
          ]),
        };
      }
    } else if (plan.wanted.length > 0) {
      facts.push(...plan.wanted.map(({ derivation }) => derivation));
      world = {
        ...world,
        facts: new Map([...world.facts, ...(await gatherFacts(plan.wanted, world, means, build))]),
      };
    } else {
      if (!asking) return { plan, world, changedLock: undefined, files, facts };
      const pruned = pruneLock(world.lock, plan.asked);
      const changedLock = written && formatLock(pruned) === formatLock(written) ? undefined : pruned;
      if (changedLock) means.writeLock(changedLock);
      return { plan: evaluate(world, options.wish, means.plan), world, changedLock, files, facts };
    }
  }
}

/** Brings derivations into being, sending local files to the store as they are needed. */
export async function realizeLine(
  targets: readonly Derivation[],
  world: World,
  means: LineMeans,
  options: RealizeOptions,
): Promise<Realized> {
  const { known, has, emit, now } = means;
  refuseForeign(allDerivations(targets.map((derivation) => ({ derivation }))), means.host);
  const sent = new Set<Content>();
  const build: Means["build"] = async ({ request, derivation, rebuild }) => {
    const keeper = await startedKeeper(means);
    await means.makeRoom();
    await sendLocals(request, world, means, sent);
    const { builder, digest: id, label } = derivation;
    const hints = builder === "fetch" ? fetchAddresses(derivation.hints, means.mirrors) : derivation.hints;
    const origin = derivation.hints === undefined ? {} : { origin: derivation.hints };
    return await keeper.build({ request, id, label, hints, ...origin, rebuild });
  };
  const bring: Means["bring"] = async ({ request, derivation, rebuild }) => {
    const { digest: id, label, hints } = derivation;
    const origin = hints === undefined ? {} : { origin: hints };
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
      { known, has, keep, offers, bring, build, mend: () => mend(means), emit, now },
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

async function askWorld(
  open: readonly ClosureQuestion[],
  world: World,
  options: LineOptions,
  lock: Lock,
  means: LineMeans,
): Promise<Lock> {
  let extended = world.lock;
  // All at once: while one distribution's are read, the next one's are fetched (0.5 s of two).
  const fetching = open.map((question) => means.indexes(question, assemblyOf(question, world)));
  for (const indexes of fetching) indexes.catch(() => {});
  for (const [i, question] of open.entries()) {
    means.emit({ type: "step", text: `resolving ${questionText(question)}` });
    const indexes = (await fetching[i]) ?? [];
    refuseOlder(indexes, lock.distros[question.source.distro]?.indexes ?? []);
    const keep = kept(question, lock, options);
    const { closure, used } = answerQuestion(question, indexes, keep, (text) =>
      means.emit({ type: "warning", text }),
    );
    extended = withAnswer(extended, question, closure, used);
  }
  return extended;
}

/** The manifests that a question's distribution is described in: those that ship, where it is one of theirs. */
function assemblyOf({ source }: ClosureQuestion, { assembly, tools }: World): Assembly {
  return [...tools.values(), assembly].find((each) => namesDistro(each, source.distro)) ?? assembly;
}

function namesDistro(assembly: Assembly, distro: string): boolean {
  return [...assembly.manifests.values()].some(({ kind, name }) => kind.name === "distro" && name === distro);
}

/**
 * Why what is pinned cannot tell which packages the base's sets have: nobody asked for them, or each who did left
 * something out that is not left out any more, and that nothing pinned speaks of.
 */
function unknownBase({ source, base, exclude }: ClosureQuestion, answers: readonly LockedAnswer[]): string[] {
  const sets = base.filter(isBaseSet);
  const frames = answers.map(({ question }) => questionFrame(question));
  const others = frames.filter(
    (frame) => frame.source === sourceText(source) && sets.every((name) => frame.base.includes(name)),
  );
  const [first] = others;
  if (sets.length === 0 || others.some((frame) => frame.exclude.every((name) => exclude.includes(name))))
    return [];
  const left = first?.exclude.filter((name) => !exclude.includes(name)) ?? [];
  return left.length > 0 ? [`${left.join(", ")} was left out`] : ["the base was not asked for"];
}

/** What is pinned for a question's distro and is to stay: everything, but for what an update is to move. */
function kept(question: ClosureQuestion, lock: Lock, { locking }: LineOptions) {
  const { distro, repositories } = question.source;
  // A repository or a suite that the distribution has no more gives nothing, whatever is pinned from it.
  const packages = Object.values(lock.distros[distro]?.packages ?? {}).filter(({ from }) =>
    repositories.some(({ name, suites }) => suites.some((suite) => from === `${name} ${suite}`)),
  );
  if (locking.mode !== "update") return packages;
  if (locking.packages.length === 0) return [];
  return packages.filter(({ stanza }) => !locking.packages.includes(stanza["Package"] ?? ""));
}

function provisional(question: ClosureQuestion, world: World): [Digest, Closure] {
  const { packages = {}, indexes = [] } = world.lock.distros[question.source.distro] ?? {};
  const date = Math.max(0, ...indexes.map((index) => index.date));
  const unknown = unknownBase(question, Object.values(world.lock.answers));
  const answer =
    unknown.length > 0 ? { missing: unknown } : answerFromPinned(question, Object.values(packages), date);
  if ("closure" in answer) return [questionDigest(question), answer.closure];
  throw new Fault("unresolved/not-locked", "the lock does not answer a question that the manifests ask now", {
    details: [questionText(question), ...answer.missing.map((line) => `among the locked packages: ${line}`)],
    hint: "run `kit lock` to resolve it, and commit the changed lock file",
  });
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
