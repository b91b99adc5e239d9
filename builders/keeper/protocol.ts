// What the kit process and its keeper say to each other.
// Knows the messages; does not know who acts on them.
//
// The keeper is the process inside the id-mapped namespaces: it alone writes to the store and starts sandboxes.
// The kit process has the caller's identity: it alone reads manifests, local files and the terminal.

import type { GitQuestion } from "../../evaluator/gitsource.ts";
import type { CheckoutMethod } from "../../store/checkout.ts";
import type { Holding } from "../../store/inventory.ts";
import type { Content, Origin, Request, Result } from "../../store/model/derivation.ts";
import type { Digest } from "../../store/model/digest.ts";
import type { FaultRecord } from "../../store/model/fault.ts";
import type { Testimony } from "../../store/model/testimony.ts";
import type { Generation } from "../../store/profiles.ts";
import type { Root } from "../../store/roots.ts";
import type { Lost } from "../../store/salvage.ts";
import type { Usage } from "../../store/usage.ts";
import type { Verification } from "../../store/verify.ts";
import type { Collection, CollectionWish } from "../../store/wish.ts";
import type { ProxySettings } from "../builder.ts";
import type { Pushed } from "../cache/push.ts";
import type { CacheSettings } from "../cache/trust.ts";
import type { Event } from "../event.ts";
import type { ResultKind } from "../recipes.ts";
import type { CompactIndex, IndexQuestion } from "../repository/indexes.ts";
import type { RepositoryQuestion } from "../repository/rpm/fetch.ts";
import type { Delegation } from "../sandbox/limits.ts";
import type { Limits } from "../sandbox/spec.ts";
import type { Found } from "./suggestion.ts";
import type { PushOrder } from "./trade.ts";

/** Where the keeper has the store: the same place in every keeper, so that no store's path can shape bytes. */
export const storeMount = "/mnt";

/** The keeper's own standard error is kept for what goes wrong with it; a shell gets the caller's from here. */
export const shellStreams = { stdin: 0, stdout: 1, stderr: 4 } as const;

export interface KeeperSetup {
  /** The store's folder, relative to the keeper's working directory. */
  readonly store: string;
  readonly session: string;
  readonly bootId: string;
  readonly delegation: Delegation;
  readonly limits: Limits;
  readonly method: CheckoutMethod | "auto";
  readonly keepFailed: boolean;
  /** Build also what failed before, though nothing it is made of has changed. */
  readonly retry: boolean;
  readonly offline: boolean;
  readonly proxy: ProxySettings;
  /** Secrets of builds by name, in base64. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Processes that builds are to run together, as far as their tools let themselves be told. */
  readonly tokens: number;
  /** Processors for each build; absent for all. */
  readonly cores?: number;
  /** Downloads at once from one host. */
  readonly downloads: number;
  /** The caches that are asked for what is not in the store. */
  readonly caches: CacheSettings;
  /** The store for this keeper alone, to be collected or mended; it serves {@link HoldMethods} then. */
  readonly hold: boolean;
}

export interface BuildJob {
  readonly request: Request;
  readonly id: Digest;
  readonly label: string;
  readonly hints: unknown;
  /** The hints as the derivation has them, to be recorded: no mirrors, no passwords. */
  readonly origin?: Origin["hints"];
  /** Build even where a result is recorded, and compare. */
  readonly rebuild: boolean;
}

export type BuildOutcome = {
  readonly result: Result;
  readonly how: "built" | "reused" | "brought";
  /** With `rebuild`: the outputs that came out otherwise than recorded. */
  readonly differs?: Readonly<Record<string, Content>>;
};

/** A local file or folder on its way into the store. */
export interface LocalEntry {
  /** Relative to the folder; "" for the root. */
  readonly path: string;
  readonly mode: number;
  readonly kind: "file" | "directory" | "symlink";
  /** A file's content, once it is read. */
  readonly bytes?: Uint8Array;
  readonly target?: string;
}

/** An rpm repository, and the architecture that it is asked for. */
export interface RpmIndexQuestion extends Omit<RepositoryQuestion, "kinds"> {
  readonly architecture: string;
  /** Files whose owners are wanted though no primary metadata tells them, sorted; absent where there are none. */
  readonly paths?: readonly string[];
  /** What changed in its packages is asked for instead. */
  readonly changes?: true;
}

/** Who in a distribution's archive has what a build of this session did not find. */
export interface OwnersQuestion {
  /** The one that failed. */
  readonly request: Digest;
  /** By which the build goes, as its request names it. */
  readonly builder: string;
  /** The distribution's repositories, by its format. */
  readonly lists:
    | { readonly format: "deb"; readonly repositories: readonly IndexQuestion[] }
    | { readonly format: "rpm"; readonly repositories: readonly RpmIndexQuestion[] };
}

/** What a session is to keep. */
export interface Wanted {
  readonly requests: readonly Digest[];
  readonly contents: readonly Content[];
}

