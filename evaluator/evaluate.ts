// Evaluation: manifests, a lock and facts become derivations, and the questions that are still open.
// Pure. Knows how planning asks; does not know any kind of manifest.

import type { BuildType, Content, Derivation } from "../store/model/derivation.ts";
import type { Digest } from "../store/model/digest.ts";
import type { Fault } from "../store/model/fault.ts";
import { type GitAnswer, type GitQuestion, gitDigest } from "./gitsource.ts";
import { type Lock, pinnedAnswer } from "./lock.ts";
import type { Assembly } from "./manifest/assembly.ts";
import { type Closure, type ClosureQuestion, questionDigest } from "./question.ts";
import { type Attempts, openAttempts, type Refusals, Untold } from "./refusals.ts";
import { type SourceAnswer, type SourceQuestion, sourceDigest } from "./sourcepackage.ts";
import { pinnedView, type ViewAnswer } from "./view/pinned.ts";
import { type ViewQuestion, viewDigest } from "./view/question.ts";

/** Everything evaluation knows of the world. */
export interface World {
  readonly assembly: Assembly;
  /** Tool environments that ship, by name: `launcher`. */
  readonly tools: ReadonlyMap<string, Assembly>;
  /** Local files and folders by canonical path. */
  readonly locals: ReadonlyMap<string, Content>;
  /** Those of them that are files their owner may execute. */
  readonly executables: ReadonlySet<string>;
  readonly lock: Lock;
  /** Answers found for this run among what is pinned; not written to the lock. */
  readonly provisional: ReadonlyMap<Digest, Closure>;
  /** Texts that only building could tell, by the derivation that told them. */
  readonly facts: ReadonlyMap<Digest, string>;
  /** Facts and questions that have no answer, and why, unless that was told when it turned out. */
  readonly untold: ReadonlyMap<Digest, Fault | undefined>;
  /** The architecture builds run on, as Debian calls it. */
  readonly host: string;
}

/** What to plan for; absent members are the manifest's to say. */
export interface Wish {
  readonly architecture?: string;
  readonly buildType?: BuildType;
  /** Only outputs of these names or types. */
  readonly outputs?: readonly string[];
  /** How the checks of all packages in them end, too. */
  readonly requireTests?: true;
  /** Of a set of packages, which. */
  readonly select?: WishedPackages;
}

export interface WishedPackages {
  /** By name; all where there are none. */
  readonly only: readonly string[];
  /** Beside these, those that need one of them: directly, or however far away. */
  readonly dependents: "none" | "direct" | "all";
  /** Left out, with all that need one of them. */
  readonly ignore: readonly string[];
}

/** One thing the caller gets. */
export interface PlannedOutput {
  readonly type: string;
  readonly name: string;
  readonly architecture: string;
  readonly derivation: Derivation;
  readonly output: string;
  /** The file within the output that is meant, or what a blob is called; absent where the whole folder is meant. */
  readonly file?: string;
}

export interface Plan extends Refusals {
  readonly outputs: readonly PlannedOutput[];
  /** What to resolve before more can be planned. */
  readonly open: readonly ClosureQuestion[];
  /** What to build before more can be planned: each becomes a fact. */
  readonly wanted: readonly {
    readonly derivation: Derivation;
    readonly output: string;
    readonly path: string;
  }[];
  /** Views to resolve, of which no lock has the answer. */
  readonly openViews: readonly ViewQuestion[];
  /** Source packages to choose, of which no lock has the answer. */
  readonly openSources: readonly SourceQuestion[];
  /** Revisions of git repositories, of which no lock has the commit. */
  readonly openGit: readonly GitQuestion[];
  /** Digests of all questions asked. */
  readonly asked: ReadonlySet<Digest>;
  /** Those that have an answer, each once, in the order they were asked. */
  readonly answered: readonly Answered[];
  /** Views that have an answer. */
  readonly views: readonly ViewAnswer[];
}

export interface Answered {
  readonly question: ClosureQuestion;
  readonly closure: Closure;
}

