// The composition root: plain objects out of factories, handed down.
// Knows which parts kit is made of; each part knows nothing of the others.

import { createHash, randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type CacheSettings, noCaches } from "../builders/cache/trust.ts";
import type { Emit } from "../builders/event.ts";
import { type HoldKeeper, type Keeper, openHoldKeeper, openKeeper } from "../builders/keeper/client.ts";
import { defaultRangeStart } from "../builders/keeper/identity.ts";
import type { KeeperProcess } from "../builders/keeper/process.ts";
import { type Indexes, openIndexes } from "../builders/lock/indexes.ts";
import type { Memory } from "../builders/lock/remembered.ts";
import { openBeside } from "../builders/realizer/beside.ts";
import type { LineMeans } from "../builders/realizer/linemeans.ts";
import { type AptSourceFile, mirrorsFor } from "../builders/repository/mirrors.ts";
import { defaultLimits, type Limits } from "../builders/sandbox/spec.ts";
import { checkFormat } from "../store/format.ts";
import { readHistory } from "../store/history.ts";
import { noHolds } from "../store/holds.ts";
import { type Layout, layoutOf } from "../store/layout.ts";
import { recall, remember } from "../store/memo.ts";
import { Fault } from "../store/model/fault.ts";
import { findMember } from "../store/pool.ts";
import { openRecords, type RecordReader } from "../store/records.ts";
import { openPlaces, type Places } from "./caches.ts";
import { processOptions, takeEarly } from "./early.ts";
import { cacheFolder, shippedManifests } from "./entry.ts";
import { kinds, planByKind } from "./kinds.ts";
import { lockFile } from "./lockfile.ts";
import { openRoom } from "./room.ts";
import { absentOutputs } from "./rootlinks.ts";
import type { CacheSetting, Host, Settings } from "./settings.ts";

export interface Parts {
  readonly layout: Layout;
  readonly records: RecordReader;
  /** Starts the keeper when first called. */
  readonly keeper: () => Promise<Keeper>;
  /**
   * Starts the keeper of a store that is there without waiting for it: 0.25 s beside the reading of manifests.
   * Where it does not start, whoever asks for it is told.
   */
  warm(): void;
  /** A keeper that has the store for itself, with so many threads; waits for it. */
  hold(threads: number): Promise<HoldKeeper>;
  /** The package lists that a question is about, fetched once; those of so many milliseconds ago are as good. */
  readonly indexes: (age: number) => Indexes;
  /** What the straight line needs for one manifest. */
  line(manifest: string): LineMeans;
  /** Whether any are asked. */
  readonly caches: boolean;
  /** How caches are reached that are named beside the configured ones. */
  readonly places: Places;
  /** Where an archive's files are looked for, nearest first. */
  mirrors(archive: string, components?: readonly string[]): readonly string[];
  /** Ends the keeper, if there is one; the next that is asked for is another. */
  close(): Promise<void>;
}

export interface PartOptions {
  readonly host: Host;
  readonly settings: Settings;
  readonly offline: boolean;
  /** Whether the configured caches are asked; false. */
  readonly caches?: boolean;
  /** What of their word counts: what trusted keys signed (`signed`), or what nobody did too; `compared` needs no keys. */
  readonly word?: "signed" | "unsigned" | "compared";
  readonly keepFailed: boolean;
  /** Build also what failed before; false. */
  readonly retry?: boolean;
  readonly limits?: Partial<Limits>;
  /** A shell will be opened on the terminal. */
  readonly terminal?: boolean;
  readonly signal?: AbortSignal;
  readonly emit: Emit;
  readonly now: () => number;
}

