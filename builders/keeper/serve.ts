// The keeper's side: takes its identity, opens the store and serves calls until it is closed.
// Knows how a build is guarded, logged and recorded; does not know what any builder does.

import { closeSync, existsSync, fstatSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { layoutOf } from "../../store/layout.ts";
import { openCommitter } from "../../store/commit.ts";
import { writeTree } from "../../store/checkout.ts";
import { type Note, requestDigest, type Result } from "../../store/model/derivation.ts";
import { type Digest, hexOf } from "../../store/model/digest.ts";
import { Fault, faultRecord, faultsOf } from "../../store/model/fault.ts";
import { openPool } from "../../store/pool.ts";
import { openRecords } from "../../store/records.ts";
import { writeRoot } from "../../store/roots.ts";
import { openSession, prepareStore } from "../../store/session.ts";
import { mountFlags, openSystem, type System } from "../../store/system.ts";
import type { Builder, Store } from "../builder.ts";
import { type Recruits, recruit } from "../crew/crew.ts";
import { openHttp } from "../fetch/http.ts";
import { fetchIndexes } from "../repository/indexes.ts";
import type { Event } from "../event.ts";
import { openWorkshop, type Shell } from "./work.ts";
import { probeMethod } from "./probe.ts";
import { type BuildJob, type BuildOutcome, type Call, type FromKeeper, type KeeperSetup, type Methods, storeMount, type ToKeeper } from "./protocol.ts";
import { localTree } from "./local.ts";

/** What the composition root gives the keeper. */
export interface KeeperParts {
  readonly builders: readonly Builder[];
  readonly threadEntry: URL;
  readonly threads: number;
  /** Fulfilled when everything that is loaded late is loaded. */
  readonly loaded: Promise<void>;
  readonly send: (message: FromKeeper) => void;
  readonly receive: (listener: (message: ToKeeper) => void) => void;
  readonly now: () => number;
}

/** Loads everything, waits for the id maps, then serves. Resolves when the kit process closes it or goes away. */
export async function serveKeeper(parts: KeeperParts): Promise<void> {
  const system = openSystem();
  const recruits = await recruit(parts.threadEntry, parts.threads);
  const inbox = openInbox(parts);
  await parts.loaded;
  parts.send({ loaded: true });
  const setup = await inbox.setup;
  enterStore(system);
  const layout = layoutOf(storeMount);
  prepareStore(layout);
  using session = openSession(layout, system, { id: setup.session, bootId: setup.bootId, now: parts.now() });
  const staging = session.scratch("keeper");
  const pool = openPool(layout, system, staging);
  const records = openRecords(layout, (blob) => pool.find(blob) !== undefined);
  const committer = openCommitter(session, records);
  const store: Store = { layout, system, pool, records, method: probeMethod(setup.method, staging) };
  await using crew = await recruits.enlist({ root: layout.root, staging, method: store.method });
  const methods = openMethods({ ...parts, setup, store, crew, committer, session, interrupted: inbox.interrupted });
  parts.send({ ready: true });
  await inbox.serve(methods.call);
  await methods.close();
  await committer.flush();
}

interface Inbox {
  readonly setup: Promise<KeeperSetup>;
  readonly interrupted: AbortSignal;
  serve(handle: (call: Call) => Promise<void>): Promise<void>;
}

function openInbox(parts: KeeperParts): Inbox {
  const interruption = new AbortController();
  const setup = Promise.withResolvers<KeeperSetup>();
  const over = Promise.withResolvers<void>();
  const waiting: Call[] = [];
  let handle: ((call: Call) => Promise<void>) | undefined;
  let open = 0;
  let closing = false;
  const take = async (call: Call) => {
    if (!handle) return void waiting.push(call);
    open++;
    await handle(call);
    open--;
    if (closing && open === 0) over.resolve();
  };
  parts.receive((message) => {
    if ("setup" in message) setup.resolve(message.setup);
    else if ("interrupt" in message) interruption.abort();
    else if ("close" in message) {
      closing = true;
      if (open === 0) over.resolve();
    } else void take(message);
  });
  return {
    setup: setup.promise,
    interrupted: interruption.signal,
    async serve(handler) {
      handle = handler;
      for (const call of waiting.splice(0)) void take(call);
      await over.promise;
    },
  };
}

/** Becomes the inner root and puts the store at its fixed place; the working directory is the store until then. */
function enterStore(system: System): void {
  process.setgroups?.([]);
  process.setgid?.(0);
  process.setuid?.(0);
  system.umask(0o022);
  system.mount(".", storeMount, "", mountFlags.bind | mountFlags.recursive, "");
  process.chdir(storeMount);
}

interface MethodParts extends KeeperParts {
  readonly setup: KeeperSetup;
  readonly store: Store;
  readonly crew: Awaited<ReturnType<Recruits["enlist"]>>;
  readonly committer: ReturnType<typeof openCommitter>;
  readonly session: ReturnType<typeof openSession>;
  readonly interrupted: AbortSignal;
}

function openMethods(parts: MethodParts) {
  const { setup, store, crew, committer, session, send } = parts;
  const builders = new Map(parts.builders.map((builder) => [builder.name, builder]));
  const http = openHttp({ proxy: setup.proxy, connections: setup.downloads, offline: setup.offline });
  const emit = (event: Event) => send({ event });
  const workshop = openWorkshop({
    store, crew, session, emit, http: () => http, delegation: setup.delegation, limits: setup.limits,
    signal: parts.interrupted, machine: process.arch,
  });
  const builderOf = (job: BuildJob) => {
    const builder = builders.get(job.request.builder);
    if (!builder) throw new Error(`no builder is called ${job.request.builder}`);
    return builder;
  };

  const build = async (job: BuildJob): Promise<BuildOutcome> => {
    const digest = requestDigest(job.request);
    const reused = (): BuildOutcome | undefined => {
      const result = job.rebuild ? undefined : committer.find(digest);
      return result && { result, how: "reused" };
    };
    const known = reused();
    if (known) return known;
    const reason = "another kit builds the same";
    let waited = false;
    const release = await lockRequest(store, digest, () => {
      waited = true;
      emit({ type: "waiting", id: job.id, label: job.label, reason });
    });
    if (waited) emit({ type: "start", id: job.id, label: job.label, builder: job.request.builder });
    try {
      const other = reused();
      if (other) {
        release();
        return other;
      }
      const { durable, ...outcome } = await buildNow(job, digest);
      void durable.then(release, release);
      return outcome;
    } catch (error) {
      release();
      throw error;
    }
  };

  const buildNow = async (job: BuildJob, digest: Digest): Promise<BuildOutcome & { durable: Promise<void> }> => {
    const begun = parts.now();
    using work = workshop.open(job, digest);
    try {
      const built = await builderOf(job).run(work.context);
      const peakMemory = work.peakMemory();
      const note: Note = {
        label: job.label,
        builder: job.request.builder,
        duration: Math.round(parts.now() - begun),
        finished: Math.round(parts.now() / 1000),
        ...(peakMemory !== undefined && { peakMemory }),
        ...(work.logged() && { log: relative(store.layout.root, store.layout.log(digest)) }),
      };
      const made: Result = { format: "kit/result/1", request: digest, outputs: built.outputs, references: built.references ?? [] };
      const { result, durable } = committer.add(made, note);
      const same = JSON.stringify(result.outputs) === JSON.stringify(made.outputs);
      return { result, how: "built", durable, ...(!same && { differs: made.outputs }) };
    } catch (error) {
      const lines = work.lastLines();
      if (setup.keepFailed) work.keep();
      throw withLog(error, lines, digest);
    }
  };

  const methods: { [K in keyof Methods]: (...args: Parameters<Methods[K]>) => Promise<ReturnType<Methods[K]>> } = {
    build,
    async shell(job) {
      const shell: Shell = { status: undefined };
      using work = workshop.open(job, requestDigest(job.request), shell);
      try {
        await builderOf(job).run(work.context);
      } catch (error) {
        if (shell.status === undefined) throw error;
      }
      if (shell.status === undefined) {
        throw new Fault("usage/no-sandbox", `${job.label} is not built in a sandbox`, {
          hint: "name a derivation that runs commands; `kit graph` lists them",
        });
      }
      return { status: shell.status };
    },
    putBlob: async (bytes) => store.pool.put(bytes),
    async putFolder(entries) {
      const tree = localTree(entries, ({ bytes = new Uint8Array() }, mode) => {
        return { digest: store.pool.put(bytes, { mode, uid: 0, gid: 0 }), size: bytes.length };
      });
      return store.records.writeTree(tree);
    },
    fetchIndexes: async (question) =>
      fetchIndexes(http, question, { store, now: parts.now(), signal: parts.interrupted, scratch: session.scratch("indexes") }),
    async present(digest) {
      const place = `outputs/${hexOf(digest)}`;
      const final = `${store.layout.root}/${place}`;
      if (!existsSync(final)) {
        const staging = session.scratch("outputs");
        writeTree(store.records.tree(digest), `${staging}/${hexOf(digest)}`, { ...store, staging });
        renameSync(`${staging}/${hexOf(digest)}`, final);
      }
      return place;
    },
    addRoot: async (link, contents, requests) => writeRoot(store.layout, { link, contents, requests }),
    flush: () => committer.flush(),
  };

  return {
    async call(message: Call): Promise<void> {
      try {
        const method = methods[message.method] as (...args: readonly unknown[]) => Promise<unknown>;
        send({ id: message.id, value: await method(...message.args) });
      } catch (error) {
        const faults = faultsOf(asFault(error));
        if (faults.length > 0) send({ id: message.id, faults: faults.map(faultRecord) });
        else send({ id: message.id, defect: (error as Error).stack ?? String(error) });
      }
    },
    async close() {
      await http.close();
    },
  };
}

/** Waits for whoever builds the same request, in this process or another. */
async function lockRequest(store: Store, request: Digest, onWait: () => void): Promise<() => void> {
  const file = store.layout.lock(request);
  for (let waited = 0; ; waited++) {
    const fd = openSync(file, "a", 0o644);
    // The holder removes the file before it lets go, so a lock on a file that is gone is worth nothing.
    if (store.system.tryLock(fd, "exclusive") && isSameFile(fd, file)) {
      return () => {
        rmSync(file, { force: true });
        closeSync(fd);
      };
    }
    closeSync(fd);
    if (waited === 0) onWait();
    await sleep(50);
  }
}

function isSameFile(fd: number, file: string): boolean {
  return fstatSync(fd).ino === statSync(file, { throwIfNoEntry: false })?.ino;
}

/** A full disk is told as such wherever it is met. */
function asFault(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code !== "ENOSPC" && code !== "EDQUOT") return error;
  return new Fault("store/full", "the store's file system is full", {
    cause: error,
    hint: "make room, or run `kit gc`, then repeat the command: what was finished is kept",
  });
}

function withLog(error: unknown, lines: readonly string[], request: Digest): unknown {
  const fault = asFault(error);
  if (!(fault instanceof Fault) || lines.length === 0 || fault.class === "interrupted") return fault;
  const hint = fault.hint ?? `the whole log: kit log ${hexOf(request).slice(0, 16)}`;
  return new Fault(fault.code, fault.message, { hint, details: [...fault.details, ...lines], cause: fault.cause });
}