/**
 * How a kind's planning asks. All return undefined where the answer is open; the plan is then made again. They throw
 * the fault, or `Untold`, where there will be none: whoever plans several things goes on without the one that asked.
 */
export interface Planning extends Attempts {
  readonly world: World;
  readonly wish: Wish;
  closure(question: ClosureQuestion): Closure | undefined;
  view(question: ViewQuestion): ViewAnswer | undefined;
  source(question: SourceQuestion): SourceAnswer | undefined;
  git(question: GitQuestion): GitAnswer | undefined;
  /** The text of a file in a derivation's output tree. */
  fact(derivation: Derivation, output: string, path: string): string | undefined;
}

export function evaluate(
  world: World,
  wish: Wish,
  plan: (planning: Planning) => readonly PlannedOutput[],
): Plan {
  const open = new Map<Digest, ClosureQuestion>();
  const wanted = new Map<Digest, Plan["wanted"][number]>();
  const asked = new Set<Digest>();
  const answered = new Map<Digest, Answered>();
  const openViews = new Map<Digest, ViewQuestion>();
  const views = new Map<Digest, ViewAnswer>();
  const openSources = new Map<Digest, SourceQuestion>();
  const openGit = new Map<Digest, GitQuestion>();
  const attempts = openAttempts();
  /** Notes what is open, unless it is known that there will be no answer. */
  const leave = <Q>(all: Map<Digest, Q>, digest: Digest, question: Q): undefined => {
    if (world.untold.has(digest))
      throw world.untold.get(digest) ?? new Untold("it was asked for before", digest);
    all.set(digest, question);
  };
  const planning: Planning = {
    ...attempts,
    world,
    wish,
    closure(question) {
      const digest = questionDigest(question);
      asked.add(digest);
      const answer = pinnedAnswer(world.lock, question) ?? world.provisional.get(digest);
      if (answer === undefined) return leave(open, digest, question);
      answered.set(digest, { question, closure: answer });
      return answer;
    },
    view(question) {
      const digest = viewDigest(question);
      asked.add(digest);
      const answer = pinnedView(world.lock, question);
      if (answer === undefined) return leave(openViews, digest, question);
      views.set(digest, answer);
      return answer;
    },
    source(question) {
      const digest = sourceDigest(question);
      asked.add(digest);
      return world.lock.sources?.[digest] ?? leave(openSources, digest, question);
    },
    git(question) {
      const digest = gitDigest(question);
      asked.add(digest);
      return world.lock.git?.[digest] ?? leave(openGit, digest, question);
    },
    fact(derivation, output, path) {
      const { digest } = derivation;
      return world.facts.get(digest) ?? leave(wanted, digest, { derivation, output, path });
    },
  };
  return {
    outputs: outputsOf(() => plan(planning)),
    refused: attempts.refused,
    blocked: attempts.blocked,
    unbuilt: attempts.unbuilt,
    open: [...open.values()],
    openViews: [...openViews.values()],
    openSources: [...openSources.values()],
    openGit: [...openGit.values()],
    wanted: [...wanted.values()],
    asked,
    answered: [...answered.values()],
    views: [...views.values()],
  };
}

/** None where what they all need cannot be planned. */
function outputsOf(plan: () => readonly PlannedOutput[]): readonly PlannedOutput[] {
  try {
    return plan();
  } catch (error) {
    if (error instanceof Untold) return [];
    throw error;
  }
}

/** Every derivation that takes part, inputs before their users. */
export function allDerivations(outputs: readonly { readonly derivation: Derivation }[]): Derivation[] {
  const seen = new Map<Digest, Derivation>();
  const visit = (item: Derivation) => {
    if (seen.has(item.digest)) return;
    for (const input of Object.values(item.inputs)) if ("derivation" in input) visit(input.derivation);
    seen.set(item.digest, item);
  };
  for (const { derivation } of outputs) visit(derivation);
  return [...seen.values()];
}