export function composeParts(options: PartOptions): Parts {
  const { settings, host, emit, now, offline } = options;
  const layout = layoutOf(settings.store);
  checkStore(layout, host.user.uid === 0 ? (settings.rangeStart ?? defaultRangeStart) : host.user.uid);
  const find = (blob: Parameters<typeof findMember>[1]) => findMember(layout, blob) !== undefined;
  const records = openRecords(layout, { hasBlob: find, holds: noHolds });
  const history = readHistory(layout);
  let keeper: Promise<Keeper> | undefined;
  const places = openPlaces((text) => emit({ type: "warning", text }));
  const start = async () => {
    const caches = await cachesFor(options, places);
    return await openKeeper({ ...keeperOptions(options, caches), ...earlyProcess(options) });
  };
  const startKeeper = () => {
    keeper ??= start();
    return keeper;
  };
  const mirrors = openMirrors(settings);
  const memory = listMemory(options);
  const beside = openBeside(emit);
  const indexes = (age: number) =>
    openIndexes({
      keeper: startKeeper,
      layout,
      records,
      mirrors,
      memory,
      now,
      age: offline ? Infinity : age,
    });
  return {
    layout,
    records,
    keeper: startKeeper,
    warm() {
      if (existsSync(layout.format)) startKeeper().catch(() => {});
    },
    hold: (threads) => openHoldKeeper({ ...keeperOptions(options, noCaches), threads }),
    places,
    indexes,
    caches: askedCaches(options).length > 0,
    mirrors,
    line: (manifest) => ({
      kinds,
      plan: planByKind,
      shipped: shippedManifests,
      host: debianArchitecture(),
      ...lockFile(manifest),
      keeper: startKeeper,
      known: (request) => records.sound(request),
      paces: history.paces,
      has: (content) => records.has(content),
      beside,
      readText(tree, path) {
        const entry = records.tree(tree).entries.find((entry) => entry.path === path);
        const member = entry?.type === "file" ? findMember(layout, entry.blob, entry) : undefined;
        if (member === undefined)
          throw new Fault("store/missing-blob", `the store lacks ${path} of ${tree}`, {
            hint: "run `kit store verify --repair`",
          });
        if (statSync(member).size > mostText)
          throw new Fault("digest/bomb", `refused: ${path} has more than ${mostText} bytes`, {
            hint: "no package of a distribution looks like this: ask where it comes from",
          });
        return readFileSync(member, "utf8");
      },
      indexes: indexes(0),
      mirrors: (archive) => mirrors(archive),
      sourceServers: settings.sourceServers,
      caches: askedCaches(options).length > 0,
      absentOutputs: () => absentOutputs(layout),
      makeRoom: openRoom({ layout, marks: settings.room, keeper: startKeeper, emit }),
      emit,
      now,
    }),
    async close() {
      const closing = keeper;
      keeper = undefined;
      try {
        // One that did not start has told its caller why.
        await closing?.then(
          (started) => started.close(),
          () => {},
        );
      } finally {
        // Servers would keep kit from ending.
        await places[Symbol.asyncDispose]();
      }
    },
  };
}

/**
 * What can be seen of a store from outside: its format, and that it is the caller's own.
 *
 * @throws {Fault} `store/unreadable`, `store/not-yours`, `store/newer-format`, `store/not-a-store`
 */
function checkStore(layout: Layout, owner: number): void {
  const hint = "name a folder of your own: --store DIR or KIT_STORE";
  let format: string;
  try {
    format = readFileSync(layout.format, "utf8").trim();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return;
    if (code === "ENOTDIR")
      throw new Fault("store/not-a-store", `${layout.root} is no folder, or lies below a file`, {
        cause,
        hint,
      });
    throw new Fault("store/unreadable", `the store at ${layout.root} cannot be read: ${message}`, {
      cause,
      hint,
    });
  }
  checkFormat(format, layout.root);
  const { uid } = statSync(layout.root);
  if (uid === owner) return;
  throw new Fault(
    "store/not-yours",
    `the store ${layout.root} belongs to the user ${uid}, yours would belong to ${owner}`,
    { hint },
  );
}

/** Bytes of a file that a plan depends on: a package's control file. */
const mostText = 1 << 20;

