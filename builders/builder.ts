// What a builder is: how requests of one name are carried out.
// Knows the contract between builders and the keeper that runs them; does not know any builder.

import type { CheckoutKind, CheckoutMethod } from "../store/checkout.ts";
import type { Holds } from "../store/holds.ts";
import type { Attributes, Layout } from "../store/layout.ts";
import type { PoolReport } from "../store/members.ts";
import { type Content, type Request, splitContent } from "../store/model/derivation.ts";
import type { Digest } from "../store/model/digest.ts";
import type { Entry, Tree } from "../store/model/tree.ts";
import type { Pool } from "../store/pool.ts";
import type { RecordWriter } from "../store/records.ts";
import type { UpperScan } from "../store/scan.ts";
import type { System } from "../store/system.ts";
import type { Stretch } from "./archive/tarwriter.ts";
import type { FrameBatch } from "./cache/frames.ts";
import type { BlobPart, PackedPart } from "./cache/packing.ts";
import type { Http } from "./fetch/http.ts";
import type { ListForm, ListParts } from "./index/recipe.ts";
import type { FilesList, Owner } from "./repository/owners.ts";
import type { Exit, RunOptions, Sandbox } from "./sandbox/run.ts";
import type { Command } from "./sandbox/spec.ts";

/** Carries out requests. It may be stopped at any time and leaves nothing visible but what it returns. */
export interface Builder {
  readonly name: string;
  /** @throws {Fault} where the request cannot be carried out; anything else is a defect of kit */
  run(context: BuildContext): Promise<Built>;
}

export interface Built {
  readonly outputs: Readonly<Record<string, Content>>;
  readonly references?: readonly Content[];
}

/** Addresses of proxies, and the hosts that are reached without: as the variables of that name have them. */
export interface ProxySettings {
  readonly http?: string;
  readonly https?: string;
  readonly none?: string;
}

export interface BuildContext {
  readonly request: Request;
  readonly label: string;
  /** Where a fixed output may be found; part of no key. */
  readonly hints: unknown;
  readonly store: Store;
  readonly crew: Crew;
  readonly http: () => Http;
  /** Through which a fixed output's own tools reach the network; part of no key. */
  readonly proxy: ProxySettings;
  /** A folder of this build alone, on the store's file system; gone afterwards. */
  readonly scratch: string;
  readonly log: Log;
  /** Processors that a build is to use where it shares them with nobody; absent for all. Part of no key. */
  readonly cores?: number;
  /** The pipe with this build's share of the processes that all may start; a person's shell has none. Part of no key. */
  jobPipe(): string | undefined;
  /** A secret's bytes, which are part of no key. @throws {Fault} `build/no-secret` */
  secret(name: string): Buffer;
  readonly signal: AbortSignal;
  progress(done: number, total: number, unit: "bytes" | "steps"): void;
  /** A sandbox over these trees, uppermost first, launched by the request's input `launcher`. */
  sandbox(options: SandboxOptions): Promise<Sandbox>;
  /** Runs a command under the build's limits, its output in the build's log. @throws {Fault} `build/…` on failure */
  run(sandbox: Sandbox, command: Command, options?: CommandInput): Promise<void>;
}

export interface CommandInput extends Pick<RunOptions, "input"> {
  /** Lines of a shell that read the input before the command, which has none then; also before a shell in its place. */
  readonly reading?: string;
  /** What nobody is to read in the log, nor in why the command failed. */
  readonly hidden?: readonly Buffer[];
}

export interface TarOptions {
  /** Seconds since 1970, for every entry. */
  readonly epoch: number;
  readonly compression: "none" | "zstd";
  /** Whether the digests that OCI asks for are taken too. */
  readonly digests: boolean;
}

/** Where a stretch of a plain tar goes, and the seconds since 1970 of its entries. */
export interface StretchTarget {
  readonly file: string;
  readonly epoch: number;
}

export interface TarBlob {
  readonly blob: Digest;
  readonly size: number;
  /** SHA-256 of the blob and of the plain tar, where they were asked for. */
  readonly sha256?: string;
  readonly diffId?: string;
}

export interface SandboxOptions {
  readonly lower: readonly Digest[];
  readonly binds?: readonly {
    readonly source: string;
    readonly target: string;
    readonly writable: boolean;
  }[];
}

/** The parts of a store that builders use. */
export interface Store {
  readonly layout: Layout;
  readonly system: System;
  readonly pool: Pool;
  readonly records: RecordWriter;
  /** What this session keeps from being collected meanwhile. */
  readonly holds: Holds;
  readonly method: CheckoutMethod;
}

/** Worker threads for what takes processor time. */
export interface Crew extends AsyncDisposable {
  /** How many threads there are. */
  readonly size: number;
  /** Unpacks a .deb of the pool into its two trees. */
  unpack(deb: Digest): Promise<{ control: Digest; data: Digest; list: Digest }>;
  /** Writes a package list's compact form into the pool. */
  index(lists: ListParts<Digest>, form: ListForm): Promise<Digest>;
  /** Who has files whose paths end so, by a list of all files. */
  owners(list: FilesList, ends: readonly string[]): Promise<readonly Owner[]>;
  /** Makes a checkout, for builds unless something else is said; returns its folder. */
  checkout(tree: Digest, kind?: CheckoutKind): Promise<string>;
  /** Checks one 256th of the pool. */
  verifyFan(fan: string): Promise<PoolReport>;
  /** What is wrong with a checkout or an output, whose place is relative to the store. */
  flawOfShown(place: string): Promise<string | undefined>;
  /** Takes a folder's files into the pool. */
  scanFolder(folder: string): Promise<{ tree: Digest; dropped: readonly string[] }>;
  /** Writes a tree as a tar stream into the pool. */
  tar(tree: Digest, options: TarOptions): Promise<TarBlob>;
  /** Writes part of a plain tar to its place in a file that is there. */
  tarStretch(stretch: Stretch, target: StretchTarget): Promise<void>;
  /** Moves a finished file, root's and readable by all, into the pool; or gives it these attributes first. */
  adopt(file: string, attributes?: Attributes): Promise<{ blob: Digest; size: number }>;
  /** Unpacks frames of a cache's pack, checks them, and puts them where they belong. @throws {Fault} `digest/bad-pack` */
  takeFrames(batch: FrameBatch): Promise<void>;
  /** Blobs of the pool as frames for a cache, in their order; of those above 1 MiB some chunks at a time. */
  packBlobs(parts: readonly BlobPart[]): Promise<readonly PackedPart[]>;
  /** What a sandbox's upper layer changes in the tree it lies over; its files move into the pool. */
  scanUpper(upper: string): Promise<UpperScan>;
}

export interface Log {
  line(text: string): void;
  /** The last lines as they were written. */
  lastLines(count: number): string[];
}

export type { Command, Entry, Exit, Sandbox, Tree };

/** The one input of a request that must be there. */
export function inputOf(request: Request, name: string): Content {
  const content = request.inputs[name];
  if (content === undefined) throw new Error(`the request of ${request.builder} has no input ${name}`);
  return content;
}

/** What it is of: a tree's digest, or a blob's. */
export function inputDigest(request: Request, name: string): Digest {
  return splitContent(inputOf(request, name)).digest;
}
