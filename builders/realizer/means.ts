// What realizing needs of the world, and what comes of it.
// Knows words only, and what it is when some of it failed.

import type { PaceReader } from "../../store/history.ts";
import type { Content, Derivation, Request, Result } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import { type Fault, Faults } from "../../store/model/fault.ts";
import type { Emit } from "../event.ts";
import type { BuildOutcome } from "../keeper/protocol.ts";

/** What realizing needs of the world. */
export interface Means {
  /** A recorded result; looked for before anything is built. */
  known(request: Digest): Result | undefined;
  /** Whether bytes or trees are in the store. */
  has(content: Content): boolean;
  /** Keeps results from being collected; tells which have been meanwhile. */
  keep(requests: readonly Digest[]): Promise<readonly Digest[]>;
  /** What caches say of requests that nothing is recorded of. */
  offers(requests: readonly Digest[]): Promise<ReadonlyMap<Digest, Result>>;
  /** Brings what is offered; undefined where no cache gave it after all. */
  bring(job: Job): Promise<BuildOutcome | undefined>;
  build(job: Job): Promise<BuildOutcome>;
  /** What it took the last time to make each of these. */
  readonly paces: PaceReader["paces"];
  /** Makes again what was found damaged and set aside, as far as it can be. */
  mend(): Promise<unknown>;
  readonly emit: Emit;
  readonly now: () => number;
}

export interface RealizeOptions {
  /** Builds at once, downloads aside. */
  readonly jobs: number;
  readonly downloads: number;
  /** Bytes that builds may take together, by what they took before; one alone may take more. */
  readonly memory: number;
  /** Derivations to build again although a result is known. */
  readonly rebuild: (derivation: Derivation) => boolean;
  /** Checks that found something, as recorded or as a cache has it, are run again. */
  readonly retry?: boolean;
  /** Nothing may be fetched: what would have to be is told at once, before anything is built. */
  readonly offline?: boolean;
  /** Whether caches are asked at all, and whether what they lack may be built; `use`. */
  readonly caches?: "use" | "none" | "only";
  /** Once it is aborted nothing more is begun. */
  readonly signal?: AbortSignal | undefined;
}

export interface Job {
  readonly request: Request;
  readonly derivation: Derivation;
  readonly rebuild: boolean;
}

export interface Realized {
  /** By the derivation's digest. */
  readonly results: ReadonlyMap<Digest, Result>;
  readonly requests: ReadonlyMap<Digest, Digest>;
  /** How each came about; of what was not needed itself nothing is told. */
  readonly outcomes: ReadonlyMap<Digest, BuildOutcome["how"]>;
  readonly built: number;
  readonly reused: number;
  /** Out of caches. */
  readonly brought: number;
  /** Rebuilt with other outputs than recorded, which stay. */
  readonly differing: readonly Differing[];
}

export interface Differing {
  readonly derivation: Derivation;
  /** What came of it this time. */
  readonly outputs: Readonly<Record<string, Content>>;
}

/** Some failed; what did not is there. */
export class Unfinished extends Faults {
  readonly results: Realized["results"];

  /** Whether everything else was looked at: where there is no room nothing more is begun. */
  get wentOn(): boolean {
    return !this.faults.some(({ code }) => code === "store/full");
  }

  constructor(faults: readonly Fault[], results: Realized["results"]) {
    super(faults);
    this.results = results;
  }
}