/** What is remembered of the lists that a store has. */
function listMemory({ host, settings, now }: PartOptions): Memory {
  const place = (key: string) => {
    const name = createHash("sha256")
      .update(JSON.stringify([settings.store, key]))
      .digest("hex");
    return join(cacheFolder(host.environment), "lists", name);
  };
  return {
    recall: (key) => recall(place(key))?.value,
    remember: (key, value) => remember(place(key), [], value, { now: now(), meanings: new Map() }),
  };
}

function openMirrors(settings: Settings) {
  let host: readonly AptSourceFile[] | undefined;
  return (archive: string, components?: readonly string[]) => {
    host ??= aptSourceFiles();
    return mirrorsFor(archive, { ...settings.mirrors, host }, components);
  };
}

function aptSourceFiles(): AptSourceFile[] {
  const folder = "/etc/apt/sources.list.d";
  const extra = existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((name) => join(folder, name))
    : [];
  return ["/etc/apt/sources.list", ...extra].flatMap((path) => {
    try {
      return [{ path, text: readFileSync(path, "utf8") }];
    } catch {
      return [];
    }
  });
}

/** The caches that are asked: without a network those that are folders. */
function askedCaches({ settings, caches = false, offline }: PartOptions): readonly CacheSetting[] {
  if (!caches) return [];
  return settings.caches.places.filter(({ address }) => !offline || !/^https?:/.test(address));
}

/** @throws {Fault} `usage/no-trusted-key` */
async function cachesFor(options: PartOptions, places: Places): Promise<CacheSettings> {
  const asked = askedCaches(options);
  const { trusted, required, deadline } = options.settings.caches;
  const { word = "signed" } = options;
  if (word === "signed" && asked.length > 0 && new Set(trusted.map(({ bytes }) => bytes)).size < required)
    throw new Fault(
      "usage/no-trusted-key",
      `there are caches, and ${trusted.length === 0 ? "no key is trusted" : "fewer keys are trusted than must sign"}`,
      {
        hint: "trustedKeys in kit.config.yaml, or KIT_TRUSTED_KEYS, holds public keys: `kit key show FILE` prints one",
      },
    );
  // All of them, also where one is none: a server that starts after its place was given up would never end.
  const reached = await Promise.allSettled(asked.map((setting) => places.reach(setting)));
  const failed = reached.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  const found = reached.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  return { places: found, trusted, required, unsigned: word === "unsigned", deadline };
}

/** With no word on cores every build sees all of them, and the tools of those that share start as many in all. */
function shareOf({ jobs, cores }: Settings, host: Host) {
  return cores === undefined ? { tokens: Math.max(jobs, host.cores) } : { tokens: jobs * cores, cores };
}

function keeperOptions(options: PartOptions, caches: CacheSettings) {
  const { settings, host } = options;
  return {
    ...processOptions(settings.store, host.environment, host.cores),
    user: host.user,
    ...(options.terminal && { terminal: true }),
    ...(options.signal && { signal: options.signal }),
    ...(settings.rangeStart !== undefined && { rangeStart: settings.rangeStart }),
    session: randomUUID(),
    setup: {
      limits: { ...defaultLimits, ...options.limits },
      method: settings.checkout,
      keepFailed: options.keepFailed,
      retry: options.retry ?? false,
      offline: options.offline,
      proxy: settings.proxy,
      secrets: settings.secrets,
      downloads: settings.downloads,
      ...shareOf(settings, host),
      caches,
    },
    emit: options.emit,
  };
}

function earlyProcess({ settings, terminal }: PartOptions): { process?: KeeperProcess } {
  const process = terminal ? undefined : takeEarly(settings.store);
  return process === undefined ? {} : { process };
}

/** This machine's architecture as Debian calls it. */
export function debianArchitecture(): string {
  const names: Readonly<Record<string, string>> = {
    x64: "amd64",
    arm64: "arm64",
    ia32: "i386",
    ppc64: "ppc64el",
    s390x: "s390x",
    riscv64: "riscv64",
  };
  const name = names[process.arch];
  if (name === undefined)
    throw new Fault("host/unsupported-architecture", `kit does not run on ${process.arch}`);
  return name;
}