/** What is in a store, by folder and by what results are to people. */
export interface StoreUsage {
  readonly usage: Usage;
  readonly kinds: readonly { readonly kind: ResultKind; readonly holding: Holding }[];
}

export interface Methods {
  build(job: BuildJob): BuildOutcome;
  /** What caches say of requests, as far as their signers are trusted. */
  offers(requests: readonly Digest[]): ReadonlyMap<Digest, Result>;
  /** What caches say of requests, whoever says it. */
  testimonies(requests: readonly Digest[]): ReadonlyMap<Digest, readonly Testimony[]>;
  /** Brings a result out of a cache; undefined where none gave it whole. What is recorded meanwhile is as good. */
  bring(job: BuildJob): BuildOutcome | undefined;
  /** The same by a request's digest alone. */
  pull(request: Digest): BuildOutcome | undefined;
  /** Pushes results to a cache, those that others are made of first. */
  push(order: PushOrder): Pushed;
  /** Opens a shell on the terminal, in the sandbox that the request builds in. */
  shell(job: BuildJob): { status: number };
  putBlob(bytes: Uint8Array): Digest;
  putFolder(entries: readonly LocalEntry[]): Digest;
  /** What the repositories list now, in its compact form. */
  fetchIndexes(question: IndexQuestion): readonly CompactIndex[];
  /** The same of an rpm repository; nothing where changes are asked for and it tells none. */
  fetchRepository(question: RpmIndexQuestion): readonly CompactIndex[];
  /**
   * Who has what the store does not surely know; nobody where nothing is missing, or the lists cannot be had in time.
   * What it finds is kept with the failure.
   */
  owners(question: OwnersQuestion): readonly Found[];
  /** The commit that a branch or a tag of a git repository is now. */
  resolveRevision(question: GitQuestion): string;
  /**
   * Makes an output's files visible under `outputs/`, a blob as `file`: the folder relative to the store, and the
   * tree it shows, which a root has to name if it is to stay.
   */
  present(content: Content, file: string | undefined): { readonly place: string; readonly tree: Content };
  /**
   * Keeps results and contents from being collected as long as this session lasts; tells which are not, or no
   * more, there. What the caller saw before may have gone.
   */
  keep(wanted: Wanted): Wanted;
  /** @throws {Fault} `store/collected` */
  addRoot(root: Root): void;
  /** Adds a generation, unless it is what the last one is; returns its number. @throws {Fault} `store/collected` */
  addGeneration(profile: string, generation: Omit<Generation, "number">): number;
  removeGenerations(profile: string, numbers: readonly number[]): void;
  /** Makes the index anew; tells what was found on disk. */
  rebuildIndex(): { readonly results: number; readonly roots: number; readonly generations: number };
  /** Puts back what was set aside and is whole again; tells what is not. */
  restore(): { readonly restored: number; readonly lost: readonly Lost[] };
  flush(): void;
  usage(): StoreUsage;
  verify(): Verification;
  /**
   * Waits until nobody else collects, for the next `collect`. Only then can be told what it is to let go: of a root
   * that is registered before its link is made, either the link is seen, or that its session holds it.
   */
  claimCollection(): void;
  collect(wish: CollectionWish): Collection;
  /** What the host lets sandboxes be. */
  probe(): Probe;
}

export const methodNames = [
  "build",
  "offers",
  "testimonies",
  "bring",
  "pull",
  "push",
  "shell",
  "putBlob",
  "putFolder",
  "fetchIndexes",
  "fetchRepository",
  "owners",
  "resolveRevision",
  "present",
  "keep",
  "addRoot",
  "addGeneration",
  "removeGenerations",
  "rebuildIndex",
  "restore",
  "flush",
  "usage",
  "verify",
  "claimCollection",
  "collect",
  "probe",
] as const satisfies readonly (keyof Methods)[];

/** What a keeper does that has the store for itself. */
export interface HoldMethods {
  collect(wish: CollectionWish): Collection;
  verify(): Verification;
  /** Verifies and sets aside what is wrong; returns what was found. */
  repair(): Verification;
}

export const holdMethodNames = [
  "collect",
  "verify",
  "repair",
] as const satisfies readonly (keyof HoldMethods)[];

export interface Probe {
  /** Why an overlay cannot be mounted; absent where it can. */
  readonly overlay?: string;
  readonly checkout: CheckoutMethod;
  /** The version of the control groups that hold builds to their limits; 0 for none. */
  readonly groups: 0 | 1 | 2;
  /** Whether the kernel lets user namespaces have handlers of foreign programs. */
  readonly handlers: boolean;
}

export type Call = { readonly id: number; readonly method: string; readonly args: readonly unknown[] };
export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly faults: readonly FaultRecord[] }
  | { readonly id: number; readonly defect: string };

export type ToKeeper =
  | { readonly setup: KeeperSetup }
  | Call
  | { readonly interrupt: true }
  | { readonly close: true };
export type FromKeeper =
  | { readonly loaded: true }
  | { readonly ready: true }
  | { readonly event: Event }
  | { readonly failed: FaultRecord }
  | Reply;
